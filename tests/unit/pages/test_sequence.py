"""The picture of a sign-in has room for some of its hops, and the one looked at is among them."""

import pytest

from ostiary.pages.sequence import MAX_HOPS, draw
from support import records

HOPS = tuple(records.trace(str(n)) for n in range(MAX_HOPS + 12))


@pytest.mark.parametrize("chosen", ["0", "5", "11", "12", "30", "41"])
def test_the_hop_that_is_looked_at_is_drawn_however_many_there_are(chosen):
    arrows = draw(HOPS, chosen).arrows
    assert len(arrows) == 2 * MAX_HOPS
    assert len([one for one in arrows if one.chosen]) == 2


def test_of_one_that_is_not_among_them_the_last_hops_are_drawn():
    assert draw(HOPS, "elsewhere") == draw(HOPS[12:], "elsewhere")
    assert draw(HOPS[:3], "elsewhere").arrows != ()
