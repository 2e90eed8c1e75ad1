"""AD-19: the first administrator comes by a one-time link, never by a default password."""

import asyncio

import pytest

from ostiary.admin import defaults, setup, users
from ostiary.admin.actor import Holding, founder
from ostiary.admin.errors import AlreadyExists, Invalid, NotAllowed
from ostiary.admin.holdings import holdings_of
from ostiary.admin.setup import LIFETIME, FirstAccount, LinkOver
from ostiary.admin.users import WeakPassword
from ostiary.identity.password_policy import Fault
from ostiary.model.administrator import AdministratorRole
from ostiary.model.event import Source
from ostiary.oauth.handle import Kind, digest, make
from support.actors import holding

PASSWORD = "violet tram sings quietly"
ROOT = FirstAccount(username="root", email="root@acme.test", password=PASSWORD)
VISITOR = founder(Source())


@pytest.fixture
async def token(admin, actor):
    await defaults.establish(admin)
    return (await setup.create_link(admin, actor)).token


async def test_a_link_makes_one_account(admin, actor, desk, token):
    made = await setup.complete(admin, VISITOR, token, ROOT)
    assert made.organization_id == "default"
    assert made.password_hash == f"hash of {PASSWORD}"
    assert (await users.find(admin, actor, "root@acme.test")).id == made.id
    told = [(event.type, event.user_id) for event in desk.events[-2:]]
    assert told == [("account.created", made.id), ("setup.completed", made.id)]
    with pytest.raises(LinkOver):
        await setup.complete(admin, VISITOR, token, FirstAccount(username="b", password=PASSWORD))


async def test_the_account_owns_the_instance(admin, token):
    made = await setup.complete(admin, VISITOR, token, ROOT)
    (held,) = await holdings_of(admin, made.id)
    assert held == Holding(role=AdministratorRole.INSTANCE_OWNER)


async def test_the_token_is_stored_as_a_digest_and_told_to_nobody(admin, desk, token):
    stored = await admin.store.read_setup_token(digest(token))
    assert token not in repr(stored) + str(desk.events)


async def test_looking_uses_nothing_up(admin, token):
    for _ in range(3):
        await setup.require_link(admin, token)
    await setup.complete(admin, VISITOR, token, ROOT)


async def test_a_link_ends_after_fifteen_minutes(admin, desk, token):
    desk.now_ += LIFETIME - 1
    await setup.require_link(admin, token)
    desk.now_ += 1
    with pytest.raises(LinkOver):
        await setup.complete(admin, VISITOR, token, ROOT)


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "x", lambda t: t.upper()])
async def test_tokens_that_are_none(admin, token, change):
    for wrong in (None, "", "x" * 10_000, "\ud800", change(token), make(Kind.SETUP, admin.entropy)):
        with pytest.raises(LinkOver):
            await setup.require_link(admin, wrong)


async def test_a_refused_account_leaves_the_link_good(admin, desk, token):
    before = desk.writes
    for account, error in (
        (FirstAccount(username="", password=PASSWORD), Invalid),
        (FirstAccount(username="a b", password=PASSWORD), Invalid),
        (FirstAccount(username="root", email="x", password=PASSWORD), Invalid),
        (FirstAccount(username="root", password="short"), WeakPassword),
        (FirstAccount(username="root", password="root root root root"), WeakPassword),
    ):
        with pytest.raises(error):
            await setup.complete(admin, VISITOR, token, account)
    assert desk.writes == before
    await setup.complete(admin, VISITOR, token, ROOT)


async def test_why_a_password_is_refused(admin, token):
    with pytest.raises(WeakPassword) as refused:
        await setup.complete(admin, VISITOR, token, FirstAccount(username="a", password="short"))
    assert refused.value.fault is Fault.TOO_SHORT


async def test_names_that_are_taken(admin, actor, token):
    await setup.complete(admin, VISITOR, token, ROOT)
    second = (await setup.create_link(admin, actor)).token
    with pytest.raises(AlreadyExists):
        await setup.complete(admin, VISITOR, second, ROOT)


async def test_of_two_who_open_the_same_link_one_is_first(admin, token):
    accounts = [FirstAccount(username=f"u{n}", password=PASSWORD) for n in range(8)]
    results = await asyncio.gather(
        *(setup.complete(admin, VISITOR, token, account) for account in accounts),
        return_exceptions=True,
    )
    assert sum(isinstance(result, LinkOver) for result in results) == 7


async def test_only_whoever_reaches_the_whole_instance_makes_links(admin):
    with pytest.raises(NotAllowed):
        await setup.create_link(admin, holding("org_owner", "a"))


def test_the_password_is_not_in_the_text_of_an_account():
    assert PASSWORD not in repr(ROOT)
