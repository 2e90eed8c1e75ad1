"""Webhooks against organizations that would keep others from theirs, or learn of them (AD, SS)."""

import asyncio

import pytest

from ostiary.admin import webhooks
from ostiary.admin.errors import Invalid
from ostiary.admin.webhooks import MAX_WEBHOOKS, WebhookFields
from ostiary.clock import SystemEntropy
from ostiary.egress.fetcher import Fetched
from ostiary.jobs.webhooks import OF_ONE, Webhooks
from ostiary.model.event import Event
from ostiary.oauth.effects import Emit, Insert
from support.actors import holding
from support.management import ROOT, open_world, problem
from support.webhooks import Later, Ring, make_webhook

ANY = {"If-Match": "*"}
URL = "https://siem.example.com/events"


@pytest.fixture
async def world(tmp_path):
    async with open_world(tmp_path) as world:
        yield world


class Receivers:
    """All receivers: those of `t1` let their senders wait, until they are told to answer."""

    def __init__(self):
        self.waiting = set()
        self.told = asyncio.Queue()
        self.free = asyncio.Event()

    async def send(self, url, _wanted):
        if "//t1-" in url:
            self.waiting.add(url)
            await self.free.wait()
        else:
            self.told.put_nowait(url)
        return Fetched(media_type="", body=b"")


def events(*organizations):
    return tuple(
        Emit(Event(type="account.created", at=1, actor_type="user", organization_id=one))
        for one in organizations
    )


async def test_do_09_an_organization_with_many_slow_receivers_holds_up_no_other(world):
    start = await world.store.settled_position()
    hooks = [
        make_webhook(f"a-{n:02}", f"https://t1-{n:02}.test/", organization_id="t1", start=start)
        for n in range(20)
    ]
    hooks.append(make_webhook("b", "https://t2.test/", organization_id="t2", start=start))
    await world.store.apply((*map(Insert, hooks), *events("t1", "t2")))
    receivers = Receivers()
    sending = Webhooks(world.store, Ring(), Later(), SystemEntropy(), lambda: receivers)
    await sending.run()
    async with asyncio.timeout(20):
        assert await receivers.told.get() == "https://t2.test/"
        # And nobody else's place is taken by theirs.
        assert len(receivers.waiting) <= OF_ONE
        receivers.free.set()
        await sending.finish()
    assert len(receivers.waiting) == 20


async def test_do_09_an_organization_has_not_more_webhooks_than_it_needs(world):
    for n in range(MAX_WEBHOOKS - 1):  # there is one
        fields = WebhookFields(id=f"hook-{n}", url=URL)
        await webhooks.create(world.admin, ROOT, "t1", fields)
    fields = WebhookFields(url=URL)
    with pytest.raises(Invalid, match="delete one first"):
        await webhooks.create(world.admin, holding("org_owner", "t1"), "t1", fields)
    await webhooks.delete(world.admin, ROOT, "hook-0")
    await webhooks.create(world.admin, ROOT, "t1", fields)
    await webhooks.create(world.admin, ROOT, "t2", fields)


async def test_ad_07_an_organization_is_told_of_its_own_events_alone(world):
    """Also where it asks by filters for what is of others: the answer is that of what is not."""
    await world.store.apply(events("t1", "t2", "t1", None))
    receivers = Receivers()
    receivers.free.set()
    start = await world.store.settled_position() - 4
    hook = make_webhook("own", "https://t2.test/", organization_id="t2", start=start)
    await world.store.apply((Insert(hook),))
    sending = Webhooks(world.store, Ring(), Later(), SystemEntropy(), lambda: receivers)
    await sending.run()
    await sending.finish()
    sent = await world.store.list_deliveries("own", None, None, 10)
    assert len(sent) == 1
    mallory = await world.administrator("org_owner", "t2")
    ids = world.ids["t1"]
    for query in (
        {"user": ids["user"]},
        {"session": ids["session"]},
        {"client_id": "t1-web"},
        {"actor": ids["user"]},
    ):
        foreign = await world.call("GET", "/events", mallory, **query)
        unknown = await world.call("GET", "/events", mallory, **dict.fromkeys(query, "nobody"))
        assert foreign.json() == unknown.json() == {"items": [], "next_cursor": None}
    named = await world.call("GET", "/events", mallory, organization="t1")
    nobodys = await world.call("GET", "/events", mallory, organization="nobody")
    assert (
        problem(named, 404, "not_found")["detail"].replace("t1", "nobody")
        == (problem(nobodys, 404, "not_found")["detail"])
    )


async def test_ss_09_a_secret_is_never_read_again_and_goes_to_no_new_address(world):
    """It is derived, and stays here: what an address is given is signatures."""
    owner = await world.administrator("org_owner", "t1")
    body = {"organization": "t1", "url": URL}
    made = (await world.call("POST", "/webhooks", owner, body)).json()
    path = f"/webhooks/{made['id']}"
    moved = await world.call("PATCH", path, owner, {"url": "https://evil.test/"}, ANY)
    assert moved.status_code == 200, moved.text
    for answer in (
        moved,
        await world.call("GET", path, owner),
        await world.call("GET", "/webhooks", owner, organization="t1"),
        await world.call("GET", f"{path}/deliveries", owner),
        await world.call("GET", "/events", owner, organization="t1"),
    ):
        assert answer.status_code == 200
        assert made["secret"] not in answer.text
    viewer = await world.administrator("org_viewer", "t1")
    problem(await world.call("POST", f"{path}/secrets", viewer, {}, ANY), 403, "not_allowed")
