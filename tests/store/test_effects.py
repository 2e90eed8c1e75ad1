"""Each effect with exactly its precondition, on both engines."""

import asyncio

import pytest

from ostiary.model.client import Client
from ostiary.model.event import Result
from ostiary.model.grant import AccessToken, AuthorizationCode, Consent, Grant, Interaction
from ostiary.model.organization import Project, RoleAssignment
from ostiary.model.record import Record
from ostiary.model.registration import UnusedClient
from ostiary.model.session import Session
from ostiary.model.setup import SetupToken
from ostiary.model.trace import Endpoint, Trace
from ostiary.model.user import LoginName, User
from ostiary.oauth.effects import (
    Clear,
    Conflict,
    Consume,
    Count,
    Delete,
    Emit,
    Enqueue,
    Insert,
    Remember,
    Require,
    RevokeGrant,
    RevokeSession,
    RevokeToken,
    Update,
)
from ostiary.store import Store
from ostiary.store.tables import TABLES
from support import records
from support.records import NOW, digest

SAMPLES: dict[str, Record] = {
    "organizations": records.organization("other"),
    "projects": records.project("other"),
    "apis": records.api(),
    "verified_domains": records.verified_domain(),
    "images": records.image(),
    "clients": records.client("other"),
    "role_assignments": records.role_assignment(),
    "administrators": records.administrator(),
    "kept_answers": records.kept_answer(),
    "signing_keys": records.signing_key(),
    "instance_keys": records.instance_key(),
    "users": records.user("bob"),
    "factors": records.factor(),
    "trusted_devices": records.trusted_device(),
    "login_names": records.login_name("alice@acme.test"),
    "memberships": records.membership(),
    "user_groups": records.group(),
    "group_members": records.group_member(),
    "project_grants": records.project_grant(),
    "personal_tokens": records.personal_token(),
    "setup_tokens": records.setup_token(),
    "tickets": records.ticket(),
    "registration_tokens": records.registration_token(),
    "unused_clients": records.unused_client(),
    "silences": records.silence(),
    "mends": records.mend(),
    "webhooks": records.webhook(),
    "browsers": records.browser(),
    "sessions": records.session(),
    "grants": records.grant(),
    "consents": records.consent(),
    "interactions": records.interaction(),
    "pushed_requests": records.pushed_request(),
    "device_codes": records.device_code(),
    "authorization_codes": records.code(),
    "refresh_families": records.family(),
    "access_tokens": records.access_token(),
    "traces": Trace(
        id="trace",
        at=NOW,
        endpoint=Endpoint.TOKEN,
        outcome=Result.FAILURE,
        client_id="client",
        parameters={"grant_type": "authorization_code"},
        error="invalid_grant",
    ),
}


async def events(store: Store) -> list[str]:
    return [event.type for _, event in await store.events()]


async def loses(store: Store, *effects, to) -> None:
    """Hold a step to losing by one effect, and to having changed nothing."""
    before = await store.counts()
    marked = (*effects, Emit(records.event("never")))
    with pytest.raises(Conflict) as conflict:
        await store.apply(marked)
    assert conflict.value.effect is to
    assert await store.counts() == before


async def test_a_step_without_effects_does_nothing(store):
    before = await store.counts()
    await store.apply(())
    assert await store.counts() == before


def test_every_table_has_a_sample():
    assert {table.name for table in TABLES} == {*SAMPLES, "configuration"}


@pytest.mark.parametrize("table", SAMPLES)
async def test_insert_writes_a_record_once(store, table):
    record = SAMPLES[table]
    insert = Insert(record)
    before = (await store.counts())[table]
    await store.apply((insert,))
    assert (await store.counts())[table] == before + 1
    again = Insert(record)
    await loses(store, again, to=again)


@pytest.mark.parametrize("table", SAMPLES)
async def test_insert_loses_within_its_own_step_too(store, table):
    record = SAMPLES[table]
    second = Insert(record)
    await loses(store, Insert(record), second, to=second)


async def test_insert_of_a_login_name_is_unique_over_users_and_addresses(store):
    await store.apply((Insert(records.user("bob")),))
    taken = Insert(records.login_name("alice", "bob"))
    await loses(store, taken, to=taken)
    assert (await store.user_by_login_name("alice")).id == "alice"


async def test_insert_of_a_second_api_with_an_audience_loses_until_the_first_is_deleted(store):
    first, second = records.api("one"), records.api("two", audience="https://one.acme.test")
    await store.apply((Insert(first),))
    insert = Insert(second)
    await loses(store, insert, to=insert)
    await store.apply((Update(first, {"state": type(first.state).DELETED}),))
    await store.apply((insert,))
    assert (await store.read_api_by_audience("https://one.acme.test")).id == "two"


async def test_insert_of_a_record_that_names_no_organization_is_refused(store):
    with pytest.raises(ValueError, match=r"(?i)foreign key"):
        await store.apply((Insert(records.project("stray", organization_id="nobody")),))


async def test_insert_of_an_event_is_refused(store):
    with pytest.raises(TypeError, match="emitted"):
        await store.apply((Insert(records.event()),))


async def test_update_changes_what_it_names_and_raises_the_version(store):
    alice = await store.user("alice")
    await store.apply((Update(alice, {"username": "alicia", "email_verified": True}),))
    changed = await store.user("alice")
    assert (changed.username, changed.email_verified, changed.version) == ("alicia", True, 2)
    assert changed.profile == alice.profile
    assert changed.address == alice.address


async def test_update_without_changes_raises_the_version(store):
    alice = await store.user("alice")
    await store.apply((Update(alice, {}),))
    assert (await store.user("alice")).version == 2


async def test_update_of_an_older_version_loses(store):
    alice = await store.user("alice")
    await store.apply((Update(alice, {"username": "alicia"}),))
    late = Update(alice, {"username": "alison"})
    await loses(store, late, to=late)
    assert (await store.user("alice")).username == "alicia"


async def test_update_of_a_record_that_is_not_there_loses(store):
    missing = Update(records.user("nobody"), {"username": "somebody"})
    await loses(store, missing, to=missing)


async def test_update_twice_in_one_step_loses_by_the_second(store):
    alice = await store.user("alice")
    second = Update(alice, {"email_verified": True})
    await loses(store, Update(alice, {"username": "alicia"}), second, to=second)


@pytest.mark.parametrize("name", ["id", "version"])
async def test_update_cannot_set_the_key_or_version(store, name):
    alice = await store.user("alice")
    with pytest.raises(ValueError, match=name):
        await store.apply((Update(alice, {name: "other"}),))


async def test_update_cannot_revoke(store):
    await store.apply(records.sign_in())
    with pytest.raises(ValueError, match="revoked_at"):
        await store.apply((Update(records.session(), {"revoked_at": None}),))


async def test_update_of_a_field_that_does_not_exist_is_refused(store):
    with pytest.raises(TypeError):
        await store.apply((Update(await store.user("alice"), {"nothing": 1}),))


async def test_update_of_a_composite_key(store):
    await store.apply((Insert(records.consent()),))
    await store.apply((Update(records.consent(), {"scopes": ("openid", "email")}),))
    assert (await store.consent("alice", "shop-web")).scopes == ("openid", "email")


async def test_delete_removes_a_login_name_and_is_idempotent(store):
    for _ in range(2):
        await store.apply((Delete(LoginName, "alice"), Emit(records.event("renamed"))))
        assert await store.user_by_login_name("alice") is None
    assert await events(store) == ["renamed", "renamed"]


async def test_delete_frees_a_name_for_another_in_the_same_step(store):
    await store.apply((Insert(records.user("bob")),))
    await store.apply((Delete(LoginName, "alice"), Insert(records.login_name("alice", "bob"))))
    assert (await store.user_by_login_name("alice")).id == "bob"


async def test_delete_removes_a_role_assignment(store):
    await store.apply((Insert(records.role_assignment()),))
    replaced = records.role_assignment("second")
    await store.apply((Delete(RoleAssignment, "assignment"), Insert(replaced)))
    assert await store.role_assignments("shop", "alice") == (replaced,)


async def test_a_client_that_was_never_used_goes_for_good(store):
    made = records.client("other", web_origins=("https://other.test",))
    note = records.unused_client("other")
    await store.apply((Insert(made), Insert(note)))
    assert await store.is_web_origin("https://other.test")
    await store.apply((Update(note, {}), Delete(Client, "other"), Delete(UnusedClient, "other")))
    assert await store.client("other") is None
    assert not await store.is_web_origin("https://other.test")


async def test_a_client_that_was_used_meanwhile_stays(store):
    note = records.unused_client()
    await store.apply((Insert(note),))
    await store.apply((Delete(UnusedClient, "shop-web"),))
    touch = Update(note, {})
    await loses(store, touch, Delete(Client, "shop-web"), to=touch)
    # To note the use again does nothing.
    await store.apply((Delete(UnusedClient, "shop-web"),))


@pytest.mark.parametrize("kind", [User, Project, Grant, AuthorizationCode])
async def test_delete_of_anything_else_is_refused(store, kind):
    with pytest.raises(TypeError, match="kept"):
        await store.apply((Delete(kind, "alice"),))


@pytest.mark.parametrize(
    ("record", "read"),
    [
        (records.code(), "code"),
        (records.interaction(), "interaction"),
        (records.pushed_request(), "pushed_request"),
        (records.device_code(), "device_code"),
        (records.setup_token(), None),
    ],
    ids=["code", "interaction", "pushed request", "device code", "setup token"],
)
async def test_consume_uses_a_record_up_once(store, record, read):
    await store.apply((*records.sign_in(), Insert(record)))
    await store.apply((Consume(type(record), record.digest, NOW + 1),))
    if read is not None:
        found = await getattr(store, read)(record.digest)
        assert getattr(found, "code", found).consumed_at == NOW + 1
    again = Consume(type(record), record.digest, NOW + 2)
    await loses(store, again, to=again)


async def test_consume_loses_when_it_expired_at_that_very_second(store):
    await store.apply((*records.sign_in(), Insert(records.code())))
    late = Consume(AuthorizationCode, digest("code"), NOW + 60)
    await loses(store, late, to=late)
    await store.apply((Consume(AuthorizationCode, digest("code"), NOW + 59),))


async def test_consume_of_nothing_loses(store):
    missing = Consume(Interaction, digest("nothing"), NOW)
    await loses(store, missing, to=missing)


async def test_consume_of_another_kind_of_value_loses(store):
    # CO-06: one value never passes for another kind.
    await store.apply((Insert(records.setup_token("value")),))
    other = Consume(Interaction, digest("value"), NOW)
    await loses(store, other, to=other)
    await store.apply((Consume(SetupToken, digest("value"), NOW),))


async def test_consume_of_what_is_not_for_single_use_is_refused(store):
    with pytest.raises(TypeError, match="single use"):
        await store.apply((Consume(AccessToken, digest("token"), NOW),))


@pytest.mark.parametrize(("kind", "key"), [(Grant, "grant"), (Session, "session")])
async def test_require_holds_while_nothing_is_revoked(store, kind, key):
    await store.apply(records.sign_in())
    await store.apply((Require(kind, key), Emit(records.event("held"))))
    assert await events(store) == ["held"]


@pytest.mark.parametrize(("kind", "key"), [(Grant, "grant"), (Session, "session")])
async def test_require_loses_after_revocation(store, kind, key):
    await store.apply(records.sign_in())
    revoke = RevokeGrant(key, "test", NOW) if kind is Grant else RevokeSession(key, "test", NOW)
    await store.apply((revoke,))
    require = Require(kind, key)
    await loses(store, require, to=require)


async def test_require_of_nothing_loses(store):
    require = Require(Grant, "nothing")
    await loses(store, require, to=require)


async def test_require_of_what_cannot_be_revoked_is_refused(store):
    with pytest.raises(TypeError, match="revoked"):
        await store.apply((Require(Consent, "alice"),))


async def test_count_stops_at_its_limit(store):
    for _ in range(3):
        await store.apply((Count("key", 3, 60, NOW),))
    fourth = Count("key", 3, 60, NOW + 59)
    await loses(store, fourth, to=fourth)
    usage = (await store.usage(("key", "other")))["key"]
    assert (usage.count, usage.last_at, usage.expires_at) == (3, NOW, NOW + 60)


async def test_count_begins_anew_when_its_window_ends(store):
    await store.apply((Count("key", 1, 60, NOW),))
    await store.apply((Count("key", 1, 60, NOW + 60),))
    usage = (await store.usage(("key",)))["key"]
    assert (usage.count, usage.last_at, usage.expires_at) == (1, NOW + 60, NOW + 120)


async def test_count_within_a_window_does_not_prolong_it(store):
    await store.apply((Count("key", 9, 60, NOW),))
    await store.apply((Count("key", 9, 60, NOW + 30),))
    usage = (await store.usage(("key",)))["key"]
    assert (usage.count, usage.last_at, usage.expires_at) == (2, NOW + 30, NOW + 60)


@pytest.mark.parametrize("limit", [0, -1])
async def test_count_with_no_room_at_all_loses(store, limit):
    none = Count("key", limit, 60, NOW)
    await loses(store, none, to=none)


async def test_count_of_two_keys_counts_neither_where_one_is_full(store):
    await store.apply((Count("full", 1, 60, NOW),))
    for order in (("full", "free"), ("free", "full"), ("aaaa", "full"), ("zzzz", "full")):
        counts = {key: Count(key, 1, 60, NOW) for key in order}
        await loses(store, *counts.values(), to=counts["full"])
    assert set(await store.usage(("full", "free", "aaaa", "zzzz"))) == {"full"}


async def test_clear_forgets_a_count_and_is_idempotent(store):
    await store.apply((Count("key", 1, 60, NOW),))
    for _ in range(2):
        await store.apply((Clear("key"),))
        assert await store.usage(("key",)) == {}
    await store.apply((Count("key", 1, 60, NOW),))


async def test_effects_on_one_record_are_applied_as_given(store):
    await store.apply((Count("key", 1, 60, NOW),))
    await store.apply((Clear("key"), Count("key", 1, 60, NOW)))
    lost = Count("key", 1, 60, NOW)
    await loses(store, lost, Clear("key"), to=lost)


async def test_revoke_grant_is_idempotent_and_keeps_the_first_reason(store):
    await store.apply(records.sign_in())
    await store.apply((RevokeGrant("grant", "first", NOW),))
    await store.apply((RevokeGrant("grant", "second", NOW + 1), RevokeGrant("nothing", "x", NOW)))
    grant = (await store.standing("grant")).grant
    assert (grant.revoked_at, grant.revoked_reason) == (NOW, "first")


async def test_revoke_session_ends_the_grants_that_rest_on_it_alone(store):
    await store.apply(records.sign_in())
    await store.apply(
        (
            Insert(records.grant("offline", offline=True)),
            Insert(records.session("other")),
            Insert(records.grant("elsewhere", session_id="other")),
        )
    )
    for at in (NOW, NOW + 1):
        await store.apply((RevokeSession("session", "logout", at),))
    found = {id_: (await store.standing(id_)).grant for id_ in ("grant", "offline", "elsewhere")}
    assert (found["grant"].revoked_at, found["grant"].revoked_reason) == (NOW, "logout")
    assert found["offline"].revoked_at is None
    assert found["elsewhere"].revoked_at is None
    session = (await store.standing("grant")).session
    assert (session.revoked_at, session.revoked_reason) == (NOW, "logout")


async def test_revoke_token_ends_one_token_and_keeps_the_first_time(store):
    await store.apply((*records.sign_in(), Insert(records.access_token("other"))))
    await store.apply((Insert(records.access_token("token")),))
    for at in (NOW, NOW + 1):
        await store.apply((RevokeToken(digest("token"), at), RevokeToken(b"nothing", at)))
    assert (await store.access_token(digest("token"))).token.revoked_at == NOW
    assert (await store.access_token(digest("other"))).token.revoked_at is None


async def test_revoke_token_beside_other_effects(store):
    await store.apply((*records.sign_in(), Insert(records.access_token("token"))))
    await store.apply(
        (
            RevokeToken(digest("token"), NOW),
            RevokeGrant("grant", "logout", NOW),
            Remember("s", b"value", NOW),
            Emit(records.event("token.revoked")),
        )
    )
    found = await store.access_token(digest("token"))
    assert (found.token.revoked_at, found.standing.grant.revoked_at) == (NOW, NOW)
    assert await events(store) == ["token.revoked"]


async def test_revoke_of_several_sessions_and_grants_in_one_step(store):
    await store.apply(records.sign_in())
    await store.apply(
        (Insert(records.session("two")), Insert(records.grant("g2", session_id="two")))
    )
    await store.apply(
        (
            RevokeSession("session", "logout", NOW),
            RevokeSession("two", "logout", NOW),
            RevokeGrant("grant", "logout", NOW),
            Emit(records.event("session.revoked")),
        )
    )
    assert await store.sessions("browser") == ()
    assert (await store.standing("g2")).grant.revoked_at == NOW
    assert await events(store) == ["session.revoked"]


async def test_update_of_a_session_does_not_undo_its_revocation(store):
    await store.apply(records.sign_in())
    seen = (await store.standing("grant")).session
    await store.apply((RevokeSession("session", "logout", NOW),))
    await store.apply((Update(seen, {"last_seen_at": NOW + 9, "ip": "192.0.2.9"}),))
    session = (await store.standing("grant")).session
    assert (session.revoked_at, session.last_seen_at, session.ip) == (NOW, NOW + 9, "192.0.2.9")


async def test_remember_burns_a_value_once(store):
    # CA-01: the same jti a second time, and another client's of the same text.
    await store.apply((Remember("client_assertion:a", b"jti", NOW + 60),))
    again = Remember("client_assertion:a", b"jti", NOW + 600)
    await loses(store, again, to=again)
    await store.apply((Remember("client_assertion:b", b"jti", NOW + 60),))
    await store.apply((Remember("client_assertion:a", b"other", NOW + 60),))


async def test_remember_of_two_values_burns_neither_where_one_was_burnt(store):
    await store.apply((Remember("s", b"burnt", NOW),))
    for first, second in ((b"burnt", b"fresh"), (b"fresh", b"burnt"), (b"a", b"burnt")):
        pair = {value: Remember("s", value, NOW) for value in (first, second)}
        await loses(store, *pair.values(), to=pair[b"burnt"])
    await store.apply((Remember("s", b"fresh", NOW), Remember("s", b"a", NOW)))


async def test_emit_appends_events_in_order(store):
    await store.apply(tuple(Emit(records.event(f"e{n}")) for n in range(70)))
    await store.apply((Emit(records.event("last", details={"changed": ["a", "b"]})),))
    found = await store.events(limit=100)
    assert [event.type for _, event in found] == [*(f"e{n}" for n in range(70)), "last"]
    assert found[-1][1] == records.event("last", details={"changed": ["a", "b"]})
    positions = [position for position, _ in found]
    assert positions == sorted(set(positions))


async def test_enqueue_puts_a_message_out(store):
    await store.apply((Enqueue("mail", {"to": "alice@acme.test"}, NOW),))
    (message,) = await store.claim_messages(NOW, 10, 60)
    assert (message.topic, message.payload) == ("mail", {"to": "alice@acme.test"})


REDEMPTION = (
    Require(Grant, "grant"),
    Require(Session, "session"),
    Consume(AuthorizationCode, digest("code"), NOW),
    Remember("client_assertion:shop-web", b"jti", NOW + 60),
    Count("redeem", 1, 60, NOW),
    Insert(records.consent()),
    Insert(records.family()),
    Insert(records.access_token()),
    Update(records.session(), {"last_seen_at": NOW + 1}),
    Clear("failures"),
    Enqueue("webhook", {}, NOW),
    Emit(records.event("code.redeemed")),
    Emit(records.event("token.issued")),
)


async def test_a_step_of_everything_is_applied_whole(store):
    await store.apply((*records.sign_in(), Insert(records.code()), Count("failures", 9, 60, NOW)))
    await store.apply(REDEMPTION)
    assert await events(store) == ["code.redeemed", "token.issued"]
    standing = await store.refresh_family(b"family")
    assert standing.standing.session.last_seen_at == NOW + 1
    assert await store.access_token(digest("token")) is not None
    assert set(await store.usage(("redeem", "failures"))) == {"redeem"}
    assert await store.consent("alice", "shop-web") == records.consent()


SPOILERS = {
    Require: RevokeSession("session", "logout", NOW),
    Consume: Consume(AuthorizationCode, digest("code"), NOW),
    Remember: Remember("client_assertion:shop-web", b"jti", NOW),
    Count: Count("redeem", 1, 60, NOW),
    Insert: Insert(records.consent()),
    Update: Update(records.session(), {}),
}


@pytest.mark.parametrize("kind", SPOILERS, ids=lambda kind: kind.__name__)
async def test_a_step_of_everything_is_applied_not_at_all(store, kind):
    # CO-09: never "used but no token", whichever part of the step loses.
    await store.apply((*records.sign_in(), Insert(records.code())))
    await store.apply((SPOILERS[kind],))
    before = await store.counts()
    with pytest.raises(Conflict) as conflict:
        await store.apply(REDEMPTION)
    assert type(conflict.value.effect) is kind
    assert conflict.value.effect in REDEMPTION
    assert await store.counts() == before
    code = (await store.code(digest("code"))).code
    assert (code.consumed_at is None) == (kind is not Consume)


async def test_a_random_key_that_is_taken_undoes_the_whole_step(store):
    await store.apply((*records.sign_in(), Insert(records.code()), Insert(records.family())))
    taken = Insert(records.family())
    consume = Consume(AuthorizationCode, digest("code"), NOW)
    await loses(store, consume, Insert(records.access_token()), taken, to=taken)
    assert (await store.code(digest("code"))).code.consumed_at is None


async def test_a_large_step_is_applied_whole(store):
    inserts = tuple(Insert(records.client(f"client-{n}")) for n in range(60))
    await store.apply((*inserts, Emit(records.event("applied"))))
    assert (await store.counts())["clients"] == 61
    last = Insert(records.client("client-7"))
    more = tuple(Insert(records.client(f"more-{n}")) for n in range(60))
    await loses(store, *more, last, to=last)


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"], ids=["NUL", "surrogate"])
class TestStrangeText:
    """LO-10: text that a database cannot hold is an answer, never an accident."""

    async def test_is_found_nowhere(self, store, text):
        assert await store.client(text) is None
        assert await store.user_by_login_name(text) is None
        assert await store.sessions(text) == ()
        assert await store.usage((text,)) == {}
        assert await store.list_users(text, "", 10) == ()

    async def test_does_not_keep_an_event_from_being_written(self, store, text):
        await store.apply((Emit(records.event(client_id=text)), Emit(records.event("second"))))
        await store.apply((Count("key", 1, 60, NOW), Emit(records.event(client_id=text))))
        found = await store.events()
        assert len(found) == 3
        assert all(event.client_id.startswith(("a", "shop")) for _, event in found)

    async def test_does_not_spoil_the_steps_of_others(self, store, text):
        clients = [text if n % 3 == 0 else "c" for n in range(30)]
        steps = [(Emit(records.event(client_id=one)),) for one in clients]
        await asyncio.gather(*map(store.apply, steps))
        assert len(await store.events()) == 30


async def test_a_value_that_cannot_be_stored_is_refused_alone(store):
    steps = [(Count(f"key-{n}", 2**70 if n == 5 else 9, 60, NOW),) for n in range(12)]
    ends = await asyncio.gather(*map(store.apply, steps), return_exceptions=True)
    assert [n for n, end in enumerate(ends) if end is not None] == [5]
    assert isinstance(ends[5], ValueError)
    assert len(await store.usage(tuple(f"key-{n}" for n in range(12)))) == 11
