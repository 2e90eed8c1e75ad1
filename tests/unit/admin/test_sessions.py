"""Sessions that an administrator ends, or that end with their user: applications are told."""

import pytest

from ostiary.admin import sessions, user_passwords, users
from ostiary.admin.errors import NotAllowed, NotFound
from ostiary.admin.user_fields import UserFields
from ostiary.model.user import UserState
from ostiary.oauth.effects import Insert
from ostiary.store.plan import SESSION_ENDED
from support.actors import holding
from support.authorization import change, make_session


@pytest.fixture
async def alice(admin, actor, acme, desk):
    """A user of ACME with three sessions, and somebody else with one."""
    made = await users.create(admin, actor, "acme", UserFields(username="alice"))
    for owner, number in ((made.id, 1), (made.id, 2), (made.id, 3), ("bob", 4)):
        session = make_session(owner, desk.now(), id=f"session-{number}")
        await desk.apply((Insert(change(session, organization_id="acme")),))
    return made


async def told(desk):
    """Return the sessions about whose end the outbox has a message."""
    found = await desk.list_messages(SESSION_ENDED, 0, 100, failed=False)
    return [message.payload["session_id"] for message in found]


async def test_one(admin, actor, alice, desk):
    await sessions.revoke(admin, actor, "session-2")
    assert await told(desk) == ["session-2"]
    ended = await desk.read_session("session-2")
    assert (ended.revoked_at, ended.revoked_reason) == (desk.now(), "admin_revoked")
    event = desk.events[-1]
    assert (event.type, event.user_id, event.target) == ("session.revoked", alice.id, "session-2")
    left = await sessions.list_of(admin, actor, alice.id)
    assert [one.id for one in left] == ["session-1", "session-3"]


async def test_once(admin, actor, alice, desk):
    for _ in range(2):
        await sessions.revoke(admin, actor, "session-2")
    assert await told(desk) == ["session-2"]


async def test_all_of_a_user(admin, actor, alice, desk):
    ended = await sessions.revoke_all(admin, actor, alice.id)
    assert [one.id for one in ended] == ["session-1", "session-2", "session-3"]
    assert await told(desk) == ["session-1", "session-2", "session-3"]
    assert await sessions.revoke_all(admin, actor, alice.id) == ()


@pytest.mark.parametrize("state", [UserState.LOCKED, UserState.DEACTIVATED])
async def test_se_04_a_user_who_is_switched_off_takes_their_sessions_along(
    admin, actor, alice, desk, state
):
    await users.set_state(admin, actor, alice.id, state)
    assert await told(desk) == ["session-1", "session-2", "session-3"]
    ended = await desk.read_session("session-1")
    assert ended.revoked_reason == f"user_{state}"
    await users.set_state(admin, actor, alice.id, UserState.ACTIVE)
    assert await sessions.list_of(admin, actor, alice.id) == ()


async def test_se_04_so_does_a_new_password(admin, actor, alice, desk):
    await user_passwords.set_password(admin, actor, alice.id)
    assert len(await told(desk)) == 3


async def test_se_04_and_a_user_who_is_deleted(admin, actor, alice, desk):
    await users.delete(admin, actor, alice.id)
    assert len(await told(desk)) == 3


async def test_what_does_not_change_anything_tells_nobody(admin, actor, alice, desk):
    await users.set_state(admin, actor, alice.id, UserState.ACTIVE)
    assert await told(desk) == []


async def test_of_others_there_are_none(admin, actor, alice):
    stranger = holding("org_owner", "other")
    for step in (
        sessions.revoke(admin, stranger, "session-1"),
        sessions.revoke_all(admin, stranger, alice.id),
        sessions.list_of(admin, stranger, alice.id),
        sessions.revoke(admin, actor, "nothing"),
        sessions.revoke_all(admin, actor, "nobody"),
        sessions.list_of(admin, actor, "nobody"),
    ):
        with pytest.raises(NotFound):
            await step
    reader = holding("org_viewer", "acme")
    with pytest.raises(NotAllowed):
        await sessions.revoke(admin, reader, "session-1")


async def test_more_than_a_page(admin, actor, alice, desk):
    for number in range(5, 130):
        session = make_session(alice.id, desk.now(), id=f"session-{number}")
        await desk.apply((Insert(session),))
    assert len(await sessions.revoke_all(admin, actor, alice.id)) == 128
