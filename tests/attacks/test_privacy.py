"""What is personal: erased with the person, given out to them, and in no event (PR, RT, LX)."""

import json
import sqlite3
from pathlib import Path

import pytest

from ostiary.admin import user_export, users
from ostiary.admin.actor import operator
from ostiary.admin.decode import decode
from ostiary.admin.errors import NotFound
from ostiary.admin.organizations import OrganizationFields
from ostiary.admin.organizations import create as create_organization
from ostiary.admin.user_fields import UserFields
from ostiary.clock import SystemClock
from ostiary.identity import notices
from ostiary.model.mail import MAIL, Mail
from ostiary.model.ticket import Purpose
from ostiary.model.user import User, UserState
from ostiary.oauth.effects import Enqueue, Insert
from ostiary.store import open_store
from support import records
from support.desk import NOW, Desk

# Texts that stand nowhere else: finding one in the database is finding a trace.
PERSON = {
    "username": "zq-username",
    "password": {"plain": "zq-password"},
    "email": {"address": "zq-mail@zq-domain.test", "verified": True},
    "phone": {"number": "+41446681899"},
    "profile": {"given_name": "Zqgiven", "family_name": "Zqfamily", "birthdate": "1971-02-03"},
    "address": {"locality": "Zqtown", "postal_code": "98761"},
    "metadata": {"zq-key": "zq-value"},
}
TRACES = (
    "zq-username", "zq-mail", "zq-domain", "41446681899", "zqgiven", "zqfamily", "1971-02-03",
    "zqtown", "98761", "zq-key", "zq-value", "zq-password", "192.0.2.77", "Zqbrowser",
    "Zqphone", "192.0.2.78", "Zqtablet", "zq-formerly", "Zqplace",
)  # fmt: skip
# What nobody is given: it says nothing about the person, or is about to go.
PASSING = ("zq-password", "zq-formerly", "Zqplace")


@pytest.fixture
async def place(tmp_path):
    """A person with everything that a person can have, and the file of the database."""
    path = tmp_path / "ostiary.db"
    async with await open_store(f"sqlite:///{path}", SystemClock()) as store:
        await store.migrate()
        desk = Desk(store)
        actor = operator("tester")
        await create_organization(desk.admin, actor, OrganizationFields(id="acme"))
        made = await users.create(desk.admin, actor, "acme", decode(UserFields, PERSON))
        await users.update(
            desk.admin, actor, made.id, decode(UserFields, {"profile": {"nickname": "Zqgiven"}})
        )
        await store.apply(
            (
                Insert(records.project()),
                Insert(records.browser()),
                Insert(records.session(user_id=made.id, ip="192.0.2.77", user_agent="Zqbrowser/1")),
                Insert(records.grant(user_id=made.id)),
                Insert(records.consent(user_id=made.id)),
                Insert(records.role_assignment(user_id=made.id)),
                Insert(records.group()),
                Insert(records.group_member(user_id=made.id)),
                Insert(records.personal_token(user_id=made.id)),
                Insert(records.factor(user_id=made.id, name="Zqphone")),
                Insert(
                    records.trusted_device(
                        user_id=made.id, ip="192.0.2.78", user_agent="Zqtablet/1"
                    )
                ),
                *(
                    Insert(
                        records.ticket(
                            purpose.value,
                            purpose=purpose,
                            user_id=made.id,
                            email="zq-formerly@zq-domain.test",
                        )
                    )
                    for purpose in Purpose
                ),
                *mails_about(made),
            )
        )
        (given_up,) = await store.claim_messages(desk.now_ + 10, 1, 60)
        await store.give_up_message(given_up, "no such mailbox: zq-formerly@zq-domain.test")
        yield desk, actor, made, path


def mails_about(user: User) -> tuple[Enqueue, ...]:
    """Return mails that wait: to the person, about them, and to somebody at their address."""
    mails = (
        Mail(template="new_device", to="zq-formerly@zq-domain.test", user_id=user.id,
             organization_id="acme", values={"device": "Zqplace"}),
        Mail(template="password_changed", to=user.email or "", user_id=user.id,
             organization_id="acme"),
        Mail(template="registration_taken", to="ZQ-mail@zq-domain.test", organization_id="acme"),
    )  # fmt: skip
    return tuple(notices.enqueue(mail, NOW + number) for number, mail in enumerate(mails))


def dump(path: Path) -> str:
    """Return every value of every table of a database, as text."""
    database = sqlite3.connect(path)
    tables = [
        name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    ]
    rows = [str(row) for name in tables for row in database.execute(f'SELECT * FROM "{name}"')]
    database.close()
    return "\n".join(rows).lower()


async def deliver_farewell(desk) -> None:
    """Let the last mail be sent, which tells the person: it has to know where to."""
    for message in await desk.list_messages(MAIL, 0, 99, failed=False):
        if message.payload["template"] == "account_deleted":
            assert await desk.admin.store.delete_message(MAIL, message.id)
            return
    raise AssertionError("nobody is told")


async def test_pr_01_nothing_personal_is_left_of_who_was_deleted(place):
    desk, actor, made, path = place
    before = dump(path)
    assert all(trace.lower() in before for trace in TRACES if trace != "zq-password")
    deleted = await users.delete(desk.admin, actor, made.id)
    assert deleted.state is UserState.DELETED
    await deliver_farewell(desk)
    after = dump(path)
    assert [trace for trace in TRACES if trace.lower() in after] == []
    # The row stays, so that the id is never given out again.
    assert made.id in after


async def test_pr_01_mail_of_others_waits_on(place):
    desk, actor, made, _ = place
    other = Mail(template="new_device", to="bob@acme.test", user_id="bob", organization_id="acme")
    await desk.apply((notices.enqueue(other, NOW),))
    await users.delete(desk.admin, actor, made.id)
    await deliver_farewell(desk)
    (kept,) = await desk.list_messages(MAIL, 0, 99, failed=False)
    assert kept.payload["to"] == "bob@acme.test"


async def test_pr_02_everything_of_who_was_deleted_ends(place):
    desk, actor, made, _ = place
    await users.delete(desk.admin, actor, made.id)
    store = desk.admin.store
    (session,) = await store.list_sessions_of_user(made.id, "", 10)
    (grant,) = await store.list_grants_of_user(made.id, "", 10)
    assert session.revoked_reason == grant.revoked_reason == "user_deleted"
    assert await store.list_consents_of_user(made.id, "", 10) == ()
    assert await store.list_personal_tokens(made.id, "", 10) == ()
    assert await store.list_groups_of_user(made.id, "", 10) == ()
    assert await store.role_assignments("shop", made.id) == ()
    with pytest.raises(NotFound):
        await users.find(desk.admin, actor, made.id)


async def test_rt_13_who_comes_again_under_the_same_names_is_somebody_else(place):
    desk, actor, made, _ = place
    await users.delete(desk.admin, actor, made.id)
    again = await users.create(desk.admin, actor, "acme", decode(UserFields, PERSON))
    assert again.id != made.id
    assert await desk.admin.store.list_grants_of_user(again.id, "", 10) == ()
    with pytest.raises(Exception, match="taken"):
        await users.create(
            desk.admin, actor, "acme", decode(UserFields, {"username": "x"}), made.id
        )


async def test_pr_03_an_export_holds_everything_and_no_credential(place):
    desk, actor, _, _ = place
    found = await user_export.export(desk.admin, actor, "zq-username")
    text = json.dumps(found, ensure_ascii=False)
    missing = [trace for trace in TRACES if trace.lower() not in text.lower()]
    assert missing == list(PASSING)
    assert found["account"]["has_password"] is True
    assert "hash of" not in text
    for part in (
        *("sessions", "applications", "consents", "personal_tokens", "groups", "roles"),
        *("factors", "trusted_devices"),
    ):
        assert len(found[part]) == 1, part
    assert "sealed" not in text
    assert [event["type"] for event in found["events"]] == ["account.updated", "account.created"]
    (token,) = found["personal_tokens"]
    assert set(token) == {
        "id", "name", "scopes", "created_at", "expires_at", "last_used_at",
    }  # fmt: skip
    assert desk.events[-1].type == "account.exported"


async def test_pr_04_events_name_fields_and_never_their_values(place):
    desk, actor, made, _ = place
    await users.set_state(desk.admin, actor, made.id, UserState.LOCKED)
    await users.delete(desk.admin, actor, made.id)
    told = " ".join(map(repr, desk.events))
    assert [trace for trace in TRACES if trace.lower() in told.lower()] == []
    updated = next(event for event in desk.events if event.type == "account.updated")
    assert updated.details == {"changed": ["profile"]}


async def test_pr_05_an_interrupted_deletion_can_be_repeated(place):
    desk, actor, made, path = place
    left = 3

    class Failing(Desk):
        async def apply(self, effects):
            nonlocal left
            left -= 1
            if not left:
                raise ConnectionError
            await super().apply(effects)

    with pytest.raises(ConnectionError):
        await users.delete(Failing(desk._store).admin, actor, made.id)
    assert (await users.find(desk.admin, actor, made.id)).state is UserState.ACTIVE
    await users.delete(desk.admin, actor, made.id)
    await deliver_farewell(desk)
    assert [trace for trace in TRACES if trace.lower() in dump(path)] == []
