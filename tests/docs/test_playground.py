"""docs/how-to/try-the-protocol.md tells of every flow and every mistake, as they are."""

import re
from pathlib import Path

from ostiary.playground.breaks import BREAKS, Place
from ostiary.playground.flows import FLOWS

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/try-the-protocol.md"
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
COMES = {
    Place.ANSWER: "`{0.error}`, status {0.status}",
    Place.CALLBACK: "`{0.error}`, at the redirect URI",
    Place.PAGE: "`{0.error}`, on a page of the server",
    Place.CHECK: "a good answer: the client has to notice",
}


def test_every_mistake_is_documented_with_what_it_gets() -> None:
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))[1:]
    told = [
        (one.title, FLOWS[one.flow].title, COMES[one.place].format(one)) for one in BREAKS.values()
    ]
    assert rows == told
