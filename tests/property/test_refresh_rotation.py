"""R-3: rotation against a reference model of a dozen lines."""

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ostiary.oauth.effects import RevokeGrant, Update
from ostiary.oauth.errors import InvalidGrant
from ostiary.oauth.grants import refresh_token
from ostiary.oauth.membership import Footing
from ostiary.oauth.mint import mint
from ostiary.oauth.token import refresh
from support.authorization import ORGANIZATION, WEB
from support.jose import ENTROPY, NOW
from support.token import ask, make_family, make_grant, stand

WINDOW = 10


class Rotation(RuleBasedStateMachine):
    """Presents current, earlier and lost tokens while time passes."""

    def __init__(self):
        super().__init__()
        self.now = NOW
        self.found = make_family()
        key = ask().ring.mac_key("refresh", 1)
        # What the client has seen, in order; the model knows the newest and when it came.
        self.tokens = [refresh.write(key, self.found.family.id, 0)]
        self.rotated_at = NOW
        self.ended = False

    @rule(seconds=st.integers(0, 2 * WINDOW))
    def wait(self, seconds):
        self.now += seconds

    @rule(age=st.integers(0, 5))
    def present(self, age):
        if age >= len(self.tokens):
            return
        expected = self.expect(age)
        token = self.tokens[-1 - age]
        request = ask(WEB, self.now, refresh_token=token)
        facts = refresh.read(token), self.found, Footing(home=ORGANIZATION)
        try:
            issuance = refresh_token.decide(request, facts)
        except InvalidGrant as error:
            assert expected == "refused"
            if any(isinstance(effect, RevokeGrant) for effect in error.effects):
                self.found = make_family(
                    stand(make_grant(revoked_at=self.now)),
                    generation=self.found.family.generation,
                )
            return
        response, effects = mint(request, "refresh_token", issuance, ENTROPY)
        for effect in effects:
            if isinstance(effect, Update):
                changed = msgspec.structs.replace(effect.record, **effect.changes)
                self.found = msgspec.structs.replace(self.found, family=changed)
        successor = response["refresh_token"]
        if expected == "rotated":
            assert successor not in self.tokens
            self.tokens.append(successor)
        else:
            assert expected == "repeated"
            assert successor == self.tokens[-1]

    def expect(self, age):
        if self.ended:
            return "refused"
        if age == 0:
            self.rotated_at = self.now
            return "rotated"
        if age == 1 and self.now - self.rotated_at <= WINDOW:
            return "repeated"
        self.ended = True
        return "refused"

    @invariant()
    def never_two_live_successors(self):
        assert self.found.family.generation == len(self.tokens) - 1 or self.ended


Rotation.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestRotation = Rotation.TestCase
