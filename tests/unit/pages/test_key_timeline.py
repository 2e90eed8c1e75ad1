"""The life of signing keys as a picture: in order, within its bounds, and cut at now."""

from hypothesis import given
from hypothesis import strategies as st

from ostiary.admin.keys import KeySummary
from ostiary.jose.keyring import PUBLISHED_AFTER_RETIREMENT
from ostiary.model.key import KeyState
from ostiary.pages.key_timeline import MAX_KEYS, draw, live

DAY = 86_400
NOW = 1_800_000_000


def summary(kid: str = "one", **fields) -> KeySummary:
    """Return a key that was made a hundred days ago, signs, and retires in ten."""
    values = {
        "alg": "ES256",
        "state": KeyState.ACTIVE,
        "created_at": NOW - 100 * DAY,
        "published_at": NOW - 99 * DAY,
        "activated_at": NOW - 98 * DAY,
        "retired_at": None,
        "revoked_at": None,
        "next_state": KeyState.RETIRED,
        "next_at": NOW + 10 * DAY,
    }
    return KeySummary(kid=kid, **(values | fields))


def told(key: KeySummary) -> list[tuple[str, int, int | None, bool]]:
    """Return the phases of a key in days from now."""
    return [
        (
            one.state.value,
            (one.start - NOW) // DAY,
            None if one.end is None else (one.end - NOW) // DAY,
            one.planned,
        )
        for one in live(key, NOW).phases
    ]


class TestLive:
    def test_a_key_that_signs_is_gone_when_no_token_of_it_counts(self) -> None:
        assert told(summary()) == [
            ("pending", -100, -99, False),
            ("published", -99, -98, False),
            ("active", -98, 10, False),
            ("retired", 10, 11, True),
        ]
        assert live(summary(), NOW).gone_at == NOW + 10 * DAY + PUBLISHED_AFTER_RETIREMENT

    def test_a_key_that_waits_has_no_end_yet(self) -> None:
        waiting = summary(
            state=KeyState.PENDING,
            published_at=None,
            activated_at=None,
            next_state=KeyState.PUBLISHED,
            next_at=NOW + DAY,
        )
        assert told(waiting) == [("pending", -100, 1, False), ("published", 1, None, True)]
        assert live(waiting, NOW).gone_at is None

    def test_what_is_due_is_not_planned_for_the_past(self) -> None:
        late = told(summary(next_at=NOW - 5 * DAY))
        assert late[-2:] == [("active", -98, 0, False), ("retired", 0, 1, True)]

    def test_a_key_of_an_algorithm_that_was_switched_off_never_signed(self) -> None:
        off = summary(
            state=KeyState.RETIRED,
            activated_at=None,
            retired_at=NOW - 50 * DAY,
            next_state=None,
            next_at=None,
        )
        assert [state for state, *_ in told(off)] == ["pending", "published", "retired"]

    def test_a_revoked_key_ends_at_once(self) -> None:
        revoked = summary(
            state=KeyState.REVOKED, revoked_at=NOW - DAY, next_state=None, next_at=None
        )
        life = live(revoked, NOW)
        assert life.gone_at == life.revoked_at == NOW - DAY
        assert told(revoked)[-1] == ("active", -98, -1, False)
        # It was to go anyway, and did: what ended first counts.
        late = summary(
            state=KeyState.REVOKED,
            retired_at=NOW - 50 * DAY,
            revoked_at=NOW - DAY,
            next_state=None,
            next_at=None,
        )
        assert live(late, NOW).gone_at == NOW - 50 * DAY + PUBLISHED_AFTER_RETIREMENT


class TestDraw:
    def test_nothing_of_nothing(self) -> None:
        assert draw((), NOW) is None
        past = summary(state=KeyState.REVOKED, revoked_at=NOW - 91 * DAY, next_state=None)
        assert draw((past,), NOW) is None

    def test_a_bar_is_cut_at_now(self) -> None:
        drawn = draw((summary(),), NOW)
        assert drawn is not None
        (line,) = drawn.lines
        shown = [(one.state.value, one.planned) for one in line.pieces]
        assert shown == [
            ("pending", False),
            ("published", False),
            ("active", False),
            ("active", True),
            ("retired", True),
        ]
        was, comes = line.pieces[2:4]
        assert was.x + was.width == comes.x == drawn.now_x

    def test_a_key_that_was_just_made_has_a_picture(self) -> None:
        made = summary(created_at=NOW, published_at=NOW, activated_at=NOW, next_at=NOW + 89 * DAY)
        drawn = draw((made,), NOW)
        assert drawn is not None
        assert 0 < drawn.now_x < 20
        assert [(one.state.value, one.planned) for one in drawn.lines[0].pieces] == [
            ("active", True),
            ("retired", True),
        ]

    def test_the_newest_are_drawn_where_there_are_many(self) -> None:
        many = [summary(f"key-{n}", created_at=NOW - 100 * DAY - n) for n in range(MAX_KEYS + 5)]
        drawn = draw(many, NOW)
        assert drawn is not None
        assert [one.kid for one in drawn.lines] == [f"key-{n}" for n in range(MAX_KEYS)]


times = st.integers(NOW - 3000 * DAY, NOW)


@st.composite
def summaries(strategy) -> KeySummary:
    created, *known = sorted(strategy(st.lists(times, min_size=4, max_size=4)))
    published, activated, retired = (at if strategy(st.booleans()) else None for at in known)
    revoked = strategy(st.none() | st.integers(created, NOW))
    following = strategy(st.sampled_from([None, KeyState.RETIRED, KeyState.ACTIVE]))
    return summary(
        strategy(st.text("abc", min_size=1, max_size=3)),
        created_at=created,
        published_at=published,
        activated_at=activated,
        retired_at=retired,
        revoked_at=revoked,
        next_state=None if retired is not None else following,
        next_at=strategy(st.integers(NOW - 100 * DAY, NOW + 3000 * DAY)),
    )


@given(st.lists(summaries(), max_size=20))
def test_every_piece_is_within_the_picture(keys) -> None:
    drawn = draw(keys, NOW)
    if drawn is None:
        return
    assert 0 <= drawn.now_x <= drawn.width
    for line in drawn.lines:
        assert line.y < drawn.height
        assert line.cross is None or 0 <= line.cross <= drawn.width
        for one in line.pieces:
            assert one.x >= 0
            assert one.width > 0
            assert one.x + one.width <= drawn.width
