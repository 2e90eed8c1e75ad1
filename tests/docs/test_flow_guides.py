"""docs/specifications/flow-guides.md: every promise has a test, or names what it waits for."""

import re

import pytest

from support.proofs import SPECIFICATIONS, missing

PAGE = SPECIFICATIONS / "flow-guides.md"
ROW = re.compile(r"^\| (S\d-\d\d[a-c]?|G\d{1,2}) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
WAITING = "waits for "
# What is not there yet. A capability that arrives is taken out here, and its rows get tests.
CAPABILITIES = {
    "a published documentation site",
    "custom domains",
    "sender-constrained tokens",
    "social sign-in",
}


def ids_of(guide: str, last: int) -> list[str]:
    return [f"{guide}-{number:02}" for number in range(1, last + 1)]


IDS = {
    *(set(ids_of("S0", 22)) - {"S0-06"}),
    *("S0-06a", "S0-06b", "S0-06c"),
    *ids_of("S1", 62),
    *ids_of("S2", 27),
    *ids_of("S3", 12),
    *ids_of("S4", 10),
    *(f"G{number}" for number in range(1, 22)),
}


@pytest.fixture(scope="module")
def rows() -> list[tuple[str, str, str]]:
    return ROW.findall(PAGE.read_text(encoding="utf-8"))


def test_every_promise_is_there(rows):
    assert {name for name, _, _ in rows} == IDS


def test_every_promise_has_a_test_or_names_what_it_waits_for(rows):
    unproven = []
    for name, _, proof in rows:
        if not proof.startswith(WAITING):
            unproven += [(name, test) for test in missing(proof)]
        elif proof.removeprefix(WAITING) not in CAPABILITIES:
            unproven.append((name, proof))
    assert unproven == []


def test_no_capability_is_listed_that_nothing_waits_for(rows):
    waited = {proof.removeprefix(WAITING) for _, _, proof in rows if proof.startswith(WAITING)}
    assert waited == CAPABILITIES
