"""Values of answers on pages: the names of the program's own members say what they hold."""

import msgspec
import pytest

from ostiary.admin.actor import operator
from ostiary.model.user import User
from ostiary.oauth.effects import Update
from ostiary.web.console.cells import facts_of
from support.console import administer, open_console, text_of


@pytest.mark.parametrize("name", ["joined_at", "at", "user", "state"])
def test_a_member_that_others_named_is_shown_as_it_is(name):
    (fact,) = facts_of({"metadata": {name: "next spring"}}, operator("root"))
    (own,) = fact.facts
    assert own.name == name
    assert msgspec.structs.asdict(own.cell) == {"kind": "text", "value": "next spring", "url": None}


async def test_a_page_is_shown_whatever_the_metadata_of_a_person_are_called(instance, browser):
    await administer(instance, "instance_owner")
    alice = await instance.store.user("user-alice")
    assert isinstance(alice, User)
    await instance.store.apply((Update(alice, {"metadata": {"hired_at": "next spring"}}),))
    page = await open_console(browser, "/console/users/user-alice")
    assert page.status_code == 200
    assert "hired_at next spring" in text_of(page)
