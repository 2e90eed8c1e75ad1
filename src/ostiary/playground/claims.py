"""What the claims and header parameters of tokens say, in a few words."""

MEANINGS = {
    # OpenID Connect Core 2 and 3.1.3.6, RFC 7519, RFC 9068
    "iss": "who says so: the provider",
    "sub": "who it is, for ever and whatever else changes",
    "aud": "whom it is told: nobody else may take it",
    "exp": "until when",
    "iat": "since when",
    "nbf": "not before",
    "auth_time": "when they proved who they are",
    "nonce": "ties it to this sign-in",
    "at_hash": "ties it to the access token",
    "c_hash": "ties it to the code",
    "s_hash": "ties it to the state",
    "acr": "how surely they proved it",
    "amr": "by which means",
    "sid": "which session it belongs to",
    "azp": "who asked for it",
    "jti": "the name of this one token",
    "client_id": "which application it was given to",
    "scope": "what it may be used for",
    "grant_id": "which permission it rests on: without that it counts for nothing",
    "roles": "what they are in the application's project",
    "act": "who acts on their behalf",
    "cnf": "which key must be shown with it",
    "events": "what it tells of, as in a logout token",
    # OpenID Connect Core 5.1
    "name": "the full name",
    "given_name": "the first name",
    "family_name": "the last name",
    "nickname": "what friends say",
    "preferred_username": "the name they go by here",
    "profile": "their page",
    "picture": "their picture",
    "website": "their site",
    "email": "the e-mail address",
    "email_verified": "whether the address was proven to be theirs",
    "phone_number": "the telephone number",
    "phone_number_verified": "whether the number was proven to be theirs",
    "zoneinfo": "the time zone",
    "locale": "the language",
    "updated_at": "when the profile last changed",
}
"""Claims, by name."""

HEADER = {
    "alg": "how it was signed, or its key was agreed on",
    "enc": "how the content was encrypted",
    "typ": "what kind of token it is, so that none is taken for another",
    "cty": "what is inside",
    "kid": "which key",
    "jku": "where a key is said to be: never to be believed",
    "jwk": "a key that came along: never to be believed",
    "x5u": "where a certificate is said to be: never to be believed",
    "crit": "what a reader must understand, or refuse the token",
    "epk": "the sender's one-time key",
    "zip": "whether it was compressed",
}
"""Header parameters of JWS and JWE (RFC 7515, 4.1; RFC 7516, 4.1), by name."""

TIMES = frozenset({"exp", "iat", "nbf", "auth_time", "updated_at"})
"""Claims that are seconds since 1970."""
