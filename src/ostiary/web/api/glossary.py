"""What the members of bodies and answers mean, for the documentation."""

_TYPE = "What kind of application it is; it follows from the rest unless given."
# What members mean: wherever they occur, or in one type.
_MEANINGS = {
    "id": "Its id. Ids are never given out twice.",
    "organization": "Id of the organization that it belongs to.",
    "project": "Id of the project that it belongs to.",
    "user": "Id of the user, or of the service account.",
    "name": "What people see.",
    "state": "Whether it may be used.",
    "created_at": "When it was made.",
    "updated_at": "When it was changed last.",
    "client_id": "Id of the application.",
    "client_secret": "The secret; in answers only when it was made.",
    "client_secrets": "The secrets that are good, without their values.",
    "expires_at": "When it ends by itself.",
    "revoked_at": "When it was ended, if it was.",
    "revoked_reason": "Why it was ended.",
    "domains": "Domain names of the organization.",
    "audience": "The URI by which tokens name the API.",
    "scopes": "Scopes: what may be done.",
    "roles": "Keys of roles of the project.",
    "key": "Its key, which tokens hold.",
    "metadata": "Texts of your own, by name.",
    "username": "What the user signs in with, besides the e-mail address.",
    "trace_id": "An id that leads to the log and the audit trail.",
    "next_cursor": "Pass it on as `cursor` for the next page; null on the last one.",
    "overlap": "For how many seconds the secret before stays good.",
    "lifetime": "In seconds; without end unless given.",
    "client_name": "What people see.",
    "client_uri": "Its home page.",
    "logo_uri": "Its logo.",
    "policy_uri": "Its privacy policy.",
    "tos_uri": "Its terms of service.",
    "contacts": "E-mail addresses of whoever looks after it.",
    "redirect_uris": "Where answers may go, compared character by character.",
    "post_logout_redirect_uris": "Where people may be sent after they signed out.",
    "grant_types": "How it may get tokens.",
    "response_types": "What it may ask for at the authorization endpoint.",
    "allowed_scopes": "The scopes that it may ask for.",
    "scope": "The same as `allowed_scopes`, as one text.",
    "web_origins": "Origins of pages that may call the server by script.",
    "token_endpoint_auth_method": "How it proves itself.",
    "jwks": "Its public keys.",
    "jwks_uri": "Where its public keys are.",
    "require_pkce": "Whether it has to send a code challenge.",
    "require_consent": "Whether people are asked what it may have.",
    "access_token_type": "The form of its access tokens.",
    "legacy": "Why it uses what is no longer recommended, and until when.",
    "policies": "Policies by name, with their keys.",
    "token_exchange": "Who may exchange whose tokens for the APIs of the project.",
    "service_account": "Id of the service account.",
    "role": "What they are to be.",
    "alg": "The algorithm.",
    "public_jwk": "The public half of a key pair, as a JWK.",
    "now": "Whether the new key signs at once.",
    "ProblemDocument.code": "A short name of the kind of problem.",
    "ProblemDocument.type": "Where the kind of problem is described.",
    "NewApplication.type": _TYPE,
    "ApplicationChanges.type": _TYPE,
    "Application.type": _TYPE,
    "NewUser.password": "A first password: `plain`, or a `hash` made elsewhere.",
    **{
        f"{kind}.{name}": text
        for kind in ("NewUser", "UserChanges", "User")
        for name, text in (
            ("email", "The e-mail address; people sign in with it as well."),
            ("phone", "The telephone number."),
            ("profile", "The claims of the scope `profile`."),
            ("address", "The claim `address`."),
        )
    },
    "pointer": "JSON pointer to the value in the body.",
    "parameter": "Name of the query parameter.",
    "header": "Name of the header.",
}


def meaning_of(owner: str, name: str) -> str | None:
    """Return what a member of a type means, where it has to be said."""
    return _MEANINGS.get(f"{owner}.{name}") or _MEANINGS.get(name)
