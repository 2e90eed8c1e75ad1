"""Applications that registered themselves and were never used do not pile up."""

import asyncio
from collections.abc import Awaitable
from urllib.parse import urlencode

import pytest

from ostiary.admin import clients
from ostiary.admin.actor import operator
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.unused_clients import expire_unused
from ostiary.jobs.schedule import list_jobs
from ostiary.model.client import Client, ClientState, SelfRegistration
from ostiary.oauth.clients import use
from ostiary.oauth.clients.use import Uses
from ostiary.oauth.effects import Delete, Insert
from support.authorization import WEB, make_consent
from support.registration import CALLBACK, desk_of, make_token, open_door, register, set_policy
from support.site import FORM
from support.tokens import basic

pytestmark = pytest.mark.usefixtures("sites")

DAY = 86400
TOKEN = "/oauth/v2/token"


async def ask_for_token(made, secret=None):
    """Ask for a token by client_credentials."""
    body = urlencode({"grant_type": "client_credentials"}).encode()
    proof = basic(made.client_id, secret or made.told["client_secret"])["Authorization"]
    headers = {"authorization": proof, "content-type": FORM, "content-length": str(len(body))}
    return await made.site.send("POST", TOKEN, b"", body, headers)


async def open_machines():
    """Open registration to machines, which need nobody to sign in."""
    return await open_door(allowed_grant_types=["authorization_code", "client_credentials"])


async def register_machine(site):
    return await register(site, redirect_uris=None, grant_types=["client_credentials"])


async def expire(site):
    return await expire_unused(site.store, site.clock)


async def test_one_leaves_after_its_time_and_an_event_tells_of_it():
    site = await open_door()
    made = await register(site, token_endpoint_auth_method="none")
    site.clock.time += 30 * DAY - 1
    assert await expire(site) == 0
    site.clock.time += 1
    assert await expire(site) == 1
    assert await made.stored() is None
    assert await made.unused() is None
    assert not await site.store.is_web_origin("https://rp.test")
    event = site.events[-1]
    assert (event.type, event.actor_type, event.client_id) == (
        "client.expired",
        "system",
        made.client_id,
    )
    assert (await made.ask("GET")).status == 401
    assert await expire(site) == 0


async def test_the_policy_says_when():
    site = await open_door()
    made = await register(site)
    await set_policy(site, mode="open", unused_days=1)
    site.clock.time += DAY
    assert await expire(site) == 1
    assert await made.stored() is None


async def test_those_that_came_by_a_token_too():
    site = await open_door(mode="token")
    await register(site, await make_token(site))
    site.clock.time += 30 * DAY
    assert await expire(site) == 1


async def test_many_leave_and_all_others_stay():
    site = await open_door(WEB)
    await site.quietly()
    made = []
    for n in range(5):
        site.ip = f"192.0.2.{n}"
        made += [await register(site) for _ in range(25)]
    for one in made[::2]:
        await site.store.apply(Uses().note(await one.stored()))
    site.clock.time += 31 * DAY
    assert await expire(site) == len(made[1::2])
    for one in made[::2]:
        assert (await one.stored()).state is ClientState.ACTIVE
    assert await site.store.read_client("web") is not None


async def test_a_token_keeps_one():
    site = await open_machines()
    made = await register_machine(site)
    refused = await ask_for_token(made, "x" * 40)
    assert refused.status == 401
    assert await made.unused() is not None
    answer = await ask_for_token(made)
    assert answer.status == 200, answer.text
    assert await made.unused() is None
    site.clock.time += 400 * DAY
    assert await expire(site) == 0
    assert (await ask_for_token(made)).status == 200


async def test_the_first_use_is_noted_once_by_each_process():
    site = await open_machines()
    made = await register_machine(site)

    def notes():
        effects = [effect for step in site.store.steps for effect in step]
        return sum(isinstance(effect, Delete) for effect in effects)

    await ask_for_token(made)
    await ask_for_token(made)
    assert notes() == 1


async def test_a_sign_in_keeps_one():
    site = await open_door()
    made = await register(site)
    asked = await site.authorize(client_id=made.client_id, redirect_uri=CALLBACK, scope="openid")
    session = await site.log_in(asked.flow)
    assert await made.unused() is not None
    consent = make_consent("alice", client_id=made.client_id, granted_at=site.clock.now())
    await site.quietly(Insert(consent))
    await site.do(asked.flow, "consent", session)
    answer = await site.resume(asked.flow)
    assert "code" in answer.reply
    assert await made.unused() is None


async def test_other_clients_are_noted_nowhere():
    site = await open_door(WEB)
    await site.sign_in()
    assert "code" in (await site.authorize()).reply
    assert not any(isinstance(effect, Delete) for step in site.store.steps for effect in step)


async def test_one_that_is_used_at_the_last_moment_stays():
    site = await open_door()
    made = await register(site)
    client = await made.stored()
    site.clock.time += 30 * DAY

    async def use_it() -> None:
        site.store.before = None
        await site.quietly(*Uses().note(client))

    site.store.before = use_it
    assert await expire(site) == 0
    assert (await made.stored()).state is ClientState.ACTIVE


async def test_one_that_an_administrator_deleted_leaves_its_id():
    site = await open_door()
    made = await register(site)
    await clients.delete(desk_of(site), operator("tester"), made.client_id)
    site.clock.time += 30 * DAY
    assert await expire(site) == 0
    assert await made.unused() is None
    assert (await made.stored()).state is ClientState.DELETED


async def test_one_that_an_administrator_changed_leaves_too():
    site = await open_door()
    made = await register(site)
    changed = ClientMetadata(client_name="Renamed")
    await clients.update(desk_of(site), operator("tester"), made.client_id, changed)
    site.clock.time += 30 * DAY
    assert await expire(site) == 1


async def test_two_processes_at_once():
    site = await open_door()
    for _ in range(5):
        await register(site)
    site.clock.time += 30 * DAY
    assert sum(await asyncio.gather(expire(site), expire(site))) == 5


async def test_it_is_a_job():
    site = await open_door()
    made = await register(site)
    site.clock.time += 30 * DAY

    async def deliver() -> None:
        raise AssertionError

    jobs = list_jobs(site.store, None, site.clock, deliver)
    (job,) = [job for job in jobs if job.name == "expire_clients"]
    work: Awaitable[None] = job.run()
    await work
    assert await made.stored() is None


def test_what_is_remembered_of_uses_is_bounded(monkeypatch):
    monkeypatch.setattr(use, "_CAPACITY", 3)
    uses = Uses()
    made = [
        Client(client_id=f"c{n}", organization_id="o", registration=SelfRegistration(token=b"x"))
        for n in range(4)
    ]
    for client in made:
        uses.remember(client)
    assert [bool(uses.note(client)) for client in made] == [True, False, False, False]
