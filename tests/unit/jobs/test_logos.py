"""Logos at addresses: fetched after the commit; nothing waits for them, nothing fails."""

import io

import pytest
from PIL import Image as Picture

from ostiary.admin import organizations
from ostiary.admin.actor import operator
from ostiary.admin.branding import BrandingFields
from ostiary.admin.organizations import OrganizationFields
from ostiary.clock import SystemClock
from ostiary.egress.fetcher import LOOPBACK, Egress
from ostiary.jobs.logos import PAUSES, LogoFetcher
from ostiary.store import open_store
from support.desk import Desk
from support.listener import listen, respond

ACTOR = operator("tester")
OWNER = "organization:acme"


@pytest.fixture
async def desk(tmp_path):
    async with await open_store(f"sqlite:///{tmp_path}/ostiary.db", SystemClock()) as store:
        await store.migrate()
        desk = Desk(store)
        await organizations.create(desk.admin, ACTOR, OrganizationFields(id="acme"))
        yield desk


@pytest.fixture
async def fetcher(desk):
    egress = Egress(LOOPBACK)
    yield LogoFetcher(store=desk, clock=desk, egress=lambda: egress)
    await egress.aclose()


async def want(desk, url):
    request = OrganizationFields(branding=BrandingFields(logo=url))
    await organizations.update(desk.admin, ACTOR, "acme", request)


async def run(desk, fetcher):
    messages = await desk.claim_messages(desk.now(), 10, 60)
    for message in messages:
        await fetcher.deliver(message)
    return len(messages)


def picture():
    content = io.BytesIO()
    Picture.new("RGB", (10, 10), 80).save(content, "PNG")
    return content.getvalue()


async def test_a_logo_is_there_after_the_job(desk, fetcher):
    async with listen(respond(picture(), media_type="image/png")) as listener:
        url = f"http://127.0.0.1:{listener.port}/logo.png"
        await want(desk, url)
        assert await run(desk, fetcher) == 1
    stored = await desk.read_image(OWNER)
    assert stored.source == url
    assert stored.content.startswith(b"\x89PNG")
    assert await run(desk, fetcher) == 0


async def test_what_cannot_be_had_is_tried_again_and_given_up(desk, fetcher):
    await want(desk, "http://127.0.0.1:1/logo.png")
    for pause in PAUSES:
        assert await run(desk, fetcher) == 1
        assert await run(desk, fetcher) == 0
        desk.now_ += pause
    assert await run(desk, fetcher) == 1
    desk.now_ += 10 * max(PAUSES)
    assert await run(desk, fetcher) == 0
    assert await desk.read_image(OWNER) is None
    (given_up,) = await desk.list_messages("logo", 0, 10, failed=True)
    assert given_up.payload["owner"] == OWNER


async def test_what_is_no_picture_is_given_up_at_once(desk, fetcher):
    async with listen(respond(b"<svg/>", media_type="image/png")) as listener:
        await want(desk, f"http://127.0.0.1:{listener.port}/logo.png")
        assert await run(desk, fetcher) == 1
    assert len(await desk.list_messages("logo", 0, 10, failed=True)) == 1


async def test_a_logo_that_nobody_wants_any_more_is_not_fetched(desk, fetcher):
    async with listen(respond(picture())) as listener:
        await want(desk, f"http://127.0.0.1:{listener.port}/logo.png")
        await want(desk, None)
        assert await run(desk, fetcher) == 1
        assert listener.hits == 0
    assert await desk.read_image(OWNER) is None
