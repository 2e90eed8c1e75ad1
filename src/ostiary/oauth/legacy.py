"""Flows that are no longer recommended, and who may still use them (RFC 9700, 2.1.2 and 2.4).

An application opts in with a reason, and may say until when. After that day it is refused,
with words that say so.
"""

from collections.abc import Container, Iterable
from datetime import UTC, date, datetime, time, timedelta

from ostiary.model.client import Client, Legacy
from ostiary.model.policy import ClientRegistration, RegistrationMode
from ostiary.oauth.errors import UnauthorizedClient

IMPLICIT = "implicit"
PASSWORD = "password"
GRANT_TYPES = (IMPLICIT, PASSWORD)

CODE = "code"
# Names of what a response holds, in the order in which the standards write them.
_ORDER = (CODE, "id_token", "token")
RESPONSE_TYPES = (
    *("id_token", "id_token token", "token"),
    *("code id_token", "code token", "code id_token token"),
)
"""OAuth 2.0 Multiple Response Type Encoding Practices 3 and 5; RFC 6749, 3.1.1 (`token`)."""


def canonical(response_type: str) -> str:
    """Return a response type with its words in the usual order, which does not matter."""
    words = response_type.split(" ")
    if len(set(words)) < len(words) or not set(words) <= set(_ORDER):
        return response_type
    return " ".join(word for word in _ORDER if word in words)


def end_of(until: str) -> int:
    """Return when a day ends, in seconds since the epoch: it is the last one that counts.

    Raises:
        ValueError: the text is no date.
    """
    day = date.fromisoformat(until) + timedelta(days=1)
    return int(datetime.combine(day, time(), UTC).timestamp())


def in_force(legacy: Legacy | None, now: int) -> bool:
    """Tell whether an opt-in is there, and not over."""
    return legacy is not None and (legacy.until is None or now < end_of(legacy.until))


def allowed(client: Client, now: int) -> bool:
    """Tell whether a client may use legacy flows now."""
    return in_force(client.legacy, now)


def require(client: Client, what: str, section: str, now: int) -> None:
    """Hold a client to what it opted in to.

    Raises:
        UnauthorizedClient: it did not, or its time is over.
    """
    if allowed(client, now):
        return
    until = None if client.legacy is None else client.legacy.until
    why = "this application has not opted in to it" if until is None else f"its time ended {until}"
    raise UnauthorizedClient(
        f"{what} is no longer recommended, and {why}: use the code flow with PKCE, or set legacy "
        "with a reason for this application.",
        rule="legacy",
        section=section,
        received=what,
        expected="code",
    )


def used_by(clients: Iterable[Client], now: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the legacy response types and grant types that clients use, in order."""
    usable = [client for client in clients if allowed(client, now)]
    types = {kind for client in usable for kind in client.response_types}
    grants = {grant for client in usable for grant in client.grant_types}
    return choose(types, grants)


def admitted(policy: ClientRegistration, now: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the legacy response types and grant types that clients may register now, in order."""
    if policy.mode is RegistrationMode.OFF or not in_force(policy.legacy, now):
        return (), ()
    return choose(policy.allowed_response_types, policy.allowed_grant_types)


def choose(
    types: Container[str], grants: Container[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return those of response types and grant types that are legacy, in order."""
    return (
        tuple(kind for kind in RESPONSE_TYPES if kind in types),
        tuple(grant for grant in GRANT_TYPES if grant in grants),
    )
