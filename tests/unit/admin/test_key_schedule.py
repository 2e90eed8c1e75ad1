import pytest

from ostiary.admin import key_schedule
from ostiary.admin.key_schedule import KeyDraft
from ostiary.model.key import KeyState, SigningKey
from ostiary.model.policy import KeysPolicy

DAY = 86_400
START = 1_800_000_000
POLICY = KeysPolicy(rotate_every=90 * DAY, publish_before=DAY)


class Life:
    """The keys of one instance over time."""

    def __init__(self, policy=POLICY):
        self.policy = policy
        self.keys = ()
        self.now = START
        self.made = 0

    def make(self, alg):
        self.made += 1
        return SigningKey(
            kid=f"{alg}-{self.made}",
            alg=alg,
            state=KeyState.PENDING,
            public_jwk={},
            private_sealed=b"sealed",
            created_at=self.now,
        )

    def step(self, change):
        draft = KeyDraft(self.keys, self.now, self.make)
        result = change(draft)
        kept = [draft.find(key.kid) for key in self.keys]
        self.keys = (*kept, *draft.added)
        return [change.event for change in draft.changes], result

    def advance(self, at=None):
        self.now = START + at if at is not None else self.now
        return self.step(lambda draft: key_schedule.advance(draft, "ES256", self.policy, self.now))[
            0
        ]

    @property
    def states(self):
        return {key.kid: str(key.state) for key in self.keys}


def test_the_first_key_signs_at_once():
    life = Life()
    assert life.advance() == ["key.generated", "key.published", "key.activated"]
    assert life.states == {"ES256-1": "active"}
    [key] = life.keys
    assert (key.published_at, key.activated_at) == (START, START)


def test_a_key_lives_by_the_schedule():
    """Pending a day before it is published, published a day before it signs."""
    life = Life()
    life.advance()
    assert life.advance(88 * DAY - 1) == []
    assert life.advance(88 * DAY) == ["key.generated"]
    assert life.states == {"ES256-1": "active", "ES256-2": "pending"}
    assert life.advance(89 * DAY - 1) == []
    assert life.advance(89 * DAY) == ["key.published"]
    assert life.states == {"ES256-1": "active", "ES256-2": "published"}
    assert life.advance(90 * DAY - 1) == []
    assert life.advance(90 * DAY) == ["key.retired", "key.activated"]
    assert life.states == {"ES256-1": "retired", "ES256-2": "active"}
    assert life.advance(90 * DAY) == []
    old, new = life.keys
    assert old.retired_at == new.activated_at == START + 90 * DAY
    assert (old.private_sealed, new.private_sealed) == (b"", b"sealed")
    assert life.advance(178 * DAY) == ["key.generated"]


def test_a_missed_schedule_is_made_up_without_skipping_the_publication():
    """A server that was off for a year still announces a key before it signs."""
    life = Life()
    life.advance()
    assert life.advance(365 * DAY) == ["key.generated", "key.published"]
    assert life.advance(366 * DAY - 1) == []
    assert life.advance(366 * DAY) == ["key.retired", "key.activated"]


def test_without_a_time_of_publication_everything_happens_at_once():
    life = Life(KeysPolicy(rotate_every=DAY, publish_before=0))
    life.advance()
    assert life.advance(DAY - 1) == []
    events = ["key.generated", "key.published", "key.retired", "key.activated"]
    assert life.advance(DAY) == events


def test_a_publication_longer_than_a_life_is_still_kept():
    life = Life(KeysPolicy(rotate_every=3600, publish_before=30 * DAY))
    life.advance()
    assert life.advance(0) == ["key.generated", "key.published"]
    assert life.advance(30 * DAY - 1) == []
    assert life.advance(30 * DAY) == ["key.retired", "key.activated"]


def rotate(life, *, immediately):
    return life.step(lambda d: key_schedule.rotate(d, "ES256", immediately=immediately))


def test_a_rotation_publishes_at_once_and_signs_by_the_schedule():
    life = Life()
    life.advance()
    events, key = rotate(life, immediately=False)
    assert events == ["key.generated", "key.published"]
    assert life.states == {"ES256-1": "active", "ES256-2": "published"}
    assert life.advance(DAY - 1) == []
    assert life.advance(DAY) == ["key.retired", "key.activated"]
    assert life.states[key.kid] == "active"


def test_a_rotation_can_sign_at_once():
    life = Life()
    life.advance()
    events, _ = rotate(life, immediately=True)
    assert events == ["key.generated", "key.published", "key.retired", "key.activated"]
    assert life.states == {"ES256-1": "retired", "ES256-2": "active"}


def test_a_rotation_takes_the_key_that_is_waiting():
    life = Life()
    life.advance()
    life.advance(88 * DAY)
    events, key = rotate(life, immediately=False)
    assert (events, key.kid) == (["key.published"], "ES256-2")
    assert rotate(life, immediately=False)[0] == []
    assert rotate(life, immediately=True)[0] == ["key.retired", "key.activated"]
    assert life.made == 2


def test_the_published_successor_goes_before_the_pending_one():
    life = Life()
    life.advance()
    life.step(lambda draft: draft.make("ES256"))
    life.step(lambda draft: draft.publish(draft.make("ES256")))
    assert life.states == {"ES256-1": "active", "ES256-2": "pending", "ES256-3": "published"}
    assert rotate(life, immediately=True)[1].kid == "ES256-3"


def revoke(life, kid, *, enabled=True):
    def change(draft):
        return key_schedule.revoke(draft, draft.find(kid), enabled=enabled)

    return life.step(change)


@pytest.mark.parametrize(
    ("prepare", "successor", "events"),
    [
        (lambda life: None, "ES256-2", ["key.generated", "key.published", "key.activated"]),
        (lambda life: life.advance(88 * DAY), "ES256-2", ["key.published", "key.activated"]),
        (lambda life: rotate(life, immediately=False), "ES256-2", ["key.activated"]),
    ],
    ids=["new", "pending", "published"],
)
def test_another_key_signs_in_the_step_that_revokes_the_active_one(prepare, successor, events):
    life = Life()
    life.advance()
    prepare(life)
    told, revoked = revoke(life, "ES256-1")
    assert told == ["key.revoked", *events]
    assert life.states == {"ES256-1": "revoked", successor: "active"}
    assert revoked.private_sealed == b""
    assert revoked.revoked_at == life.now


def test_revoking_another_key_leaves_the_active_one():
    life = Life()
    life.advance()
    rotate(life, immediately=True)
    rotate(life, immediately=False)
    for kid, signs in (("ES256-1", "ES256-2"), ("ES256-3", "ES256-2")):
        assert revoke(life, kid)[0] == ["key.revoked"]
        assert life.states[signs] == "active"


def test_an_active_key_that_nobody_needs_has_no_successor():
    life = Life()
    life.advance()
    assert revoke(life, "ES256-1", enabled=False)[0] == ["key.revoked"]
    assert life.states == {"ES256-1": "revoked"}


def test_the_keys_of_a_disabled_algorithm_sign_no_more():
    life = Life()
    life.advance()
    rotate(life, immediately=False)
    life.step(lambda draft: draft.make("ES256"))
    events, _ = life.step(lambda draft: draft.disable(["RS256"]))
    assert events == ["key.retired", "key.retired", "key.revoked"]
    assert life.states == {"ES256-1": "retired", "ES256-2": "retired", "ES256-3": "revoked"}
    assert life.step(lambda draft: draft.disable(["RS256"]))[0] == []
    assert life.step(lambda draft: draft.disable(["ES256"]))[0] == []


def test_the_next_step_of_each_key_is_told():
    life = Life()
    life.advance()

    def told():
        steps = {k.kid: key_schedule.next_step(k, life.keys, life.policy) for k in life.keys}
        return {
            kid: step and (str(step[0]), (step[1] - START) / DAY) for kid, step in steps.items()
        }

    assert told() == {"ES256-1": ("retired", 90)}
    life.advance(88 * DAY)
    assert told() == {"ES256-1": ("retired", 90), "ES256-2": ("published", 89)}
    life.now = START + 88.5 * DAY
    rotate(life, immediately=False)
    assert told() == {"ES256-1": ("retired", 89.5), "ES256-2": ("active", 89.5)}
    life.advance(89.5 * DAY)
    assert told() == {"ES256-1": None, "ES256-2": ("retired", 179.5)}
    revoke(life, "ES256-1")
    assert told() == {"ES256-1": None, "ES256-2": ("retired", 179.5)}
