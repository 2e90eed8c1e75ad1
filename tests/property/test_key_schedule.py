"""Whatever is done to signing keys, and when: one signs, and it was announced before."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ostiary.admin import key_schedule
from ostiary.admin.key_schedule import KeyDraft
from ostiary.model.key import KeyState, SigningKey
from ostiary.model.policy import KeysPolicy

ALGS = ("RS256", "ES256", "EdDSA")
ORDER = list(KeyState)
WITHOUT_PRIVATE_HALF = {KeyState.RETIRED, KeyState.REVOKED}


class Keys(RuleBasedStateMachine):
    """An instance whose operator and job do as they please."""

    @initialize(
        rotate_every=st.integers(3600, 10**7),
        publish_before=st.integers(0, 10**6),
        enabled=st.sets(st.sampled_from(ALGS), min_size=1),
    )
    def start(self, rotate_every, publish_before, enabled):
        self.policy = KeysPolicy(rotate_every=rotate_every, publish_before=publish_before)
        self.enabled = enabled
        self.now = 1_800_000_000
        self.keys: dict[str, SigningKey] = {}
        self.made = 0
        self.step(self.advance_all, unhurried=set())

    def make(self, alg):
        self.made += 1
        return SigningKey(
            kid=str(self.made),
            alg=alg,
            state=KeyState.PENDING,
            public_jwk={},
            private_sealed=b"sealed",
            created_at=self.now,
        )

    def step(self, change, unhurried):
        """Change the keys; those of `unhurried` algorithms may not sign unannounced."""
        draft = KeyDraft(self.keys.values(), self.now, self.make)
        change(draft)
        for before, after in draft.changed:
            assert ORDER.index(after.state) > ORDER.index(before.state), "a state never returns"
        for kid, key in {k.kid: k for k in draft.added}.items():
            assert kid not in self.keys
            self.check_announced(None, key, unhurried)
        for before, after in draft.changed:
            self.check_announced(before, after, unhurried)
        self.keys |= {k.kid: k for k in draft.added} | {k.kid: k for _, k in draft.changed}

    def check_announced(self, before, after, unhurried):
        begins = after.state is KeyState.ACTIVE
        if begins and after.alg in unhurried:
            assert after.published_at + self.policy.publish_before <= self.now

    def advance_all(self, draft):
        draft.disable(self.enabled)
        for alg in sorted(self.enabled):
            key_schedule.advance(draft, alg, self.policy, self.now)

    def signing(self):
        return {key.alg for key in self.keys.values() if key.state is KeyState.ACTIVE}

    @rule(seconds=st.integers(0, 10**7))
    def wait(self, seconds):
        self.now += seconds
        self.step(self.advance_all, unhurried=self.signing() & self.enabled)

    @rule(alg=st.sampled_from(ALGS), immediately=st.booleans())
    def rotate(self, alg, immediately):
        if alg not in self.enabled:
            return
        unhurried = set() if immediately else self.signing()
        self.step(lambda draft: key_schedule.rotate(draft, alg, immediately=immediately), unhurried)

    @rule(data=st.data())
    def revoke(self, data):
        kid = data.draw(st.sampled_from(sorted(self.keys)))
        if self.keys[kid].state is not KeyState.REVOKED:
            enabled = self.keys[kid].alg in self.enabled
            self.step(
                lambda draft: key_schedule.revoke(draft, draft.find(kid), enabled=enabled), set()
            )

    @rule(enabled=st.sets(st.sampled_from(ALGS), min_size=1))
    def configure(self, enabled):
        self.enabled = enabled
        self.step(self.advance_all, unhurried=set())

    @invariant()
    def exactly_one_key_signs_for_each_enabled_algorithm(self):
        signing = [key.alg for key in self.keys.values() if key.state is KeyState.ACTIVE]
        assert sorted(signing) == sorted(self.enabled)

    @invariant()
    def no_private_half_outlives_its_last_signature(self):
        for key in self.keys.values():
            assert (key.private_sealed == b"") is (key.state in WITHOUT_PRIVATE_HALF)

    @invariant()
    def times_tell_the_states(self):
        for key in self.keys.values():
            assert (key.state is KeyState.REVOKED) is (key.revoked_at is not None)
            if key.state in {KeyState.PUBLISHED, KeyState.ACTIVE, KeyState.RETIRED}:
                assert key.published_at is not None
            if key.state is KeyState.ACTIVE:
                assert key.activated_at is not None

    @invariant()
    def no_more_than_one_successor_waits(self):
        for alg in ALGS:
            waiting = [
                key
                for key in self.keys.values()
                if key.alg == alg and key.state in {KeyState.PENDING, KeyState.PUBLISHED}
            ]
            assert len(waiting) <= 1


TestKeys = Keys.TestCase
TestKeys.settings = settings(max_examples=60, stateful_step_count=30)
