"""Webhooks as administrators manage them: secrets, scope, rules, replay."""

import base64

import msgspec
import pytest
from msgspec import UNSET

from ostiary.admin import organizations, webhooks
from ostiary.admin.actor import Actor, Holding
from ostiary.admin.errors import AlreadyExists, Invalid, NotAllowed, NotFound
from ostiary.admin.organizations import OrganizationFields
from ostiary.admin.webhooks import WebhookFields
from ostiary.identity.webhook_secrets import derive, show
from ostiary.model.administrator import AdministratorRole
from ostiary.model.webhook import WebhookState
from ostiary.oauth.effects import Emit, Update
from support import records
from support.webhooks import RING, Ring

URL = "https://siem.example.com/events"


@pytest.fixture
def admin(desk):
    return msgspec.structs.replace(desk.admin, keys=Ring())


def administrator(role, organization_id):
    """Return somebody who has a role in an organization."""
    return Actor(
        type="user", id="bob", holds=(Holding(role=role, organization_id=organization_id),)
    )


async def make(admin, actor, organization_id="acme", **fields):
    request = WebhookFields(**{"url": URL, **fields})
    return await webhooks.create(admin, actor, organization_id, request)


async def test_a_secret_is_made_and_shown_once(admin, actor, acme, desk):
    made = await make(admin, actor, acme)
    (secret,) = made.webhook.secrets
    assert made.secret == show(derive(RING, made.webhook.id, secret))
    assert len(base64.b64decode(made.secret.removeprefix("whsec_"))) == 32
    assert made.secret not in repr(made)
    assert made.secret not in str(
        msgspec.to_builtins(await webhooks.show(admin, actor, made.webhook.id))
    )
    assert desk.events[-1].type == "webhook.created"
    other = await make(admin, actor, acme)
    assert other.secret != made.secret


async def test_a_rotated_secret_overlaps(admin, actor, acme, desk):
    made = await make(admin, actor, acme)
    rotated = await webhooks.rotate_secret(admin, actor, made.webhook.id, overlap=60)
    assert rotated.secret != made.secret
    old, new = rotated.webhook.secrets
    assert (old.expires_at, new.expires_at) == (desk.now() + 60, None)
    alone = await webhooks.rotate_secret(admin, actor, made.webhook.id, overlap=0)
    assert len(alone.webhook.secrets) == 1
    assert desk.events[-1].type == "webhook.secret_rotated"
    with pytest.raises(Invalid, match="overlap"):
        await webhooks.rotate_secret(admin, actor, made.webhook.id, overlap=-1)


async def test_others_do_not_see_it(admin, actor, acme):
    await organizations.create(admin, actor, OrganizationFields(id="other", name="Other"))
    mine, all_of_it = await make(admin, actor, acme), await make(admin, actor, None)
    stranger = administrator(AdministratorRole.ORG_OWNER, "other")
    for key in (mine.webhook.id, all_of_it.webhook.id):
        for operation in (webhooks.show, webhooks.delete, webhooks.rotate_secret):
            with pytest.raises(NotFound):
                await operation(admin, stranger, key)
    with pytest.raises(NotFound):
        await make(admin, stranger, acme)
    with pytest.raises(NotAllowed):
        await make(admin, stranger, None)
    with pytest.raises(NotAllowed):
        await webhooks.list_all(admin, stranger, None)
    assert await webhooks.list_all(admin, stranger, "other") == ()
    assert [one.id for one in await webhooks.list_all(admin, actor, acme)] == [mine.webhook.id]


async def test_who_may_only_look_sends_nothing_ad_09(admin, actor, acme, desk):
    """AD-09: looking does not make the server send requests."""
    made = await make(admin, actor, acme)
    reader = administrator(AdministratorRole.ORG_VIEWER, acme)
    await webhooks.show(admin, reader, made.webhook.id)
    for operation in (webhooks.replay, webhooks.retry):
        with pytest.raises(NotAllowed):
            await operation(admin, desk, reader, made.webhook.id)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"url": "https://internal.test/"}, "url"),
        ({"url": UNSET}, "url"),
        ({"id": "no spaces"}, "id"),
        ({"events": ("auth.*", "nothing.*")}, "events[1]"),
        ({"state": WebhookState.DISABLED}, "state"),
        ({"state": WebhookState.DELETED}, "state"),
        ({"events": ("auth.*",) * 101}, "events"),
    ],
)
async def test_what_cannot_be_is_refused(admin, actor, acme, fields, path):
    with pytest.raises(Invalid) as caught:
        await make(admin, actor, acme, **fields)
    assert [problem.path for problem in caught.value.problems] == [path]


async def test_it_is_changed_and_deleted(admin, actor, acme, desk):
    made = await make(admin, actor, acme, id="siem", events=("auth.*",))
    request = WebhookFields(events=None, state=WebhookState.INACTIVE, personal_data=True)
    changed = await webhooks.update(admin, actor, "siem", request)
    assert (changed.events, changed.state, changed.personal_data) == ((), "inactive", True)
    assert desk.events[-1].details == {"changed": ["events", "personal_data", "state"]}
    writes = desk.writes
    await webhooks.update(admin, actor, "siem", request)
    assert desk.writes == writes
    await webhooks.delete(admin, actor, "siem")
    with pytest.raises(NotFound):
        await webhooks.show(admin, actor, "siem")
    with pytest.raises(AlreadyExists):
        await make(admin, actor, acme, id="siem")
    assert made.webhook.url == changed.url


async def test_one_that_was_switched_off_is_on_again(admin, actor, acme, desk):
    made = await make(admin, actor, acme)
    off = {"state": WebhookState.DISABLED, "disabled_reason": "timeout"}
    await desk.apply((Update(made.webhook, off), Emit(records.event("webhook.disabled"))))
    request = WebhookFields(state=WebhookState.ACTIVE)
    changed = await webhooks.update(admin, actor, made.webhook.id, request)
    assert (changed.state, changed.disabled_reason) == (WebhookState.ACTIVE, None)


async def test_a_replay_begins_at_a_position_or_a_time(admin, actor, acme, desk):
    made = await make(admin, actor, acme)
    key = made.webhook.id
    assert await webhooks.replay(admin, desk, actor, key, after=1) == 1
    assert (await webhooks.progress(admin, desk, actor, key)).position == 1
    assert desk.events[-1].type == "webhook.replayed"
    assert await webhooks.replay(admin, desk, actor, key, since=desk.now() - 3600) == 0
    for wrong in ({"after": 10_000}, {"after": -1}, {"since": desk.now() + 60}, {}):
        with pytest.raises(Invalid):
            await webhooks.replay(admin, desk, actor, key, **wrong)
