"""What is seen waits in memory, bounded, until it is written down."""

import pytest

from ostiary.model.sighting import Trait
from ostiary.oauth import sightings
from ostiary.oauth.sightings import EVERY, Sightings
from support.jose import NOW

OPENID = (Trait.SCOPE, "openid")
EMAIL = (Trait.SCOPE, "email")


def values(found):
    return [(one.client_id, one.value, one.last_seen_at) for one in found]


def test_the_same_waits_once():
    seen = Sightings()
    for moment in (NOW, NOW + 1, NOW + 2):
        seen.note("web", (OPENID, EMAIL), moment)
    seen.note("web", (EMAIL,), NOW + 3)
    assert values(seen.take(10)) == [("web", "openid", NOW), ("web", "email", NOW + 3)]
    assert seen.take(10) == ()


def test_the_same_is_noted_again_after_a_while():
    seen = Sightings()
    seen.note("web", (OPENID,), NOW)
    seen.take(10)
    seen.note("web", (OPENID,), NOW + EVERY - 1)
    assert seen.take(10) == ()
    seen.note("web", (OPENID,), NOW + EVERY)
    assert values(seen.take(10)) == [("web", "openid", NOW + EVERY)]


def test_some_are_taken_and_the_others_wait_on():
    seen = Sightings()
    seen.note("web", (OPENID, EMAIL), NOW)
    assert values(seen.take(1)) == [("web", "openid", NOW)]
    assert values(seen.take(1)) == [("web", "email", NOW)]


def test_what_could_not_be_written_waits_again_unless_it_was_seen_since():
    seen = Sightings()
    seen.note("web", (OPENID, EMAIL), NOW)
    taken = seen.take(10)
    seen.note("web", (OPENID,), NOW + EVERY)
    seen.put_back(taken)
    assert sorted(values(seen.take(10))) == [
        ("web", "email", NOW),
        ("web", "openid", NOW + EVERY),
    ]


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(sightings, "_CAPACITY", 3)


@pytest.mark.usefixtures("small")
def test_what_does_not_fit_is_noted_when_it_is_seen_again():
    seen = Sightings()
    for name in ("a", "b", "c", "d"):
        seen.note(name, (OPENID,), NOW)
    assert [client for client, _, _ in values(seen.take(10))] == ["a", "b", "c"]
    seen.note("d", (OPENID,), NOW + 1)
    assert values(seen.take(10)) == [("d", "openid", NOW + 1)]
    seen.put_back([*seen.take(10)] * 9)
    assert seen.take(10) == ()


@pytest.mark.usefixtures("small")
def test_only_so_many_are_remembered_as_just_seen():
    seen = Sightings()
    for name in ("a", "b", "c", "d"):
        seen.note(name, (OPENID,), NOW)
        seen.take(10)
    seen.note("a", (OPENID,), NOW + 1)
    assert values(seen.take(10)) == [("a", "openid", NOW + 1)]
    seen.note("d", (OPENID,), NOW + 1)
    assert seen.take(10) == ()
