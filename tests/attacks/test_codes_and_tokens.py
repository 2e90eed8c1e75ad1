"""Attacks on codes, refresh tokens and access tokens (CO, RT), at the endpoints themselves."""

import asyncio
import base64
import json

import pytest

from ostiary.jose import jws
from ostiary.model.client import AccessTokenType, ClientState
from ostiary.model.organization import Role, RoleAssignment, State
from ostiary.model.user import UserState
from ostiary.oauth import handle
from ostiary.oauth.claims_request import PLACES
from ostiary.oauth.effects import Conflict, RevokeGrant, RevokeSession, Unavailable
from ostiary.store import Store
from ostiary.store.engine import query
from ostiary.store.sqlite.engine import SqliteEngine
from support.instance import CHEAP, ENTROPY, Instance, StillClock, open_instance
from support.tokens import Caller, assert_refused, basic, make_client

WEB = make_client("web")
OPAQUE = make_client("opaque", access_token_type=AccessTokenType.OPAQUE)
EVIL = make_client("evil")
SPA = make_client("spa", token_endpoint_auth_method="none", secrets=())


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(WEB, OPAQUE, EVIL, SPA)
        yield Caller(instance)


def read_payload(token):
    """Return what a JWT says, as somebody does who does not care whose it is."""
    return json.loads(jws.parse(token).unverified_payload)


async def test_co_02_one_of_many_concurrent_redemptions_wins_and_then_loses_all(caller):
    code = await caller.code(WEB)

    answers = await asyncio.gather(*(caller.redeem(WEB, code) for _ in range(40)))

    won = [answer for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    for answer in answers:
        if answer is not won[0]:
            assert_refused(answer, "invalid_grant")
    tokens = won[0].json()
    assert (await caller.userinfo(tokens["access_token"])).status_code == 401
    assert_refused(await caller.refresh(WEB, tokens["refresh_token"]), "invalid_grant")


async def test_co_04_an_edited_code_is_unknown(caller):
    code = await caller.code(WEB)
    flipped = ("A" if code[0] != "A" else "B") + code[1:]
    edited = [
        flipped,
        code[:-1],
        code + "A",
        code.swapcase(),
        code + "=",
        "-" + code[1:],
        "x" * 9999,
    ]
    for wrong in edited:
        assert_refused(await caller.redeem(WEB, wrong), "invalid_grant")

    assert (await caller.redeem(WEB, code)).status_code == 200


async def test_co_06_other_handles_are_no_codes(caller):
    tokens = await caller.tokens(WEB)
    flow = await caller.instance.browser().open_flow()
    for other in (tokens["refresh_token"], tokens["access_token"], tokens["id_token"], flow):
        assert_refused(await caller.redeem(WEB, other), "invalid_grant")
        assert_refused(await caller.refresh(WEB, other + "x"), "invalid_grant")


@pytest.mark.parametrize("end", ["user", "client", "project", "organization", "session", "grant"])
async def test_co_08_what_ended_between_authorize_and_token_ends_the_code(caller, end):
    instance, session = caller.instance, await caller.session()
    code = await caller.code(WEB, scopes=("openid",), session=session)
    await end_it(instance, end, session)

    answer = await caller.redeem(WEB, code)
    assert answer.status_code in {400, 401}
    assert answer.json()["error"] in {"invalid_grant", "invalid_client"}


async def end_it(instance, what, session):
    now = instance.clock.now()
    match what:
        case "user":
            await instance.change(await instance.user("alice"), state=UserState.DEACTIVATED)
        case "client":
            await instance.change(await instance.store.client("web"), state=ClientState.INACTIVE)
        case "project":
            project = await instance.store.project("store")
            await instance.change(project, state=State.INACTIVE)
        case "organization":
            organization = await instance.store.organization("acme")
            await instance.change(organization, state=State.INACTIVE)
        case "session":
            await instance.apply(RevokeSession(session.id, "test", now))
        case "grant":
            for grant in await grants_of(instance, session):
                await instance.apply(RevokeGrant(grant, "test", now))


async def grants_of(instance, session):
    found = await instance.store._engine.rows(
        query("SELECT id FROM grants WHERE session_id = ?1"), session.id
    )
    return [row[0] for row in found]


async def test_co_09_a_store_that_fails_leaves_the_code_whole(caller, monkeypatch):
    code = await caller.code(WEB)
    store = caller.instance.store
    apply = store.apply

    async def fail(effects):
        raise Unavailable

    monkeypatch.setattr(store, "apply", fail)
    answer = await caller.redeem(WEB, code)
    assert_refused(answer, "temporarily_unavailable", 503)
    assert answer.headers["retry-after"]

    monkeypatch.setattr(store, "apply", apply)
    assert (await caller.redeem(WEB, code)).status_code == 200


async def test_a_race_that_is_lost_twice_is_told_to_come_back(caller, monkeypatch):
    code = await caller.code(WEB)

    async def lose(effects):
        raise Conflict(effects[0])

    monkeypatch.setattr(caller.instance.store, "apply", lose)
    assert_refused(await caller.redeem(WEB, code), "temporarily_unavailable", 503)


async def test_co_11_invalid_replays_leave_the_tokens_alive(caller):
    code = await caller.code(WEB)
    tokens = (await caller.redeem(WEB, code)).json()

    assert_refused(await caller.redeem(WEB, code, code_verifier="w" * 43), "invalid_grant")
    assert_refused(await caller.redeem(WEB, code, code_verifier=None), "invalid_grant")
    assert_refused(await caller.redeem(EVIL, code), "invalid_grant")
    answer = await caller.post(
        {"grant_type": "authorization_code", "code": code}, basic("web", "wrong")
    )
    assert_refused(answer, "invalid_client", 401)
    assert (await caller.userinfo(tokens["access_token"])).status_code == 200

    assert_refused(await caller.redeem(WEB, code), "invalid_grant")
    assert (await caller.userinfo(tokens["access_token"])).status_code == 401
    kinds = [event.reason for event in await caller.instance.events("code.replayed")]
    assert kinds == ["code_replayed"]


async def test_pk_03_a_failed_verifier_does_not_use_up_the_code(caller):
    code = await caller.code(WEB)

    assert_refused(await caller.redeem(WEB, code, code_verifier=None), "invalid_grant")
    assert_refused(await caller.redeem(WEB, code, code_verifier="w" * 43), "invalid_grant")
    assert (await caller.redeem(WEB, code)).status_code == 200


async def test_pk_04_a_verifier_without_a_challenge(caller):
    code = await caller.code(WEB, code_challenge=None)

    assert_refused(await caller.redeem(WEB, code), "invalid_grant")


async def test_rt_01_reuse_after_the_window_ends_the_family_and_its_access_tokens(caller):
    first = await caller.tokens(OPAQUE)
    second = (await caller.refresh(OPAQUE, first["refresh_token"])).json()
    caller.instance.clock.time += 11

    assert_refused(await caller.refresh(OPAQUE, first["refresh_token"]), "invalid_grant")
    assert_refused(await caller.refresh(OPAQUE, second["refresh_token"]), "invalid_grant")
    assert (await caller.userinfo(second["access_token"])).status_code == 401
    events = await caller.instance.events("token.reuse_detected")
    assert [event.user_id for event in events] == ["user-alice"]


async def test_rt_03_a_server_that_was_restarted_remembers(caller, tmp_path):
    first = await caller.tokens(OPAQUE)
    second = (await caller.refresh(OPAQUE, first["refresh_token"])).json()
    await caller.instance.store.close()

    clock = StillClock()
    engine = await SqliteEngine(tmp_path / "ostiary.db").open()
    async with Store(engine, clock, "sqlite") as store:
        restarted = Caller(Instance(store, CHEAP, dev=False, threads=1))
        restarted.instance.clock.time += 11
        assert_refused(await restarted.refresh(OPAQUE, first["refresh_token"]), "invalid_grant")
        assert_refused(await restarted.refresh(OPAQUE, second["refresh_token"]), "invalid_grant")
        assert (await restarted.userinfo(second["access_token"])).status_code == 401
        restarted.instance.pool.close()


async def test_rt_02_concurrent_refreshes_get_one_successor(caller):
    first = await caller.tokens(WEB)

    answers = await asyncio.gather(
        *(caller.refresh(WEB, first["refresh_token"]) for _ in range(40))
    )

    assert {answer.status_code for answer in answers} == {200}
    successors = {answer.json()["refresh_token"] for answer in answers}
    assert len(successors) == 1
    assert (await caller.refresh(WEB, successors.pop())).status_code == 200


async def test_rt_02_once_the_successor_was_used_the_first_one_is_reuse(caller):
    first = await caller.tokens(WEB)
    second = (await caller.refresh(WEB, first["refresh_token"])).json()
    third = (await caller.refresh(WEB, second["refresh_token"])).json()

    assert_refused(await caller.refresh(WEB, first["refresh_token"]), "invalid_grant")
    assert_refused(await caller.refresh(WEB, third["refresh_token"]), "invalid_grant")


async def test_rt_04_with_other_credentials_the_family_ends(caller):
    tokens = await caller.tokens(WEB)

    assert_refused(await caller.refresh(EVIL, tokens["refresh_token"]), "invalid_grant")
    assert_refused(await caller.refresh(WEB, tokens["refresh_token"]), "invalid_grant")


async def test_rt_04_without_credentials_nothing_happens(caller):
    tokens = await caller.tokens(WEB)
    form = {
        "grant_type": "refresh_token",
        "refresh_token": tokens["refresh_token"],
        "client_id": "web",
    }

    assert_refused(await caller.post(form, {}), "invalid_client", 401)
    assert (await caller.refresh(WEB, tokens["refresh_token"])).status_code == 200


async def test_rt_05_neither_scope_nor_audience_widen(caller):
    tokens = await caller.tokens(WEB)
    refresh_token = tokens["refresh_token"]

    assert_refused(await caller.refresh(WEB, refresh_token, scope="openid email"), "invalid_scope")
    assert_refused(
        await caller.refresh(WEB, refresh_token, resource="https://orders.test"), "invalid_target"
    )
    assert (await caller.refresh(WEB, refresh_token)).status_code == 200


@pytest.mark.parametrize("client", [WEB, OPAQUE], ids=["jwt", "opaque"])
async def test_rt_06_truncated_and_edited_access_tokens(caller, client):
    token = (await caller.tokens(client))["access_token"]
    assert (await caller.userinfo(token)).status_code == 200

    for wrong in (token[:16], token[:32], token[:-1], token + "A", token.swapcase(), token[1:]):
        answer = await caller.userinfo(wrong)
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("end", ["user", "client", "project", "organization", "session", "grant"])
@pytest.mark.parametrize("client", [WEB, OPAQUE], ids=["jwt", "opaque"])
async def test_rt_07_what_was_ended_ends_access_tokens_at_once(caller, end, client):
    session = await caller.session()
    tokens = await caller.tokens(client, scopes=("openid",), session=session)
    if end == "client" and client is OPAQUE:
        stored = await caller.instance.store.client("opaque")
        await caller.instance.change(stored, state=ClientState.INACTIVE)
    else:
        await end_it(caller.instance, end, session)

    assert (await caller.userinfo(tokens["access_token"])).status_code == 401


async def test_rt_09_other_tokens_are_no_access_tokens(caller):
    tokens = await caller.tokens(WEB)
    secret = handle.make(handle.Kind.CLIENT_SECRET, ENTROPY)
    for other in (tokens["id_token"], tokens["refresh_token"], secret, handle.random_text(ENTROPY)):
        assert (await caller.userinfo(other)).status_code == 401


async def test_rt_09_an_access_token_whose_header_says_id_token_does_not_verify(caller):
    header, payload, signature = (await caller.tokens(WEB))["access_token"].split(".")
    decoded = base64.urlsafe_b64decode(header + "==").replace(b"at+jwt", b"JWT")
    forged = base64.urlsafe_b64encode(decoded).decode().rstrip("=")

    assert (await caller.userinfo(f"{forged}.{payload}.{signature}")).status_code == 401


async def test_rt_10_a_token_for_an_api_alone_is_not_for_userinfo(caller):
    answer = await caller.send(WEB, {"grant_type": "client_credentials", "scope": "orders.read"})
    token = answer.json()["access_token"]

    refused = await caller.userinfo(token)
    assert refused.status_code == 403
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    assert 'scope="openid"' in refused.headers["www-authenticate"]


async def test_rt_12_nothing_that_administrators_write_replaces_a_claim_of_the_protocol(caller):
    names = (
        *("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "client_id", "scope", "acr", "amr"),
        *("auth_time", "cnf", "sid", "nonce", "act", "azp", "roles", "grant_id", "active"),
    )
    instance = caller.instance
    forged = dict.fromkeys(names, "forged")
    await instance.change(await instance.user("alice"), metadata=forged)
    project = await instance.store.project("store")
    await instance.change(project, roles=tuple(Role(key=name) for name in names))
    await instance.add(
        RoleAssignment(
            id="forged",
            organization_id="acme",
            project_id="store",
            user_id="user-alice",
            roles=names,
        )
    )
    asserting = {"id_token_role_assertion": True, "id_token_userinfo_assertion": True}
    await instance.change(
        await instance.store.client("web"), access_token_role_assertion=True, **asserting
    )
    scopes = (
        *("openid", "urn:zitadel:iam:user:metadata", "urn:ostiary:iam:user:metadata"),
        *("urn:zitadel:iam:org:projects:roles", "urn:zitadel:iam:user:resourceowner"),
    )
    asked = {place: {name: {"value": "forged"} for name in names} for place in PLACES}
    tokens = await caller.tokens(WEB, scopes=scopes, grant={"claims": asked})
    introspected = await caller.http.post(
        "/oauth/v2/introspect", data={"token": tokens["access_token"]}, headers=basic("web")
    )
    userinfo = (await caller.userinfo(tokens["access_token"])).json()
    assert set(userinfo["urn:ostiary:iam:user:metadata"]) == set(names)
    for place in (
        read_payload(tokens["id_token"]),
        read_payload(tokens["access_token"]),
        userinfo,
        introspected.json(),
    ):
        assert place["sub"] == "user-alice"
        assert "forged" not in [place.get(name) for name in names]
        assert place["roles"] == list(names)


async def test_rt_15_userinfo_without_openid(caller):
    tokens = await caller.tokens(WEB, scopes=("email", "offline_access"))

    assert "id_token" not in tokens
    assert (await caller.userinfo(tokens["access_token"])).status_code == 403


@pytest.mark.parametrize("client", [WEB, OPAQUE], ids=["jwt", "opaque"])
async def test_an_expired_access_token(caller, client):
    tokens = await caller.tokens(client)
    caller.instance.clock.time += tokens["expires_in"] - 1
    assert (await caller.userinfo(tokens["access_token"])).status_code == 200

    caller.instance.clock.time += 1
    assert (await caller.userinfo(tokens["access_token"])).status_code == 401


async def test_tokens_of_a_client_from_before_it_was_reset(caller):
    answer = await caller.send(OPAQUE, {"grant_type": "client_credentials"})
    assert answer.status_code == 200
    tokens = await caller.tokens(OPAQUE)
    stored = await caller.instance.store.client("opaque")
    await caller.instance.change(stored, tokens_not_before=caller.instance.clock.now() + 1)

    assert (await caller.userinfo(tokens["access_token"])).status_code == 401


async def test_lx_01_no_secret_reaches_the_log_or_an_error(caller, capfd):
    code = await caller.code(WEB)
    tokens = (await caller.redeem(WEB, code)).json()
    answers = [
        await caller.redeem(WEB, code),
        await caller.refresh(EVIL, tokens["refresh_token"]),
        await caller.userinfo(tokens["access_token"]),
        await caller.post({"grant_type": "x", "code": code}, basic("web", "wrong-secret-1234")),
    ]
    out = "".join(capfd.readouterr()) + "".join(a.text + str(a.headers) for a in answers)

    secrets = [code, tokens["refresh_token"], tokens["access_token"], "wrong-secret-1234"]
    assert not [secret for secret in secrets if secret in out]
