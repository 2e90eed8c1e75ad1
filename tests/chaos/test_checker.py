"""The checker of the kill test finds what it is there to find."""

from collections import Counter
from dataclasses import replace

import pytest

from ostiary.oauth.token import refresh
from support.chaos.checker import check, digest
from support.chaos.facts import CodeFact, Facts, FamilyFact, GrantFact, TokenFact

FAMILY = b"f" * 16
FIRST, SECOND, THIRD = (refresh.write(b"key", FAMILY, generation) for generation in range(3))
ELSEWHERE = refresh.write(b"key", b"g" * 16, 1)

JOURNAL = [
    {"kind": "token", "jti": "machine"},
    {"kind": "token", "opaque": "ost_at_opaque"},
    {"kind": "code", "code": "parked"},
    {"kind": "code", "code": "used"},
    {"kind": "redemption", "code": "used", "refresh_token": FIRST},
    {"kind": "token", "jti": "redeemed", "code": "used"},
    {"kind": "rotation", "code": "used", "token": FIRST, "successor": SECOND},
    {"kind": "token", "jti": "rotated", "code": "used"},
    {"kind": "code", "code": "twice"},
    {"kind": "replaying", "code": "twice"},
    {"kind": "replayed", "code": "twice"},
]


def make_facts(**changes):
    facts = Facts(
        grants={
            "parked-grant": GrantFact(revoked=False, reason=None),
            "used-grant": GrantFact(revoked=False, reason=None),
            "twice-grant": GrantFact(revoked=True, reason="code_replayed"),
        },
        codes={
            digest("parked"): CodeFact("parked-grant", consumed=False),
            digest("used"): CodeFact("used-grant", consumed=True),
            digest("twice"): CodeFact("twice-grant", consumed=True),
        },
        tokens={digest("ost_at_opaque"): TokenFact("opaque-jti", None)},
        families={FAMILY: FamilyFact("used-grant", 1)},
        issued=Counter(["machine", "opaque-jti", "redeemed", "rotated"]),
        redeemed=Counter(["used-grant", "twice-grant"]),
        codes_issued=Counter(["parked-grant", "used-grant", "twice-grant"]),
        alarms=Counter(["twice-grant"]),
    )
    return replace(facts, **changes)


def test_agreement_is_no_fault():
    assert check(JOURNAL, make_facts()) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"issued": Counter(["opaque-jti", "redeemed", "rotated"])}, "0 events token.issued"),
        (
            {"issued": Counter(["machine", "machine", "opaque-jti", "redeemed", "rotated"])},
            "2 events token.issued",
        ),
        ({"tokens": {}}, "opaque token has no row"),
        ({"codes_issued": Counter(["used-grant", "twice-grant"])}, "0 events code.issued"),
        ({"redeemed": Counter(["twice-grant"])}, "redeemed code has 0 events"),
        (
            {"redeemed": Counter(["used-grant", "used-grant", "twice-grant"])},
            "tokens for its code 2 times",
        ),
        (
            {"families": {FAMILY: FamilyFact("used-grant", 1), b"x": FamilyFact("used-grant", 0)}},
            "has 2 families",
        ),
        ({"families": {FAMILY: FamilyFact("used-grant", 0)}}, "a rotation was lost"),
        ({"families": {FAMILY: FamilyFact("used-grant", 2)}}, "nobody has generation 2"),
        ({"families": {}}, "family of refresh tokens has no row"),
        ({"alarms": Counter()}, "revoked without an event"),
    ],
)
def test_lost_and_doubled_facts_are_found(changes, fault):
    found = check(JOURNAL, make_facts(**changes))
    assert [text for text in found if fault in text], found


def test_lost_code_is_found():
    codes = make_facts().codes
    del codes[digest("parked")]
    found = check(JOURNAL, make_facts(codes=codes))
    assert [text for text in found if "acknowledged code has no row" in text], found


def test_code_that_is_not_used_up_is_found():
    codes = make_facts().codes | {digest("used"): CodeFact("used-grant", consumed=False)}
    found = check(JOURNAL, make_facts(codes=codes))
    assert [text for text in found if "not used up" in text], found


def test_revoked_honest_grant_is_found():
    facts = make_facts()
    facts.grants["used-grant"] = GrantFact(revoked=True, reason="refresh_reuse")
    facts.alarms["used-grant"] = 1
    found = check(JOURNAL, facts)
    assert [text for text in found if "honest client's grant was revoked" in text], found


def test_revocation_that_was_forgotten_is_found():
    facts = make_facts()
    facts.grants["twice-grant"] = GrantFact(revoked=False, reason=None)
    found = check(JOURNAL, facts)
    assert [text for text in found if "lives on" in text], found


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"kind": "violation", "what": "status 500"}, "status 500"),
        ({"kind": "redemption", "code": "used", "refresh_token": FIRST}, "redeemed 2 times"),
        (
            {"kind": "rotation", "code": "used", "token": FIRST, "successor": THIRD},
            "not of the next generation",
        ),
        (
            {"kind": "rotation", "code": "used", "token": FIRST, "successor": THIRD},
            "two successors",
        ),
        (
            {"kind": "rotation", "code": "used", "token": FIRST, "successor": ELSEWHERE},
            "of another family",
        ),
    ],
)
def test_impossible_answers_are_found(entry, fault):
    found = check([*JOURNAL, entry], make_facts())
    assert [text for text in found if fault in text], found


def test_unknown_rotation_of_an_abandoned_family_is_no_fault():
    facts = make_facts(families={FAMILY: FamilyFact("used-grant", 2)})
    assert check([*JOURNAL, {"kind": "abandoned", "code": "used"}], facts) == []
