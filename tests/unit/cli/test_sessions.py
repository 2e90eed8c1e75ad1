"""`ostiary session` and `ostiary delivery`: who is signed in where, and who is told of the end."""

import asyncio
import sqlite3

import msgspec
import pytest

from ostiary.admin.deliveries import TOPIC
from ostiary.clock import SystemClock
from ostiary.model.grant import Grant
from ostiary.oauth.effects import Enqueue, Insert
from ostiary.store import open_store
from ostiary.store.reads.outbox import NEVER
from support.authorization import make_session

NOW = SystemClock().now()
PAYLOAD = {"client_id": "web", "sub": "u1", "sid": "s", "session_id": "s1"}


@pytest.fixture
def apply(instance, folder):
    """Put things into the instance's database."""
    (path,) = folder.rglob("*.db")

    def write(*effects):
        async def run():
            async with await open_store(f"sqlite:///{path}", SystemClock()) as store:
                await store.apply(effects)

        asyncio.run(run())
        return path

    return write


@pytest.fixture
def alice(instance, apply):
    """A user with two sessions."""
    user = instance("user", "create", "alice").data["id"]
    for number in (1, 2):
        session = make_session(user, NOW, id=f"session-{number}", browser_id="b")
        apply(Insert(msgspec.structs.replace(session, organization_id="default")))
    return user


def ids(ran):
    return [one["id"] for one in ran.data]


@pytest.mark.usefixtures("alice")
def test_one_session_is_ended(instance):
    assert ids(instance("session", "list", "alice")) == ["session-1", "session-2"]
    ran = instance("session", "revoke", "session-1", "--yes")
    assert ran.data == {"ended": ["session-1"]}
    assert ids(instance("session", "list", "alice")) == ["session-2"]
    # One that is over stays so, and nothing is told twice.
    assert instance("session", "revoke", "session-1", "--yes").code == 0
    (event,) = instance("events", "list", "--type", "session.revoked").data
    assert event["target"] == "session-1"


@pytest.mark.usefixtures("alice")
def test_all_sessions_of_a_user_are_ended(instance):
    ran = instance("session", "revoke", "--user", "alice", "--yes")
    assert ran.data == {"ended": ["session-1", "session-2"]}
    assert ids(instance("session", "list", "alice")) == []


@pytest.mark.parametrize("arguments", [(), ("session-1", "--user", "alice")])
@pytest.mark.usefixtures("alice")
def test_either_one_or_all(instance, arguments):
    assert instance("session", "revoke", *arguments, "--yes").code == 2


def test_of_nobody_and_of_no_session(instance):
    assert instance("session", "list", "bob").code == 3
    assert instance("session", "revoke", "nothing", "--yes").code == 3


def test_deliveries_are_seen_and_sent_again(instance, apply):
    assert instance("delivery", "list").data == []
    path = apply(
        Enqueue(TOPIC, PAYLOAD, NOW),
        Enqueue(TOPIC, PAYLOAD | {"client_id": "shop"}, NOW),
        Enqueue("other", {}, NOW),
    )
    assert [one["client_id"] for one in instance("delivery", "list").data] == ["web", "shop"]
    assert instance("delivery", "list", "--failed").data == []

    with sqlite3.connect(path) as database:
        change = (
            "UPDATE outbox SET due_at = ?, attempts = 10, last_error = 'status 500' WHERE id = 1"
        )
        database.execute(change, (NEVER,))
    database.close()
    (failed,) = instance("delivery", "list", "--failed").data
    assert (failed["id"], failed["given_up"], failed["next_at"]) == (1, True, None)
    assert (failed["attempts"], failed["last_error"]) == (10, "status 500")

    assert instance("delivery", "retry", "1").code == 0
    (failed,) = instance("delivery", "list", "--failed").data
    assert (failed["given_up"], failed["attempts"]) == (False, 0)
    ran = instance("delivery", "retry", "3")
    assert (ran.code, ran.error["code"]) == (3, "not_found")


def test_a_page_of_deliveries(instance, apply):
    apply(*(Enqueue(TOPIC, PAYLOAD, NOW) for _ in range(3)))
    ran = instance("delivery", "list", "--limit", "2")
    assert ids(ran) == [1, 2]
    assert "--after 2" in ran.answer["warnings"][0]
    assert ids(instance("delivery", "list", "--after", "2")) == [3]


class TestGrants:
    @pytest.fixture
    def granted(self, alice, instance, apply):
        instance(
            *("app", "create", "--client-id", "shop", "--redirect-uri", "https://shop.test/cb"),
            *("--type", "web"),
        )
        for number in (1, 2):
            apply(
                Insert(
                    Grant(
                        id=f"grant-{number}",
                        client_id="shop",
                        user_id=alice,
                        organization_id="default",
                        session_id=f"session-{number}",
                        sid="sid",
                        scopes=("openid",),
                        auth_time=NOW,
                        acr="urn:ostiary:acr:1fa",
                        amr=("pwd",),
                        created_at=NOW,
                        expires_at=NOW + 3600,
                    )
                )
            )

    @pytest.mark.usefixtures("granted")
    def test_one_is_ended_and_the_other_goes_on(self, instance):
        assert ids(instance("grant", "list", "alice")) == ["grant-1", "grant-2"]
        instance("grant", "revoke", "grant-1", "--yes")
        assert ids(instance("grant", "list", "alice")) == ["grant-2"]
        shown = instance("grant", "show", "grant-1").data
        assert (shown["client_id"], shown["revoked_reason"]) == ("shop", "admin_revoked")

    def test_what_is_unknown(self, instance):
        assert instance("grant", "list", "nobody").code == 3
        assert instance("grant", "show", "nothing").code == 3
        assert instance("grant", "revoke", "nothing", "--yes").code == 3


@pytest.mark.usefixtures("alice")
def test_a_session_is_shown_until_and_after_it_is_over(instance):
    assert instance("session", "show", "session-1").data["revoked_at"] is None
    instance("session", "revoke", "session-1", "--yes")
    assert instance("session", "show", "session-1").data["revoked_reason"] == "admin_revoked"
    assert instance("session", "show", "nothing").code == 3
