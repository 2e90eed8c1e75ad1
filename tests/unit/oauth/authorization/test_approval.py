"""What a successful request leaves behind."""

import pytest

from ostiary.clock import SystemEntropy
from ostiary.model.client import Client, Lifetimes
from ostiary.model.grant import AuthorizationCode, Grant
from ostiary.model.policy import Policies, TokenLifetimes
from ostiary.model.session import Session
from ostiary.oauth import handle
from ostiary.oauth.authorization.approval import (
    Approval,
    approve,
    make_grant,
    sector_of,
    session_id_for,
)
from ostiary.oauth.authorization.authentication import authentication_of
from ostiary.oauth.authorization.interaction import Respond
from ostiary.oauth.effects import Emit, Insert, Predicate, Require, Update
from support.authorization import NAT, SOURCE, SPA, WEB, change, sign_in, verify_request
from support.jose import NOW

KEY = b"k" * 32
LIFETIMES = TokenLifetimes(
    code=60, access_token=300, id_token=400, refresh_absolute=100_000, session_idle=7200
)


def approval(client=WEB, signed_in=None, lifetimes=LIFETIMES, **changes):
    signed_in = signed_in or sign_in("alice", NOW - 10)
    return Approval(
        request=verify_request(client, **changes),
        client=client,
        decision=Respond(signed_in, authentication_of(signed_in.session)),
        client_policies=Policies(token_lifetimes=lifetimes),
        user_policies=Policies(token_lifetimes=lifetimes),
        sid_key=KEY,
        now=NOW,
        source=SOURCE,
    )


def _approve(terms):
    entropy = SystemEntropy()
    return approve(terms, make_grant(terms, entropy), entropy)


def approved(*args, **changes):
    """Return response parameters, grant, code and all effects of an approval."""
    parameters, effects = _approve(approval(*args, **changes))
    records = [effect.record for effect in effects if isinstance(effect, Insert)]
    grant, code = records
    assert isinstance(grant, Grant)
    assert isinstance(code, AuthorizationCode)
    return parameters, grant, code, effects


def test_grant_and_code():
    parameters, grant, code, effects = approved(scope="openid profile")
    signed_in = sign_in("alice", NOW - 10)

    assert code == AuthorizationCode(
        digest=handle.digest(parameters["code"]),
        grant_id=grant.id,
        client_id="web",
        redirect_uri="https://app.test/cb",
        redirect_uri_sent=True,
        code_challenge=verify_request().code_challenge,
        nonce="n-0S6_WzA2Mj",
        created_at=NOW,
        expires_at=NOW + 60,
    )
    assert grant == Grant(
        id=grant.id,
        client_id="web",
        user_id="alice",
        organization_id="t1",
        session_id=signed_in.session.id,
        sid=session_id_for(WEB, signed_in.session, KEY),
        scopes=("openid", "profile"),
        auth_time=NOW - 10,
        acr="urn:ostiary:acr:1fa",
        amr=("pwd",),
        created_at=NOW,
        expires_at=signed_in.session.expires_at,
    )
    assert effects[0] == Require(Session, signed_in.session.id, Predicate.LIVE)


def test_a_redirect_uri_that_was_not_sent_need_not_be_sent_again():
    _, _, code, _ = approved(redirect_uri=None, scope="orders.read")
    assert code.redirect_uri == "https://app.test/cb"
    assert not code.redirect_uri_sent


def test_nothing_that_is_stored_holds_the_code():
    parameters, *_, effects = approved()
    assert parameters["code"] not in repr(effects)


def test_the_event_is_written_with_it():
    _, grant, _, effects = approved()
    (emit,) = (effect for effect in effects if isinstance(effect, Emit))
    event = emit.event
    assert (event.type, event.actor_type, event.actor_id) == ("code.issued", "user", "alice")
    assert (event.client_id, event.user_id, event.grant_id) == ("web", "alice", grant.id)
    assert (event.ip, event.user_agent, event.trace_id) == ("192.0.2.1", "test", "trace")
    assert event.at == NOW


@pytest.mark.parametrize(
    ("changes", "scope", "offline"),
    [
        ({}, "openid", False),
        ({}, "openid offline_access", True),
        ({"refresh_token_always": True}, "openid", False),
        ({"refresh_token_always": True}, "openid offline_access", True),
        ({"refresh_token_always": True, "grant_types": ("authorization_code",)}, "openid", False),
        ({"grant_types": ("authorization_code",)}, "openid offline_access", False),
    ],
)
def test_only_offline_access_outlives_the_session(changes, scope, offline):
    _, grant, _, _ = approved(change(WEB, **changes), scope=scope)
    assert grant.offline is offline


def test_core_11_offline_access_is_ignored_where_it_could_not_be_used():
    _, grant, _, _ = approved(
        change(WEB, grant_types=("authorization_code",)), scope="openid offline_access"
    )
    assert grant.scopes == ("openid",)


def test_the_grant_outlives_what_hangs_on_it():
    dying = sign_in("alice", NOW - 10, expires_at=NOW + 1)
    _, grant, code, _ = approved(signed_in=dying)
    assert grant.expires_at == code.expires_at + 400
    _, grant, code, _ = approved(signed_in=dying, scope="openid offline_access")
    assert grant.expires_at == code.expires_at + 100_000 + 400
    always = change(WEB, refresh_token_always=True)
    _, grant, code, _ = approved(always, signed_in=dying)
    assert grant.expires_at == code.expires_at + 100_000 + 400


def test_lifetimes_of_the_client_win():
    own = change(WEB, lifetimes=Lifetimes(code=30, access_token=900, refresh_absolute=7))
    dying = sign_in("alice", NOW - 10, expires_at=NOW + 1)
    _, grant, code, _ = approved(own, signed_in=dying, scope="openid offline_access")
    assert code.expires_at == NOW + 30
    assert grant.expires_at == NOW + 30 + 900 + 7


def test_the_session_is_marked_as_seen_now_and_then():
    for seen, touched in ((NOW - 59, False), (NOW - 60, True)):
        signed_in = sign_in("alice", NOW - 1000, last_seen_at=seen)
        *_, effects = approved(signed_in=signed_in)
        updates = [effect for effect in effects if isinstance(effect, Update)]
        changes = {"last_seen_at": NOW, "idle_expires_at": NOW + 7200}
        assert updates == ([Update(signed_in.session, changes)] if touched else [])


def test_the_idle_end_never_passes_the_absolute_one():
    signed_in = sign_in("alice", NOW - 1000, expires_at=NOW + 5)
    *_, effects = approved(signed_in=signed_in)
    (update,) = (effect for effect in effects if isinstance(effect, Update))
    assert update.changes["idle_expires_at"] == NOW + 5


def test_a_remembered_session_idles_longer():
    signed_in = sign_in("alice", NOW - 1000, remembered=True, expires_at=NOW + 10**7)
    *_, effects = approved(signed_in=signed_in)
    (update,) = (effect for effect in effects if isinstance(effect, Update))
    assert update.changes["idle_expires_at"] == NOW + LIFETIMES.remembered_idle


def test_claims_and_resources_are_kept_with_the_grant():
    _, grant, _, _ = approved(
        claims='{"userinfo": {"email": null}}', resource="https://orders.test"
    )
    assert grant.claims == {"userinfo": {"email": None}}
    assert grant.resources == ("https://orders.test",)


def other(client_id, *uris):
    return Client(client_id=client_id, organization_id="t1", redirect_uris=uris)


def test_one_session_has_one_sid_in_a_sector_and_others_elsewhere():
    session = sign_in("alice").session
    same = other("web2", "https://app.test/x", "https://app.test:8443/y")
    sids = [
        session_id_for(client, session, KEY)
        for client in (WEB, same, SPA, NAT, other("n2", *NAT.redirect_uris))
    ]
    assert sids[0] == sids[1]
    assert len(set(sids)) == 4
    assert all(len(sid) == 22 for sid in sids)
    assert session_id_for(WEB, sign_in("bob").session, KEY) not in sids
    assert session_id_for(WEB, session, b"other" * 8) not in sids


@pytest.mark.parametrize(
    ("uris", "sector"),
    [
        (("https://a.test/1", "https://a.test/2"), "host:a.test"),
        (("https://a.test/1", "https://b.test/2"), "client:c"),
        (("https://a.test/1", "http://localhost/2"), "client:c"),
        (("http://127.0.0.1/cb",), "client:c"),
        (("app.test:/cb",), "client:c"),
        ((), "client:c"),
    ],
)
def test_sector(uris, sector):
    assert sector_of(other("c", *uris)) == sector
