"""What people see of their own account, on both engines: what is live, and of whom."""

import itertools

import pytest

from ostiary.model.event import ISSUANCE
from ostiary.model.grant import Consent
from ostiary.model.session import Proof, ProofKind
from ostiary.oauth.effects import (
    Conflict,
    Emit,
    Insert,
    RevokeAccess,
    RevokeGrant,
    RevokeSession,
    Update,
)
from ostiary.oauth.membership import Footing
from ostiary.oauth.usable import standing_refusal
from ostiary.store.reads.accounts import MAX_SESSIONS, Access
from support import records
from support.records import NOW

END = 2**63 - 1


async def add_other_people(store) -> None:
    """Give Bob the same as Alice: none of it is ever hers."""
    await store.apply((Insert(records.user("bob")),))
    session = records.session("bobs", user_id="bob", browser_id="other")
    grant = records.grant("bobs", user_id="bob", session_id="bobs", scopes=("bobs",))
    await store.apply((Insert(session), Insert(grant), Insert(records.consent(user_id="bob"))))


@pytest.fixture
async def signed_in(store):
    await store.apply(records.sign_in())
    await add_other_people(store)
    return store


class TestAccess:
    """Which applications can act for a person."""

    async def test_what_they_may_and_since_when(self, signed_in):
        later = records.grant("later", created_at=NOW + 50, scopes=("openid", "orders.read"))
        family = records.family(grant_id="grant", rotated_at=NOW + 4000)
        offline = records.grant("offline", client_id="blog", offline=True, scopes=("a",))
        await signed_in.apply((Insert(later), Insert(family), Insert(offline)))
        assert await signed_in.access_of(records.user(), NOW + 4001) == (
            Access(client_id="blog", scopes=("a",), since=NOW, last_used_at=NOW, offline=True),
            Access(
                client_id="shop-web",
                scopes=("openid", "orders.read", "profile"),
                since=NOW,
                last_used_at=NOW + 4000,
                offline=False,
            ),
        )

    async def test_what_would_be_refused_is_not_access_and_nothing_else(self, store):
        """The list says what `standing_refusal` says, for each way in which a grant can end."""
        now, footing = NOW + 500, Footing(home=records.organization())
        changed_at = NOW + 100
        user = records.user(credentials_changed_at=changed_at)
        await store.apply((Update(records.user(), {"credentials_changed_at": changed_at}),))
        expected = set()
        ways = itertools.product(
            (True, False),  # offline
            (NOW + 50, NOW + 100),  # created before or after the change of credentials
            (now, now + 1),  # the grant's end
            (now, now + 1),  # the session's end
            ("", "grant", "session"),  # revoked
        )
        for number, (offline, created_at, ends, session_ends, revoked) in enumerate(ways):
            name = f"client-{number:02}"
            session = records.session(f"session-{number}", expires_at=session_ends)
            grant = records.grant(
                f"grant-{number}",
                client_id=name,
                session_id=session.id,
                offline=offline,
                created_at=created_at,
                expires_at=ends,
            )
            await store.apply((Insert(session), Insert(grant)))
            if revoked == "grant":
                await store.apply((RevokeGrant(grant.id, "x", now),))
            elif revoked == "session":
                await store.apply((RevokeSession(session.id, "x", now),))
            standing = await store.standing(grant.id)
            client = records.client(name)
            if standing_refusal(standing, client, footing, now) is None:
                expected.add(name)
        found = {one.client_id for one in await store.access_of(user, now)}
        assert found == expected
        assert 0 < len(expected) < number

    async def test_revoking_it_ends_every_grant_of_one_person_and_one_client(self, signed_in):
        others = (
            records.grant("second"),
            records.grant("offline", offline=True),
            records.grant("blog", client_id="blog"),
        )
        await signed_in.apply(tuple(map(Insert, others)))
        await signed_in.apply((RevokeAccess("alice", "shop-web", "user_revoked", NOW + 5),))
        await signed_in.apply((RevokeAccess("alice", "shop-web", "again", NOW + 6),))
        ended = {}
        for name in ("grant", "second", "offline", "blog", "bobs"):
            grant = (await signed_in.standing(name)).grant
            ended[name] = (grant.revoked_at, grant.revoked_reason)
        revoked, live = (NOW + 5, "user_revoked"), (None, None)
        assert ended == {
            "grant": revoked,
            "second": revoked,
            "offline": revoked,
            "blog": live,
            "bobs": live,
        }
        (left,) = await signed_in.access_of(records.user(), NOW + 7)
        assert left.client_id == "blog"

    async def test_revoking_all_ends_every_grant_of_one_person(self, signed_in):
        others = (records.grant("offline", offline=True), records.grant("blog", client_id="blog"))
        await signed_in.apply(tuple(map(Insert, others)))
        await signed_in.apply((RevokeAccess("alice", None, "password_reset", NOW + 5),))
        for name in ("grant", "offline", "blog"):
            grant = (await signed_in.standing(name)).grant
            assert (grant.revoked_at, grant.revoked_reason) == (NOW + 5, "password_reset")
        assert (await signed_in.standing("bobs")).grant.revoked_at is None
        assert await signed_in.access_of(records.user(), NOW + 7) == ()

    async def test_a_step_that_loses_revokes_nothing(self, signed_in):
        consent = records.consent()
        await signed_in.apply((Insert(consent),))
        await signed_in.apply((Update(consent, {"granted_at": NOW + 1}),))
        step = (
            RevokeAccess("alice", "shop-web", "user_revoked", NOW + 5),
            Update(consent, {"revoked_at": NOW + 5}),
        )
        with pytest.raises(Conflict):
            await signed_in.apply(step)
        assert (await signed_in.standing("grant")).grant.revoked_at is None

    async def test_nobody_and_nothing(self, store):
        nobody = records.user("nobody")
        assert await store.access_of(nobody, NOW) == ()
        assert await store.consents_of("nobody") == ()
        assert await store.live_sessions(nobody, NOW) == ()
        assert await store.sessions_with("nobody", "shop-web") == ()
        assert await store.activity("nobody", ("auth.logout",), END, 10) == ()
        await store.apply((RevokeAccess("nobody", "nothing", "x", NOW),))


class TestConsents:
    """What somebody allows applications."""

    async def test_are_those_not_withdrawn(self, signed_in):
        kept = records.consent(client_id="blog", scopes=("openid", "email"))
        withdrawn = records.consent()
        await signed_in.apply((Insert(kept), Insert(withdrawn)))
        await signed_in.apply((Update(withdrawn, {"revoked_at": NOW}),))
        assert await signed_in.consents_of("alice") == (kept,)
        assert await signed_in.consents_of("bob") == (
            Consent(user_id="bob", client_id="shop-web", scopes=("openid",), granted_at=NOW),
        )


class TestSessions:
    """Where somebody is signed in."""

    async def test_are_live_and_last_used_first(self, signed_in):
        used = records.session("used", last_seen_at=NOW + 50)
        idle = records.session("idle", idle_expires_at=NOW + 60)
        over = records.session("over", expires_at=NOW + 60)
        ended = records.session("ended")
        await signed_in.apply(tuple(map(Insert, (used, idle, over, ended))))
        await signed_in.apply((RevokeSession("ended", "x", NOW),))
        found = await signed_in.live_sessions(records.user(), NOW + 60)
        assert found == (used, records.session())

    async def test_of_before_a_change_of_credentials_are_none(self, signed_in):
        fresh = (Proof(kind=ProofKind.PASSWORD, at=NOW + 10),)
        await signed_in.apply((Insert(records.session("fresh", proofs=fresh)),))
        user = records.user(credentials_changed_at=NOW + 10)
        (found,) = await signed_in.live_sessions(user, NOW + 20)
        assert found.id == "fresh"

    async def test_are_bounded(self, signed_in):
        many = (records.session(f"s{n}") for n in range(MAX_SESSIONS + 5))
        await signed_in.apply(tuple(map(Insert, many)))
        assert len(await signed_in.live_sessions(records.user(), NOW)) == MAX_SESSIONS

    async def test_with_one_application(self, signed_in):
        second = records.session("second")
        grants = (
            records.grant("again"),
            records.grant("second", session_id="second"),
            records.grant("blog", client_id="blog"),
        )
        await signed_in.apply((Insert(second), *map(Insert, grants)))
        found = await signed_in.sessions_with("alice", "shop-web")
        assert [session.id for session in found] == ["second", "session"]
        await signed_in.apply((RevokeSession("second", "x", NOW), RevokeGrant("grant", "x", NOW)))
        found = await signed_in.sessions_with("alice", "shop-web")
        assert [session.id for session in found] == ["session"]


class TestActivity:
    """What happened with an account."""

    async def test_is_newest_first_by_pages_and_by_type(self, store):
        kinds = ("auth.login.success", "consent.granted", "auth.login.success", "csrf.blocked")
        for n, kind in enumerate(kinds):
            await store.apply((Emit(records.event(kind, user_id="alice", at=NOW + n)),))
        await store.apply((Emit(records.event("auth.login.success", user_id="bob")),))
        wanted = ("auth.login.success", "consent.granted")
        first = await store.activity("alice", wanted, END, 2)
        assert [event.at - NOW for _, event in first] == [2, 1]
        (rest,) = await store.activity("alice", wanted, first[-1][0], 2)
        assert rest[1].at == NOW
        (only,) = await store.activity("alice", ("consent.granted",), END, 10)
        assert only[1].type == "consent.granted"

    async def test_leaves_out_everyday_issuance(self, store):
        await store.apply(
            tuple(Emit(records.event(kind, user_id="alice")) for kind in sorted(ISSUANCE))
        )
        assert await store.activity("alice", tuple(ISSUANCE), END, 10) == ()

    @pytest.mark.parametrize("engine", ["sqlite"])
    async def test_is_found_by_index_however_much_is_issued(self, store, engine):
        """Most of somebody's events are about tokens, and are not gone through."""
        from ostiary.store.engine import query  # noqa: PLC0415 - here alone
        from ostiary.store.reads.accounts import _ACTIVITY  # noqa: PLC0415 - here alone

        explain = query(f"EXPLAIN QUERY PLAN {_ACTIVITY.sqlite}")
        plan = await store._engine.listing(explain, "alice", END, '["a"]', 10)
        assert any("events_of_person" in row[-1] for row in plan), plan
