"""Scopes: what an access token may be used for (RFC 6749, 3.3).

There are two kinds: identity scopes, which say what a client may learn about a user
(OpenID Connect Core 5.4 and 11), and resource scopes, which APIs define.
"""

from collections.abc import Iterable

from ostiary.model.organization import Api
from ostiary.oauth.errors import InvalidScope
from ostiary.oauth.instructions import projects_of

OPENID = "openid"
OFFLINE_ACCESS = "offline_access"
IDENTITY_SCOPES = (OPENID, "profile", "email", "phone", "address", OFFLINE_ACCESS)
MAX_SCOPES = 100
# %x21 / %x23-5B / %x5D-7E
_SCOPE_LETTERS = frozenset(map(chr, range(0x21, 0x7F))) - {'"', "\\"}


def valid_scope(scope: str) -> bool:
    """Tell whether the text is a `scope-token` of RFC 6749, 3.3."""
    return bool(scope) and _SCOPE_LETTERS.issuperset(scope)


def parse_scope(text: str | None) -> tuple[str, ...]:
    """Split a `scope` parameter; repeated scopes count once, the order stays.

    Raises:
        InvalidScope: a character that scopes cannot hold, or more than 100 scopes.
    """
    if not text:
        return ()
    scopes = tuple(dict.fromkeys(text.split(" ")))
    if len(scopes) > MAX_SCOPES:
        raise InvalidScope(f"Ask for at most {MAX_SCOPES} scopes.", rule="scope-too-many")
    for scope in scopes:
        if not valid_scope(scope):
            raise InvalidScope(
                "Separate scopes by single spaces, and use printable ASCII only.",
                rule="scope-syntax",
                section="RFC 6749, 3.3",
                received=text,
            )
    return scopes


def known_scopes(apis: Iterable[Api]) -> frozenset[str]:
    """Return every scope that exists for the clients of an organization."""
    return frozenset(IDENTITY_SCOPES).union(*(api.scopes for api in apis))


def audience(
    issuer: str, scopes: Iterable[str], resources: tuple[str, ...], apis: Iterable[Api]
) -> tuple[str, ...]:
    """Work out who an access token is for (RFC 9068, 3).

    The requested resources; without any, the APIs that the scopes belong to; the projects
    that a scope names; else the issuer. `openid` adds the issuer, whose userinfo endpoint wants it.
    """
    scopes = tuple(scopes)
    wanted = set(scopes)
    named = resources or tuple(api.audience for api in apis if wanted.intersection(api.scopes))
    named = (*named, *projects_of(scopes))
    if OPENID in wanted or not named:
        named = (*named, issuer)
    return tuple(dict.fromkeys(named))
