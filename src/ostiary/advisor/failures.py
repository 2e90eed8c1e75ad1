"""Why exchanges fail and what mends them: one row for each rule that can break.

The rule is named by whoever refuses (`OAuthError.rule`). The words are for the developer of
an application and speak of what to change there; where an administrator can mend it here,
`explanations` adds the operation.
"""

from typing import NamedTuple


class Cause(NamedTuple):
    """Why something fails, in one sentence; what to do about it."""

    cause: str
    mend: str


_SIGN_IN_AGAIN = "Send the person through a new authorization request."
_NEW_CODE = "Begin anew with an authorization request, and redeem its code at once, one time only."
_SHORTEN = "Send a shorter value."
_FORM = (
    "Send the parameters as application/x-www-form-urlencoded, in the query of a GET or the body "
    "of a POST."
)
_TALK_TO_PERSON = (
    "Send the same request without prompt=none, in the top window: then the person can answer."
)
_DEVICE_AGAIN = "Ask the device authorization endpoint for new codes and show the new user code."
_WAIT = "Wait a minute, then try again; look for a loop in the application if it recurs."
_JWT = "Look at header and claims of the JWT that the application makes, and at its clock."
_LATER = "Send the same request again in some seconds."
_FRESH_ASSERTION = "Make a new assertion for each request, with a random jti."

CAUSES: dict[str, Cause] = {
    # Who asks, and where the answer goes.
    "client-unknown": Cause(
        "No application is registered under this client_id, or it is switched off or deleted.",
        "Compare the client_id with that on the application's page; look whether the application "
        "asks the right server, and switch it on if it is off.",
    ),
    "client-id-missing": Cause(
        "The request does not say which application it is from.",
        "Send client_id, which is on the application's page.",
    ),
    "redirect-uri-mismatch": Cause(
        "The redirect_uri is none of those that are registered, which are compared character by "
        "character.",
        "Send one of the registered redirect URIs exactly, or register this one if it is the "
        "application's own.",
    ),
    "redirect-uri-missing": Cause(
        "The request has no redirect_uri, and cannot do without.",
        "Send redirect_uri with each authorization request.",
    ),
    "origin-unregistered": Cause(
        "A web page called this endpoint from an origin that is not registered, so the browser "
        "keeps the answer from it and reports a CORS error.",
        "Register the origin of the page in web_origins: scheme, host and port, without a path.",
    ),
    # Authentication of clients.
    "client-auth": Cause(
        "The application did not prove itself: its secret is wrong, or it uses another method "
        "than the registered one.",
        "Compare secret and authentication method with the registration.",
    ),
    "client-missing": Cause(
        "The request neither names an application nor authenticates one.",
        "Send client_id, and authenticate as the application is registered.",
    ),
    "client-mismatch": Cause(
        "The body names another client_id than the Authorization header.",
        "Send one client_id; leave it out of the body where the header has it.",
    ),
    "client-auth-several": Cause(
        "The request authenticates its client in more than one way.",
        "Send the secret in the Authorization header or in the body, not in both.",
    ),
    "client-basic-syntax": Cause(
        "The Authorization header is no HTTP Basic credential.",
        "Encode client_id and secret as a form does, join them by a colon, and send the base64 "
        "form after the word Basic.",
    ),
    "client-assertion-type": Cause(
        "The request has a client assertion without its type, or with another one.",
        "Send client_assertion together with the client_assertion_type of RFC 7523.",
    ),
    "client-assertion-replayed": Cause(
        "An assertion with this jti was used before.", _FRESH_ASSERTION
    ),
    "assertion-client": Cause(
        "No application is registered for private_key_jwt under the issuer of the assertion.",
        "Let iss and sub be the client_id, and register the application for private_key_jwt with "
        "its public key.",
    ),
    "assertion-subject": Cause(
        "The assertion's iss and sub are not both the client_id.",
        "Set iss and sub to the client_id.",
    ),
    "assertion-audience": Cause(
        "The assertion is addressed to another server or endpoint.",
        "Set aud to this issuer, as discovery tells it, and to nothing else.",
    ),
    "assertion-lifetime": Cause(
        "The assertion lives too long, or for ever.",
        "Set exp to a few minutes ahead, by a clock that is right.",
    ),
    "assertion-jti": Cause("The jti of the assertion is too long.", _SHORTEN),
    "assertion-issuer": Cause(
        "The issuer of the assertion is switched off, or not the client that the request names.",
        "Let the client_id of the request be the iss of the assertion.",
    ),
    "assertion-scope": Cause(
        "The scope claim of the assertion is no text.",
        "Write scopes as one text with spaces between them.",
    ),
    "jwt-expired": Cause(
        "The JWT has expired by this server's clock.",
        "Set the application's clock by NTP, and make the JWT right before it is sent.",
    ),
    "jwt-iat": Cause(
        "The JWT is dated in the future by this server's clock.",
        "Set the application's clock by NTP.",
    ),
    "jwt-nbf": Cause(
        "The JWT is not valid yet by this server's clock.",
        "Set the application's clock by NTP.",
    ),
    "jwt-exp-missing": Cause("The JWT has no end.", "Set exp to a few minutes ahead."),
    # Authorization requests.
    "parameter-missing": Cause("A parameter that is needed is not there.", "Send it."),
    "parameter-repeated": Cause(
        "A parameter was sent more than once.",
        "Send it once; look for a library that adds what is in the address already.",
    ),
    "parameter-length": Cause("The value of a parameter is too long.", _SHORTEN),
    "parameter-characters": Cause("A parameter holds the NUL character.", _FORM),
    "parameter-encoding": Cause("The parameters are not UTF-8.", "Encode them as UTF-8."),
    "parameter-unsupported": Cause(
        "The request uses a parameter that this server does not take.", "Leave it out."
    ),
    "parameters-too-many": Cause("The request has too many parameters.", "Leave out what is odd."),
    "body-size": Cause("The body is too large.", _SHORTEN),
    "media-type": Cause("The body has another media type than a form.", _FORM),
    "response-type-missing": Cause("The request does not say what it wants.", "Send code."),
    "response-type-unknown": Cause(
        "This response_type does not exist here.", "Send response_type=code, with PKCE."
    ),
    "response-type-registered": Cause(
        "The application is not registered for this response_type.",
        "Send response_type=code with PKCE, which every application may use.",
    ),
    "response-mode-unknown": Cause(
        "This response_mode does not exist here.", "Send query, fragment or form_post."
    ),
    "response-mode-query": Cause(
        "Tokens were asked for in the query of an address, which ends up in logs.",
        "Send response_mode=form_post or fragment, or leave it out.",
    ),
    "response-mode-registered": Cause(
        "The application is registered for other response modes.",
        "Send one of the registered modes, or register this one.",
    ),
    "legacy": Cause(
        "The application asks for a flow that is no longer recommended and that it may not use, "
        "or not any longer.",
        "Move to the authorization code flow with PKCE; until then an administrator can opt the "
        "application in, with a reason and an end.",
    ),
    "pushed-required": Cause(
        "The application must push its authorization requests, and did not.",
        "Send the parameters to the pushed_authorization_request_endpoint, then only client_id "
        "and request_uri here.",
    ),
    "pushed-request-uri": Cause(
        "A pushed request names a request_uri.", "Send the parameters themselves."
    ),
    "pushed-peer": Cause("The application pushes too many requests from one network.", _WAIT),
    "pushed-flow-unknown": Cause(
        "The request_uri is none that was given to this application, or was forgotten since.",
        "Push the request again and use the request_uri of that answer, with the same client_id.",
    ),
    "pushed-flow-expired": Cause(
        "The pushed request expired before the browser came with it: it is good for a minute.",
        "Push the request when the person is about to be redirected, and redirect at once.",
    ),
    "pushed-flow-finished": Cause(
        "The pushed request was answered before, and is good for one answer.",
        "Push a new request for each sign-in; do not keep the address of an old one.",
    ),
    "signature-required": Cause(
        "The application must sign its authorization requests, and did not.",
        "Send all parameters in a signed request object, as the parameter request.",
    ),
    "scope-missing": Cause("The request asks for no scope.", "Send scope, with openid to sign in."),
    "scope-syntax": Cause(
        "The scope is malformed.", "Separate scopes by single spaces, in ASCII without quotes."
    ),
    "scope-too-many": Cause("The request asks for too many scopes.", "Ask for fewer."),
    "scope-unknown": Cause(
        "None of the scopes can be given: they do not exist here, or not for this application.",
        "Ask for registered scopes; make the scope at its API, then allow it to the application.",
    ),
    "scope-registered": Cause(
        "The application asks for scopes that it is not allowed.",
        "Leave these scopes out, or allow them to the application.",
    ),
    "scope-wider": Cause(
        "More is asked for than was granted, or than the application may have.",
        "Ask for no more than was granted, or send the person through a new authorization request "
        "with all scopes.",
    ),
    "scope-openid": Cause(
        "An ID token is asked for without the scope openid.", "Add openid to the scope."
    ),
    "organization-unknown": Cause(
        "A scope names an organization that does not exist.", "Correct the id in the scope."
    ),
    "organization-several": Cause(
        "The request names several organizations.", "Name one: people sign in with one."
    ),
    "domain-unknown": Cause(
        "A scope names a domain that is no organization's for certain.",
        "Correct the domain, or have its organization prove it.",
    ),
    "resource-syntax": Cause(
        "The resource is no absolute URI, or has a fragment.", "Send the audience of an API."
    ),
    "resource-unknown": Cause(
        "The resource is not the audience of an API that the application may ask for.",
        "Send the audience of an API exactly as it is registered, or register the API.",
    ),
    "resource-unreachable": Cause(
        "The resource cannot be reached with the scopes that were granted.",
        "Ask for scopes of the API that the resource names.",
    ),
    "pkce-missing": Cause(
        "The request lacks its part of PKCE: the code_challenge at the authorization endpoint, or "
        "the code_verifier at the token endpoint.",
        "Make a random code_verifier, send its S256 challenge with the authorization request, and "
        "the verifier itself with the token request.",
    ),
    "pkce-method": Cause(
        "The code_challenge_method is plain or missing, which shows the verifier to whoever sees "
        "the request.",
        "Send code_challenge_method=S256 and the base64url form of the verifier's SHA-256 hash.",
    ),
    "pkce-syntax": Cause(
        "The code_challenge or code_verifier has a form that it cannot have.",
        "Make a verifier of 43 to 128 unreserved characters; the challenge is 43 characters of "
        "base64url without padding.",
    ),
    "pkce-unannounced": Cause(
        "The token request has a code_verifier, and the authorization request had no "
        "code_challenge.",
        "Send code_challenge and code_challenge_method=S256 with the authorization request.",
    ),
    "pkce-mismatch": Cause(
        "The code_verifier is not the one whose challenge came with the authorization request.",
        "Keep the verifier where each browser has its own, such as its session, until the answer "
        "comes; hash its ASCII characters, not their hexadecimal form.",
    ),
    "nonce-missing": Cause(
        "An ID token comes through the browser, and the request has no nonce to tie it to.",
        "Send a random nonce, keep it in the browser's session, and compare it with the ID "
        "token's.",
    ),
    "prompt-unknown": Cause("The prompt has a value that does not exist.", "Correct it."),
    "prompt-none": Cause(
        "The value none of prompt stands beside others.", "Send it alone, or not."
    ),
    "prompt-create": Cause(
        "People cannot make accounts here, and prompt=create asks for that.",
        "Leave prompt=create out, or open registration by the policy user_registration.",
    ),
    "max-age-syntax": Cause(
        "The max_age is no number of seconds.", "Send a whole number, 0 or more."
    ),
    "claims-syntax": Cause("The claims parameter is no such JSON object.", "Correct it."),
    "acr-unreachable": Cause(
        "An essential acr claim asks for an authentication that nobody can do here.",
        "Ask for one of the acr values that discovery lists, or ask for it as voluntary.",
    ),
    "unreachable": Cause(
        "The person has no factor that reaches the acr that is essential to the request.",
        "Let the person set up a further factor, or ask for a weaker acr.",
    ),
    "id-token-hint": Cause(
        "The id_token_hint is no ID token that this server issued to this application, or its "
        "key is gone.",
        "Send the ID token that the application got last, or leave the hint out.",
    ),
    "subject-conflict": Cause(
        "The parameters id_token_hint and claims name different people.", "Send one of the two."
    ),
    "subject-differs": Cause(
        "The person signed in as somebody else than the request insists on.",
        "Leave id_token_hint out where another account is welcome.",
    ),
    "denied": Cause("The person said no.", "Go on without; explain what the scopes are for."),
    # Request objects.
    "request-object-twice": Cause("Both request and request_uri were sent.", "Send one."),
    "request-uri-off": Cause(
        "Request objects are not fetched from elsewhere here.",
        "Push the request instead, or send it as the parameter request.",
    ),
    "request-uri-registered": Cause(
        "The request_uri is not registered for the application.",
        "Register the address in request_uris, or push the request.",
    ),
    "request-uri-ration": Cause("Too many request objects are being fetched.", _WAIT),
    "request-uri-fetch": Cause(
        "No request object could be fetched from the request_uri.",
        "Let the address answer by https on a public network within seconds.",
    ),
    "request-uri-hash": Cause(
        "What is at the request_uri has another hash than its fragment says.",
        "Write the SHA-256 hash of the content, in base64url, into the fragment.",
    ),
    "request-object": Cause("The request object is not good.", _JWT),
    # Codes and tokens.
    "grant-type-unknown": Cause(
        "This grant_type does not exist here.", "Send one that discovery lists."
    ),
    "grant-type-registered": Cause(
        "The application is not registered for this grant_type.",
        "Register the grant type for the application, if it is the one that it should use.",
    ),
    "grant-confidential": Cause(
        "A public client asks for something that takes a client which proves itself.",
        "Register a confidential application for the server that asks.",
    ),
    "code-unknown": Cause(
        "The code is none of this server's, or was cut or changed on its way.",
        "Send the code as it came in the answer, decoded once; ask the server that issued it.",
    ),
    "code-expired": Cause(
        "The code had expired: it is good for a minute unless a policy says otherwise.",
        _NEW_CODE,
    ),
    "code-replayed": Cause(
        "The code was redeemed before, so that everything it gave has been revoked: somebody else "
        "may have it.",
        _NEW_CODE + " Look for a page that is loaded twice, or a client that repeats requests.",
    ),
    "code-client": Cause(
        "The code was issued to another application.",
        "Use the same client_id at the authorization and the token endpoint.",
    ),
    "code-redirect-uri": Cause(
        "The redirect_uri of the token request differs from that of the authorization request.",
        "Send the same redirect_uri in both requests, character by character.",
    ),
    "grant-dead": Cause(
        "What the person granted is over: it was revoked, they signed out, or their account, "
        "organization or application was switched off.",
        _SIGN_IN_AGAIN,
    ),
    "refresh-unknown": Cause(
        "The refresh token is none of this server's, or its time is over.", _SIGN_IN_AGAIN
    ),
    "refresh-forged": Cause(
        "The refresh token was changed, or made by somebody else.", _SIGN_IN_AGAIN
    ),
    "refresh-client": Cause(
        "The refresh token was issued to another application; it has been revoked.",
        "Keep the tokens of each application apart. " + _SIGN_IN_AGAIN,
    ),
    "refresh-reuse": Cause(
        "An old refresh token was used again, long after its successor was given: somebody may "
        "have a copy, so everything under it has been revoked.",
        "Store the refresh token of each answer in place of the one before, and let one process "
        "at a time refresh. " + _SIGN_IN_AGAIN,
    ),
    "token-dead": Cause(
        "The access token is malformed, expired, revoked, or of another server.",
        "Refresh it, or get a new one; send it as it was given.",
    ),
    "token-audience": Cause(
        "The access token is meant for another audience.",
        "Ask for a token for this audience by the parameter resource, or by the API's scopes.",
    ),
    "userinfo-openid": Cause(
        "The access token was granted without the scope openid.",
        "Ask for the scope openid in the authorization request.",
    ),
    "bearer-syntax": Cause("The Authorization header has no token.", "Send: Bearer, then it."),
    "bearer-twice": Cause("The access token stands in two places.", "Send it in one."),
    "introspection-public": Cause(
        "A public client asks about tokens.",
        "Register an application of type API, with a secret, for the server that asks.",
    ),
    "revocation-client": Cause(
        "The token is another application's.", "Let the application revoke its own tokens."
    ),
    "encryption-keys": Cause(
        "The keys to encrypt the answer for cannot be used.", "Correct jwks or jwks_uri."
    ),
    "encryption-key-missing": Cause(
        "The application wants encrypted answers and has registered no key for it.",
        "Register a public key with use=enc.",
    ),
    "id-token-unsigned": Cause(
        "The application asks for an ID token that nobody signed, through the browser.",
        "Register a signing algorithm for it.",
    ),
    "key-missing": Cause(
        "The server has no key for the algorithm that the application registered.",
        "Have a key made for the algorithm, or register RS256 or ES256.",
    ),
    "conflict": Cause("Another request changed the same at the same time.", _LATER),
    # Devices.
    "device-pending": Cause("Nobody has answered the device yet.", "Go on asking."),
    "device-slow-down": Cause(
        "The device asks more often than it was told to.", "Wait five seconds longer each time."
    ),
    "device-denied": Cause("The person said no to the device.", _DEVICE_AGAIN),
    "device-code-expired": Cause("Nobody answered the device in time.", _DEVICE_AGAIN),
    "device-code-unknown": Cause("The device code is none of this application's.", _DEVICE_AGAIN),
    "device-code-used": Cause("The device code was redeemed before.", _DEVICE_AGAIN),
    "device-peer": Cause("Too many devices ask from one network.", _WAIT),
    # Passwords and token exchange.
    "password-wrong": Cause(
        "User name and password do not go together, or the person needs more than a password.",
        "Use the authorization code flow, which can ask for a second factor.",
    ),
    "password-throttled": Cause("There were too many failed attempts.", _WAIT),
    "password-busy": Cause("Too many people sign in at once.", _LATER),
    "password-consent": Cause(
        "The person has not agreed to what the application asks for.",
        "Use the authorization code flow, which can ask them.",
    ),
    "exchange-token": Cause(
        "The token to exchange is not good, or not of the type that it is said to be.",
        "Send a token of this server that is good, with its right type.",
    ),
    "exchange-token-type": Cause("This type of token cannot be had.", "Ask for an access token."),
    "exchange-actor-type": Cause(
        "The actor_token has a type that is not taken.", "Send an access token."
    ),
    "exchange-target": Cause(
        "The API cannot be reached with the scopes of the subject_token, or does not exist.",
        "Name an API whose scopes the subject_token has.",
    ),
    "exchange-scope": Cause(
        "The subject_token has no scope of an API that the application may use.",
        "Let the first application ask for a scope of that API.",
    ),
    "exchange-policy": Cause(
        "No policy lets this application exchange tokens for that API.",
        "Add a rule to the policy token_exchange of the API's project.",
    ),
    "exchange-depth": Cause(
        "The chain of actors is too long.", "Look for services that call each other in a loop."
    ),
    # Flows that wait for a person.
    "pending-peer": Cause("Too many sign-ins from one network were not finished.", _WAIT),
    "pending-total": Cause("Too many sign-ins are under way.", _LATER),
    "flow-missing": Cause(
        "The address of a page lost its flow.", "Start again from the application."
    ),
    "flow-unknown": Cause(
        "The sign-in is not known: its address was changed, or it was long ago.",
        "Start again from the application; do not keep the address of the sign-in page.",
    ),
    "flow-elsewhere": Cause(
        "The sign-in was begun in another browser.",
        "Finish it where it was begun, or start again; look whether the browser keeps cookies.",
    ),
    "flow-finished": Cause("The sign-in was finished before.", "Start again from the application."),
    "flow-expired": Cause("The sign-in took longer than half an hour.", "Start again."),
    "client-unusable": Cause(
        "The application was switched off, or changed its redirect URI, while the person signed "
        "in.",
        "Switch the application on, and let it start again.",
    ),
    # Logout.
    "logout-id_token_hint": Cause(
        "The id_token_hint is no ID token that this server issued to this application, so the "
        "person is asked, and not sent back.",
        "Send the last ID token of this application and this server as it was given.",
    ),
    "logout-client_id": Cause(
        "The request does not say which application it is from, so nobody is sent back.",
        "Send id_token_hint, or client_id.",
    ),
    "logout-post_logout_redirect_uri": Cause(
        "The post_logout_redirect_uri is not registered for the application, so nobody is sent "
        "there.",
        "Send a registered one, character by character, or register this one.",
    ),
}

FAMILIES: dict[str, Cause] = {
    "request-object-": CAUSES["request-object"],
    "jws-": Cause("The JWT is malformed, or its signature does not verify.", _JWT),
    "jwt-": Cause("A claim of the JWT is missing, malformed or does not hold.", _JWT),
    "jwk": Cause("A registered key cannot be used.", "Register a good public key."),
    "jwe-": Cause("An encrypted JWT cannot be opened.", _JWT),
    "json": Cause("A part of the JWT is no JSON.", _JWT),
    "base64url": Cause("A part of the JWT is not base64url.", _JWT),
    "management-": Cause(
        "The access token is not good for the management API.",
        "Ask for a token for that API alone, with its scope.",
    ),
}
"""Of rules that differ in a detail that the error describes: by how their names begin."""

UNASKABLE = Cause(
    "The person would have to do something, and prompt=none lets nobody ask them.",
    _TALK_TO_PERSON,
)
"""Of what fails only because nobody may be asked."""
