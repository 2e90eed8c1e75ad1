"""The life of signing keys as a picture: made, published, signing, verifying only, gone.

Each key has a bar, of which the part behind now is what the schedule plans. The same is said
in words, for whoever sees no picture.
"""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from ostiary.admin.keys import KeySummary
from ostiary.jose.keyring import PUBLISHED_AFTER_RETIREMENT
from ostiary.model.key import KeyState

WIDTH = 400
MAX_KEYS = 12
_TOP, _ROW, _LABEL, _THICK, _BOTTOM = 24, 44, 14, 16, 24
_LEAST = 3
_DAY = 86400
# How far back it looks at most, and for how long keys are drawn that are gone.
_PAST, _MEMORY = 400 * _DAY, 90 * _DAY
# So much of the past is room: what comes next, whatever the schedule knows, and a margin.
_AHEAD, _MARGIN = 9, 40

PHASES = (KeyState.PENDING, KeyState.PUBLISHED, KeyState.ACTIVE, KeyState.RETIRED)


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """A time in a key's life. Without an end it is not known, or never comes.

    `planned`: it has not begun.
    """

    state: KeyState
    start: int
    end: int | None
    planned: bool = False


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """What a key was, is and will be. `gone_at`: when it leaves the key set."""

    kid: str
    alg: str
    phases: tuple[Phase, ...]
    gone_at: int | None
    revoked_at: int | None

    def find(self, state: str) -> Phase | None:
        """Return the phase of a state, if the key has it."""
        return next((one for one in self.phases if one.state == state), None)

    @property
    def begun_at(self) -> int:
        """When the key was made."""
        return self.phases[0].start


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a bar, in the coordinates of the picture."""

    state: KeyState
    x: int
    width: int
    planned: bool


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """The bar of a key, and where its name stands."""

    kid: str
    alg: str
    y: int
    pieces: tuple[Piece, ...]
    # Where it was revoked.
    cross: int | None = None


class KeyTimeline(msgspec.Struct, frozen=True, kw_only=True):
    """The picture, and the same in words."""

    lives: tuple[Life, ...]
    lines: tuple[Line, ...]
    start: int
    end: int
    now: int
    # Where now is.
    now_x: int
    height: int
    width: int = WIDTH

    @property
    def bar(self) -> tuple[int, int]:
        """Where a bar begins below the top of its line, and how thick it is."""
        return _LABEL + 4, _THICK

    @property
    def phases(self) -> tuple[str, ...]:
        """The states of a life in their order."""
        return tuple(one.value for one in PHASES)


def live(key: KeySummary, now: int) -> Life:
    """Return the life of a key, as it was and as the schedule plans it."""
    known = (key.created_at, key.published_at, key.activated_at, key.retired_at)
    marks = [(state, at, False) for state, at in zip(PHASES, known, strict=True) if at is not None]
    if key.next_state is not None and key.next_at is not None and key.revoked_at is None:
        # What is due happens within a moment, and not in the past.
        marks.append((key.next_state, max(key.next_at, now), True))
    last, last_at, _ = marks[-1]
    gone_at = last_at + PUBLISHED_AFTER_RETIREMENT if last is KeyState.RETIRED else None
    if key.revoked_at is not None:
        gone_at = key.revoked_at if gone_at is None else min(gone_at, key.revoked_at)
    ends = [*(at for _, at, _ in marks[1:]), gone_at]
    return Life(
        kid=key.kid,
        alg=key.alg,
        phases=tuple(
            Phase(state=state, start=start, end=end, planned=planned)
            for (state, start, planned), end in zip(marks, ends, strict=True)
        ),
        gone_at=gone_at,
        revoked_at=key.revoked_at,
    )


def draw(keys: Sequence[KeySummary], now: int) -> KeyTimeline | None:
    """Draw the keys that are not long gone, the newest of each algorithm first."""
    lives = [one for one in (live(key, now) for key in keys) if not _is_past(one, now)]
    lives = sorted(lives, key=lambda one: (-one.begun_at, one.alg, one.kid))[:MAX_KEYS]
    if not lives:
        return None
    lives.sort(key=lambda one: (one.alg, -one.begun_at, one.kid))
    start = max(min(one.begun_at for one in lives), now - _PAST)
    known = [end for one in lives for phase in one.phases for end in (phase.start, phase.end)]
    end = max(now + max((now - start) // _AHEAD, _DAY), *(at for at in known if at is not None))
    start -= (end - start) // _MARGIN

    def place(at: int) -> int:
        return round(WIDTH * (min(max(at, start), end) - start) / (end - start))

    lines = tuple(
        Line(
            kid=one.kid,
            alg=one.alg,
            y=_TOP + number * _ROW,
            pieces=tuple(
                piece
                for phase in one.phases
                for piece in _cut(phase, end if phase.end is None else phase.end, now, place)
            ),
            cross=None if one.revoked_at is None else place(one.revoked_at),
        )
        for number, one in enumerate(lives)
    )
    return KeyTimeline(
        lives=tuple(lives),
        lines=lines,
        start=start,
        end=end,
        now=now,
        now_x=place(now),
        height=_TOP + len(lines) * _ROW + _BOTTOM,
    )


def _is_past(one: Life, now: int) -> bool:
    return one.gone_at is not None and one.gone_at < now - _MEMORY


def _cut(phase: Phase, end: int, now: int, place: Callable[[int], int]) -> Iterator[Piece]:
    """Cut a phase at now: what was is certain, what comes is planned."""
    parts = ((phase.start, min(end, now), False), (max(phase.start, now), end, True))
    for begin, finish, planned in parts:
        left, right = place(begin), place(finish)
        if finish > begin and right > 0:
            left = min(left, WIDTH - _LEAST)
            width = max(right - left, _LEAST)
            yield Piece(state=phase.state, x=left, width=width, planned=planned)
