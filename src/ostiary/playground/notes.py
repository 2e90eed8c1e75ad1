"""What each parameter is for, where that is written, and what happens without it."""

import msgspec


class Note(msgspec.Struct, frozen=True):
    """A word about a parameter."""

    why: str
    section: str
    without: str


_TYPES = "RFC 8693, 3"

NOTES: dict[str, Note] = {
    "response_type": Note(
        "What shall come back. `code` alone keeps tokens out of the browser.",
        "RFC 6749, 3.1.1",
        "The server answers invalid_request.",
    ),
    "client_id": Note(
        "Which application asks. It is public: it proves nothing.",
        "RFC 6749, 2.2",
        "The server does not know whom to answer, and shows a page instead.",
    ),
    "client_secret": Note(
        "What only this client and the server know. With Basic both parts are form-encoded first.",
        "RFC 6749, 2.3.1",
        "The server answers invalid_client.",
    ),
    "access_token": Note(
        "Whoever shows it may come in: it goes into this header, and never into an address.",
        "RFC 6750, 2.1 and 5.3",
        "The server answers 401, and says how to ask.",
    ),
    "redirect_uri": Note(
        "Where the browser goes with the answer. It is compared octet by octet with what the "
        "application registered, so that nobody else is answered.",
        "RFC 9700, 4.1.3",
        "With `openid` the server refuses the request; otherwise it takes the only registered one.",
    ),
    "scope": Note(
        "What the tokens shall be good for. `openid` makes it a sign-in with an ID token; "
        "`offline_access` asks for a refresh token.",
        "RFC 6749, 3.3; OpenID Connect Core 3.1.2.1",
        "The application gets what it is registered for, but a machine gets no identity scopes.",
    ),
    "state": Note(
        "A random value of this browser's request. It comes back unchanged, and tells the answer "
        "from one that somebody else began.",
        "RFC 6749, 10.12",
        "PKCE still protects the code; the application loses the thread of its own page.",
    ),
    "nonce": Note(
        "A random value that comes back inside the ID token, which so cannot be an older one.",
        "OpenID Connect Core 3.1.2.1 and 15.5.2",
        "An ID token of another sign-in could be slipped in.",
    ),
    "code_challenge": Note(
        "The SHA-256 of a secret that this client keeps, the verifier: only who has that secret "
        "can redeem the code.",
        "RFC 7636, 4.2",
        "This client must send one: the server answers invalid_request.",
    ),
    "code_challenge_method": Note(
        "How the challenge follows from the verifier. S256 is the only one that is safe.",
        "RFC 7636, 4.3; RFC 9700, 2.1.1",
        "The standard then means `plain`, which is refused here.",
    ),
    "response_mode": Note(
        "How the answer travels: in the query, in the fragment, or as a form.",
        "OAuth 2.0 Multiple Response Types 2.1; OAuth 2.0 Form Post Response Mode",
        "A code comes in the query, tokens come in the fragment.",
    ),
    "prompt": Note(
        "`login` asks for the password again, `consent` asks for permission again, `none` forbids "
        "to show any page.",
        "OpenID Connect Core 3.1.2.1",
        "The server shows what is needed, and no more.",
    ),
    "max_age": Note(
        "How many seconds ago the person may have proven who they are.",
        "OpenID Connect Core 3.1.2.1",
        "Any sign-in that still lasts is good enough.",
    ),
    "resource": Note(
        "The API that the token is meant for: no other one should take it.",
        "RFC 8707, 2",
        "The token is for all APIs that its scopes belong to.",
    ),
    "request_uri": Note(
        "Stands for the request that was pushed before; good once, and for a minute.",
        "RFC 9126, 4",
        "The server then reads the parameters from the address, where anybody could change them.",
    ),
    "grant_type": Note(
        "What the client has to offer for a token.",
        "RFC 6749, 4",
        "The server answers invalid_request.",
    ),
    "code": Note(
        "What the browser brought back. It is good once, for a minute, and for this client.",
        "RFC 6749, 4.1.3",
        "The server answers invalid_request.",
    ),
    "code_verifier": Note(
        "The secret behind the challenge: it proves that who redeems is who asked.",
        "RFC 7636, 4.5",
        "The code is refused with invalid_grant.",
    ),
    "refresh_token": Note(
        "Good for new tokens, once: the answer holds its successor.",
        "RFC 6749, 6; RFC 9700, 4.14.2",
        "The server answers invalid_request.",
    ),
    "token": Note(
        "The token in question.",
        "RFC 7009, 2.1; RFC 7662, 2.1",
        "The server answers invalid_request.",
    ),
    "token_type_hint": Note(
        "Where the server may look first. It finds the token without it.",
        "RFC 7009, 2.1",
        "Nothing changes.",
    ),
    "assertion": Note(
        "A JWT that the client signed with its private key; the server has the public one.",
        "RFC 7523, 2.1",
        "The server answers invalid_request.",
    ),
    "subject_token": Note(
        "On whose behalf the API acts: the token that it was called with.",
        "RFC 8693, 2.1",
        "The server answers invalid_request.",
    ),
    "subject_token_type": Note(
        "What kind of token that is.", _TYPES, "The server answers invalid_request."
    ),
    "requested_token_type": Note("What kind shall come back.", _TYPES, "An access token."),
    "audience": Note(
        "The API that the new token is for, by its id, its audience or a client_id.",
        "RFC 8693, 2.1",
        "The token is for every API that its scopes reach.",
    ),
    "device_code": Note(
        "What the device polls with, while a person decides elsewhere.",
        "RFC 8628, 3.4",
        "The server answers invalid_request.",
    ),
    "id_token_hint": Note(
        "Whose session is to end, and for which application. It may have expired.",
        "OpenID Connect RP-Initiated Logout 1.0, 2",
        "The server asks the person first, and may not lead back.",
    ),
    "post_logout_redirect_uri": Note(
        "Where to go afterwards; compared whole with what is registered.",
        "OpenID Connect RP-Initiated Logout 1.0, 2",
        "The server shows its own page that the person is signed out.",
    ),
    "username": Note("Who signs in.", "RFC 6749, 4.3.2", "The server answers invalid_request."),
    "password": Note(
        "What should never pass through an application: no second factor, no passkey, no "
        "single sign-on.",
        "RFC 9700, 2.4",
        "The server answers invalid_request.",
    ),
    "iss": Note("Who made the assertion: the client_id.", "RFC 7523, 3", "It is refused."),
    "sub": Note("For whom it speaks: the same client.", "RFC 7523, 3", "It is refused."),
    "aud": Note(
        "Who may take it: this server, by its issuer or token endpoint, and nobody else.",
        "RFC 7523, 3",
        "It is refused: it could be one for another server.",
    ),
    "exp": Note("Until when, at most an hour ahead.", "RFC 7523, 3", "It is refused."),
    "jti": Note(
        "A random name: an assertion with one is taken once.",
        "RFC 7523, 3",
        "Whoever sees the assertion could use it again until it expires.",
    ),
}
"""By the name of the parameter, or of the claim of an assertion."""
