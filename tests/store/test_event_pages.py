"""Pages of events are what the filters say, in either direction: nothing skipped, nothing twice."""

from random import Random

import msgspec
import pytest

from ostiary.model.event import Event, Result
from ostiary.oauth.effects import Emit
from ostiary.store import EventFilter
from support import records
from support.records import NOW

TYPES = ("auth.login.failure", "account.created", "token.issued", "code.issued", "key.retired")
# Before and after each other in the order of a language, and in that of octets.
NAMES = ("a", "B", "b", "é", "z", "~", "aa")
COLUMNS = ("user_id", "client_id", "organization_id", "session_id", "trace_id", "ip", "actor_id")
EVENTS, FILTERS = 300, 80


def make(chance: Random, n: int) -> Event:
    """Make an event with some of its columns filled in."""
    filled = {name: chance.choice(NAMES) for name in COLUMNS if chance.random() < 0.6}
    return records.event(
        chance.choice(TYPES),
        **{"client_id": None, "trace_id": "", "ip": "", **filled},
        # Clocks of several servers differ.
        at=NOW + n // 2 + chance.randrange(-30, 30),
        actor_type="user",
        result=chance.choice([*Result]),
    )


def choose(chance: Random) -> EventFilter:
    """Make up a filter."""
    given = {name: chance.choice(NAMES) for name in COLUMNS if chance.random() < 0.25}
    if chance.random() < 0.4:
        given["types"] = tuple(chance.sample(TYPES, chance.randrange(1, len(TYPES))))
    if chance.random() < 0.3:
        given["result"] = chance.choice([*Result])
    if chance.random() < 0.3:
        given["since"] = NOW + chance.randrange(EVENTS // 2)
    if chance.random() < 0.3:
        given["before"] = NOW + chance.randrange(EVENTS // 2)
    return EventFilter(**given)


def fits(event: Event, wanted: EventFilter) -> bool:
    """Tell whether an event is wanted, as the words of the filter say it."""
    equal = {name: value for name in COLUMNS if (value := getattr(wanted, name)) is not None}
    return (
        all(getattr(event, name) == value for name, value in equal.items())
        and (not wanted.types or event.type in wanted.types)
        and (wanted.result is None or event.result is wanted.result)
        and (wanted.since is None or event.at >= wanted.since)
        and (wanted.before is None or event.at < wanted.before)
    )


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_page_is_what_its_filter_says(store, seed):
    chance = Random(seed)
    made = [make(chance, n) for n in range(EVENTS)]
    await store.apply(tuple(map(Emit, made)))
    trail = await store.events(limit=2 * EVENTS)
    assert [event for _, event in trail] == made
    for _ in range(FILTERS):
        wanted = choose(chance)
        expected = [one for one in trail if fits(one[1], wanted)]
        limit = chance.randrange(1, 9)
        assert await read(store, wanted, limit) == expected
        assert await read(store, wanted, limit, backwards=True) == expected[::-1]
        until = trail[chance.randrange(EVENTS)][0]
        upto = [one for one in expected if one[0] <= until]
        assert list(await store.events(0, 2 * EVENTS, wanted, until=until)) == upto


async def read(store, wanted: EventFilter, limit: int, *, backwards: bool = False):
    """Read all pages."""
    found = []
    filters = msgspec.structs.replace(wanted, types=()) if backwards else wanted
    while True:
        if backwards:
            before = found[-1][0] if found else None
            page = await store.list_events(wanted.types, before, limit, filters)
        else:
            page = await store.events(found[-1][0] if found else 0, limit, wanted)
        if not page:
            return found
        found += page
