"""Whether an application works: the steps of its flow, ticked off by what was seen of it.

What is seen at once is told by the audit trail; what is kept for long, and what no event tells
of, by the sightings. Nothing here is written: reading it again later gives the same proof.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

import msgspec

from ostiary.model.client import Client
from ostiary.model.event import Event, Result
from ostiary.model.sighting import Sighting, Trait
from ostiary.oauth.grants import client_credentials, device_code

ISSUANCE = ("code.issued", "token.issued")
"""Events of everyday traffic that steps are told by."""

OTHERS = (
    *("device.requested", "request.pushed", "auth.logout"),
    *("authz.request.rejected", "redirect_uri.mismatch", "client_auth.failed"),
    *("code.replayed", "code.client_mismatch", "token.reuse_detected"),
)
"""Further events of an application that are looked at."""

USERINFO, KEYS = "userinfo", "keys"
_CODE, _REFRESH = "authorization_code", "refresh_token"
_REQUESTS = frozenset({"code.issued", "device.requested", "request.pushed"})
_MAX_FAILURES = 5


class StepId(StrEnum):
    """What an application does on its way to a first sign-in, and after it."""

    REQUEST = "request"
    PKCE = "pkce"
    TOKEN = "token"
    KEYS = "keys"
    USERINFO = "userinfo"
    REFRESH = "refresh"
    LOGOUT = "logout"


TITLES = {
    StepId.REQUEST: "The application sends people here to sign in",
    StepId.PKCE: "Its requests are protected by PKCE (S256)",
    StepId.TOKEN: "It gets tokens",
    StepId.KEYS: "It reads the keys that tokens are verified with",
    StepId.USERINFO: "It asks who signed in (userinfo)",
    StepId.REFRESH: "It refreshes its tokens",
    StepId.LOGOUT: "It signs people out here",
}
"""Each step in words."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step: when it was seen first, in seconds since the epoch; None: not yet.

    What is `needed` is what an application cannot work without.
    """

    id: StepId
    needed: bool
    at: int | None


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """How far an application is. `failures` are the last ones, newest first."""

    steps: tuple[Step, ...]
    failures: tuple[Event, ...] = ()

    @property
    def verified(self) -> bool:
        """Whether everything that is needed was seen."""
        return all(step.at is not None for step in self.steps if step.needed)


def verify(client: Client, events: Sequence[Event], sightings: Sequence[Sighting]) -> Verification:
    """Tick off the steps of an application, by what is known of it in any order."""
    own = [one for one in events if one.client_id == client.client_id]
    ticked = _Ticked(client, own, sightings)
    steps = tuple(
        Step(id=id_, needed=needed, at=ticked.at(id_)) for id_, needed in _expected(client)
    )
    failed = (one for one in own if one.result is Result.FAILURE)
    newest = sorted(failed, key=lambda one: -one.at)[:_MAX_FAILURES]
    return Verification(steps=steps, failures=tuple(newest))


def _expected(client: Client) -> Iterable[tuple[StepId, bool]]:
    """Name the steps of an application, and which it cannot do without."""
    grants = frozenset(client.grant_types)
    people = bool(grants - {client_credentials.grant_type})
    if _CODE in grants or device_code.grant_type in grants:
        yield StepId.REQUEST, True
    if _CODE in grants and "code" in client.response_types:
        yield StepId.PKCE, True
    yield StepId.TOKEN, True
    if people:
        yield StepId.KEYS, False
        yield StepId.USERINFO, False
    if _REFRESH in grants:
        yield StepId.REFRESH, False
    if _CODE in grants:
        yield StepId.LOGOUT, False


class _Ticked:
    """When each step was seen first."""

    def __init__(
        self, client: Client, events: Sequence[Event], sightings: Sequence[Sighting]
    ) -> None:
        self._client = client
        self._done = [one for one in events if one.result is Result.SUCCESS]
        self._sightings = [one for one in sightings if one.client_id == client.client_id]

    def at(self, step: StepId) -> int | None:
        """Return when a step was seen first, in seconds; None: never."""
        return min(self._times(step), default=None)

    def _times(self, step: StepId) -> Iterable[int]:
        match step:
            case StepId.REQUEST:
                yield from (one.at for one in self._done if one.type in _REQUESTS)
                yield from self._seen(Trait.RESPONSE_TYPE)
            case StepId.PKCE:
                yield from self._protected()
            case StepId.TOKEN:
                yield from self._issued(lambda grant: grant != _REFRESH)
            case StepId.REFRESH:
                yield from self._issued(lambda grant: grant == _REFRESH)
            case StepId.KEYS:
                yield from self._seen(Trait.ENDPOINT, KEYS)
            case StepId.USERINFO:
                yield from self._seen(Trait.ENDPOINT, USERINFO)
            case StepId.LOGOUT:
                yield from (one.at for one in self._done if one.type == "auth.logout")

    def _issued(self, wanted: Callable[[str], bool]) -> Iterable[int]:
        for one in self._done:
            if one.type == "token.issued" and wanted(one.reason or ""):
                yield one.at
        for sighting in self._sightings:
            if sighting.trait is Trait.GRANT_TYPE and wanted(sighting.value):
                yield sighting.first_seen_at

    def _protected(self) -> Iterable[int]:
        """Tell when a code was exchanged whose request had a challenge.

        Where PKCE is required no other request passes; elsewhere the last one counts.
        """
        exchanged = [*self._issued(lambda grant: grant == _CODE)]
        if self._client.require_pkce:
            return exchanged
        last = {
            one.value: one.last_seen_at
            for one in self._sightings
            if one.trait is Trait.CODE_CHALLENGE
        }
        right = "S256" in last and last["S256"] > last.get("none", 0)
        return exchanged if right else []

    def _seen(self, trait: Trait, value: str | None = None) -> Iterable[int]:
        for one in self._sightings:
            if one.trait is trait and value in {None, one.value}:
                yield one.first_seen_at
