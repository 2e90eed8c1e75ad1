"""The hops of a sign-in as a sequence picture, from what really happened.

Three columns: the person's browser, the application, this server. Every exchange is an arrow
to the server and one back; one that failed is dashed, in another colour and marked, so that
it takes no eye for colours to see it. The same is said in words for whoever sees no picture.
"""

import msgspec

from ostiary.model.event import Result
from ostiary.model.trace import Endpoint, Trace

BROWSER, APPLICATION, SERVER = 90, 320, 550
WIDTH = 640
_FIRST = 58
_STEP = 34
_GAP = 14
_BOTTOM = 16
_BY_BROWSER = frozenset({Endpoint.AUTHORIZATION, Endpoint.LOGOUT})
_MAX_LABEL = 34
MAX_HOPS = 30


class Arrow(msgspec.Struct, frozen=True, kw_only=True):
    """One message, in the coordinates of the picture. `label` is what goes over."""

    start: int
    end: int
    y: int
    label: str
    failed: bool = False
    # Whether it belongs to the exchange that is looked at.
    chosen: bool = False

    @property
    def tip(self) -> int:
        """Which way it points: 1 to the right, -1 to the left."""
        return 1 if self.end > self.start else -1

    @property
    def middle(self) -> float:
        """Where its label stands."""
        return (self.start + self.end) / 2


class Sequence(msgspec.Struct, frozen=True):
    """The picture."""

    arrows: tuple[Arrow, ...]
    height: int

    @property
    def columns(self) -> tuple[tuple[int, str], ...]:
        """The participants: where they stand, and the name of their text."""
        return ((BROWSER, "browser"), (APPLICATION, "application"), (SERVER, "server"))

    @property
    def width(self) -> int:
        """How wide it is."""
        return WIDTH


def draw(hops: tuple[Trace, ...], chosen: str) -> Sequence:
    """Draw exchanges in their order; `chosen` is the id of the one that is looked at."""
    arrows: list[Arrow] = []
    y = _FIRST
    for hop in _fewer(hops, chosen):
        for start, end, label, failed in _messages(hop):
            arrows.append(
                Arrow(
                    start=start,
                    end=end,
                    y=y,
                    label=_shorten(label),
                    failed=failed,
                    chosen=hop.id == chosen,
                )
            )
            y += _STEP
        y += _GAP
    return Sequence(tuple(arrows), y - _STEP // 2 + _BOTTOM)


def _fewer(hops: tuple[Trace, ...], chosen: str) -> tuple[Trace, ...]:
    """Return as many as there is room for: the last ones, or from the chosen one on."""
    last = len(hops) - MAX_HOPS
    place = next((n for n, hop in enumerate(hops) if hop.id == chosen), last)
    first = max(0, min(place, last))
    return hops[first : first + MAX_HOPS]


def _messages(hop: Trace) -> list[tuple[int, int, str, bool]]:
    """Return the messages of an exchange: from, to, what, and whether it is a failure."""
    sender = BROWSER if hop.endpoint in _BY_BROWSER else APPLICATION
    failed = hop.outcome is Result.FAILURE
    told = [(sender, SERVER, _asked(hop), False), (SERVER, sender, _answered(hop), failed)]
    if sender == BROWSER and "code" in hop.answer:
        told.append((BROWSER, APPLICATION, "code", False))
    return told


def _asked(hop: Trace) -> str:
    kind = hop.parameters.get("grant_type")
    if kind is not None:
        return kind.rpartition(":")[2]
    return hop.endpoint.value


def _answered(hop: Trace) -> str:
    if hop.outcome is Result.FAILURE:
        return f"✗ {hop.rule or hop.error or hop.status}"
    page = hop.answer.get("page")
    if page is not None:
        return page
    given = [
        name for name, value in hop.answer.items() if value.endswith(("character", "characters"))
    ]
    kept = [name for name in given if name not in {"state", "session_state"}]
    return ", ".join(kept) or "request_uri" * ("request_uri" in hop.answer) or str(hop.status)


def _shorten(label: str) -> str:
    return label if len(label) <= _MAX_LABEL else label[: _MAX_LABEL - 1] + "…"
