"""docs/specifications: each demand of a standard has a test, or the reason why it has none."""

import re

import pytest

from support.proofs import SPECIFICATIONS, missing

PAGES = sorted(set(SPECIFICATIONS.glob("*.md")) - {SPECIFICATIONS / "flow-guides.md"})
HEAD = "| section | demand | proof |"
ROW = re.compile(r"\| ([^|]+) \| ([^|]+) \| ([^|]+) \|")
EXEMPT = "does not apply: "


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_demand_is_proven_or_does_not_apply(page):
    table = [line for line in page.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    rows = [line for line in table if line != HEAD and set(line) - set("|- ")]
    assert HEAD in table
    assert rows != []
    unproven = []
    for line in rows:
        row = ROW.fullmatch(line)
        if row is None:
            unproven.append(line)
        elif not row[3].startswith(EXEMPT):
            unproven += [f"{row[1]}: {test}" for test in missing(row[3])]
    assert unproven == []
