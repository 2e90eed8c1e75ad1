"""What rules refer to: warnings with their weight, and documents with what they say.

The words are with the texts of the pages; names of documents are the same in every language.
"""

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """How bad it is to overlook a warning."""

    NOTE = "note"
    CAUTION = "caution"
    DANGER = "danger"


class Warning(msgspec.Struct, frozen=True):  # noqa: A001 - the word of the field
    """One warning: how bad it is, and where it is written."""

    severity: Severity
    reference: str


_NOTE, _CAUTION, _DANGER = Severity

WARNINGS: dict[str, Warning] = {
    "check-answer": Warning(_NOTE, "RFC 9700, 2.1; RFC 9207"),
    "storage": Warning(_CAUTION, "RFC 10017"),
    "same-site": Warning(_CAUTION, "RFC 10017"),
    "script": Warning(_DANGER, "RFC 10017"),
    "frames": Warning(_CAUTION, "RFC 10017"),
    "web-view": Warning(_DANGER, "RFC 8252, 8.12"),
    "baked-secret": Warning(_DANGER, "RFC 8252, 8.5"),
    "no-password-form": Warning(_CAUTION, "RFC 9700, 2.4"),
    "keyring": Warning(_NOTE, "RFC 8252, 8.5"),
    "kept-safe": Warning(_CAUTION, "RFC 9700, 2.2.2"),
    "phishing": Warning(_CAUTION, "RFC 8628, 5.4"),
    "push-fatigue": Warning(_CAUTION, "OpenID Connect CIBA Core"),
    "wildcard": Warning(_DANGER, "RFC 7523, 3"),
    "key-end": Warning(_NOTE, "RFC 7523, 3"),
    "key-file": Warning(_CAUTION, "RFC 7523, 3"),
    "proxy": Warning(_CAUTION, "RFC 8705, 6.5"),
    "secret-leaks": Warning(_CAUTION, "RFC 9700, 2.5"),
    "not-forwarded": Warning(_CAUTION, "RFC 9700, 2.3"),
    "experimental": Warning(_CAUTION, "RFC 8693, 1.1"),
    "impersonation": Warning(_DANGER, "RFC 8693, 1.1"),
    "strangers": Warning(_CAUTION, "RFC 7591, 5"),
    "no-wildcard": Warning(_CAUTION, "RFC 9700, 2.3"),
    "id-token-no-key": Warning(_CAUTION, "OpenID Connect Core 2"),
    "public-high": Warning(_DANGER, "FAPI 2.0 Security Profile 5.3.2.1"),
    "legacy": Warning(_DANGER, "RFC 9700, 2"),
    "interception": Warning(_DANGER, "RFC 9700, 4.5"),
    "nonce": Warning(_CAUTION, "OpenID Connect Core 3.2.2.1"),
    "token-in-front": Warning(_DANGER, "RFC 9700, 4.3"),
    "c-hash": Warning(_CAUTION, "OpenID Connect Core 3.3.2.10"),
    "password-seen": Warning(_DANGER, "RFC 9700, 2.4"),
    "second-factor": Warning(_CAUTION, "RFC 9700, 2.4"),
    "shared-key": Warning(_CAUTION, "RFC 8725, 3.5"),
    "gateway": Warning(_CAUTION, "SAML 2.0"),
}

_FLOWS = "ZITADEL, Recommended authorization flows"
_OIDC = "ZITADEL, OpenID Connect"
_BAIER = "Baier, Which OpenID Connect/OAuth 2.0 flow is the right one?"
_CIDAAS = "cidaas, OAuth2 flows"
_AUTH0 = "Auth0, Authentication and authorization flows"


class Source(msgspec.Struct, frozen=True):
    """A document that has something to say; `overruled_by` is what has the last word since."""

    name: str
    overruled_by: str | None = None


SOURCES: dict[str, Source] = {
    "zitadel-pkce": Source(_FLOWS),
    "zitadel-machine": Source(_FLOWS),
    "zitadel-key": Source(_FLOWS),
    "zitadel-unfit": Source(_FLOWS),
    "zitadel-types": Source(_OIDC),
    "zitadel-implicit": Source(_OIDC),
    "zitadel-token-types": Source(_OIDC),
    "zitadel-saml": Source(_OIDC),
    "baier-implicit": Source(_BAIER, "RFC 9700, 2.1.2"),
    "baier-hybrid": Source(_BAIER, "RFC 9700, 2.1.1"),
    "baier-secret": Source(_BAIER, "RFC 8252, 8.5"),
    "baier-openid": Source(_BAIER),
    "baier-native": Source(_BAIER),
    "baier-machine": Source(_BAIER),
    "baier-delegation": Source(_BAIER),
    "baier-proxy": Source(_BAIER),
    "baier-ranking": Source(_BAIER),
    "baier-dropped": Source(_BAIER),
    "cidaas-code": Source(_CIDAAS, "RFC 9700, 2.1.1"),
    "cidaas-pkce": Source(_CIDAAS),
    "cidaas-par": Source(_CIDAAS),
    "cidaas-machine": Source(_CIDAAS),
    "cidaas-device": Source(_CIDAAS),
    "cidaas-exchange": Source(_CIDAAS),
    "cidaas-refresh": Source(_CIDAAS),
    "auth0-code": Source(_AUTH0),
    "auth0-pkce": Source(_AUTH0),
    "auth0-machine": Source(_AUTH0),
    "auth0-device": Source(_AUTH0),
    "auth0-form-post": Source(_AUTH0),
    "auth0-hybrid": Source(_AUTH0),
    "auth0-password": Source(_AUTH0, "RFC 9700, 2.4"),
    "rfc6749-no-refresh": Source("RFC 6749, 4.4.3"),
    "rfc7523-grant": Source("RFC 7523, 2.1"),
    "rfc7523-client": Source("RFC 7523, 2.2"),
    "rfc8252": Source("RFC 8252, 6 and 7"),
    "rfc8252-secret": Source("RFC 8252, 8.5"),
    "rfc8628": Source("RFC 8628, 5.4"),
    "rfc8693": Source("RFC 8693, 1.1"),
    "rfc8693-impersonation": Source("RFC 8693, 1.1"),
    "rfc8705": Source("RFC 8705, 2 and 3"),
    "rfc8707": Source("RFC 8707"),
    "rfc8725": Source("RFC 8725, 3.5"),
    "rfc9068": Source("RFC 9068"),
    "rfc9126": Source("RFC 9126"),
    "rfc9207": Source("RFC 9207"),
    "rfc9449": Source("RFC 9449"),
    "rfc9700-pkce": Source("RFC 9700, 2.1.1"),
    "rfc9700-front": Source("RFC 9700, 2.1.2"),
    "rfc9700-refresh": Source("RFC 9700, 2.2.2"),
    "rfc9700-sender": Source("RFC 9700, 2.2.1"),
    "rfc9700-password": Source("RFC 9700, 2.4"),
    "rfc10017": Source("RFC 10017"),
    "ciba-core": Source("OpenID Connect CIBA Core"),
    "fapi2": Source("FAPI 2.0 Security Profile"),
    "mcp": Source("Model Context Protocol, Authorization"),
}
