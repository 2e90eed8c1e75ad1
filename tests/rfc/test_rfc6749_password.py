"""RFC 6749, 4.3: the password grant, for applications that opted in to it (S4-09, G7)."""

from contextlib import AsyncExitStack

import msgspec
import pytest

from ostiary.identity import hashing, passwords
from ostiary.identity.passwords import Parameters
from ostiary.model.client import AccessTokenType, AppType, Legacy
from ostiary.model.factor import SECOND_FACTORS, FactorKind
from ostiary.model.grant import Consent
from ostiary.model.organization import State
from ostiary.model.user import UserState
from ostiary.oauth.effects import RevokeSession, Update
from support.instance import CHEAP, ENTROPY, PASSWORD, Instance, Recorder, open_instance
from support.jose import NOW
from support.tokens import Caller, assert_refused, make_client

DISCOVERY = "/.well-known/openid-configuration"
DAY = 86400
WRONG = "not the password of anybody"
OPTED_IN = Legacy(reason="The till has no browser")
GRANTS = ("password", "refresh_token")
TILL = make_client(
    "till",
    grant_types=GRANTS,
    redirect_uris=(),
    response_types=(),
    legacy=OPTED_IN,
    uses_legacy=True,
)
PUBLIC = msgspec.structs.replace(
    TILL,
    client_id="public",
    type=AppType.NATIVE,
    token_endpoint_auth_method="none",
    secrets=(),
    access_token_type=AccessTokenType.OPAQUE,
)
# Its refresh tokens come without being asked for, and end with the session.
KEEPER = msgspec.structs.replace(TILL, client_id="keeper", refresh_token_always=True)
ASKING = msgspec.structs.replace(TILL, client_id="asking", require_consent=True)
NOT_LISTED = make_client("not-listed", legacy=OPTED_IN, uses_legacy=True)
NOT_OPTED_IN = msgspec.structs.replace(
    TILL, client_id="not-opted-in", legacy=None, uses_legacy=False
)
# The last day is that of the tests' clock.
ENDING = msgspec.structs.replace(
    TILL, client_id="ending", legacy=Legacy(reason="Until the new till", until="2027-01-15")
)


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(TILL, PUBLIC, KEEPER, ASKING, NOT_LISTED, NOT_OPTED_IN, ENDING)
        yield Caller(instance)


@pytest.fixture
def hashed(monkeypatch):
    """The parameters of every hash that is computed."""
    seen: list[Parameters] = []
    verify = passwords.verify_password

    def spy(encoded: str, password: bytes) -> bool:
        seen.append(passwords.read_parameters(encoded))
        return verify(encoded, password)

    monkeypatch.setattr(passwords, "verify_password", spy)
    return seen


def form(username="alice", password=PASSWORD, **changes):
    return {"grant_type": "password", "username": username, "password": password, **changes}


async def accept(caller, client=TILL, **changes):
    answer = await caller.send(client, form(**changes))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refuse(caller, client=TILL, error="invalid_grant", status=400, **changes):
    return assert_refused(await caller.send(client, form(**changes)), error, status)


class TestResponse:
    async def test_4_3_3_tokens_of_the_person(self, caller):
        answer = await accept(caller, scope="openid email orders.read")

        assert set(answer) == {"access_token", "token_type", "expires_in", "scope", "id_token"}
        told = (await caller.userinfo(answer["access_token"])).json()
        assert told == {
            "sub": "user-alice",
            "email": "alice@acme.test",
            "email_verified": False,
        }
        (issued,) = await caller.instance.events("token.issued")
        assert (issued.reason, issued.user_id, issued.client_id) == (
            "password",
            "user-alice",
            "till",
        )

    @pytest.mark.parametrize("username", ["alice@acme.test", "ALICE"])
    async def test_by_every_name_of_the_person(self, caller, username):
        await accept(caller, username=username)

    async def test_2_1_public_clients_too(self, caller):
        answer = await accept(caller, PUBLIC, scope="openid")
        assert (await caller.userinfo(answer["access_token"])).status_code == 200

    async def test_a_refresh_token_where_it_is_asked_for(self, caller):
        answer = await accept(caller, scope="openid offline_access")
        renewed = await caller.refresh(TILL, answer["refresh_token"])
        assert renewed.status_code == 200, renewed.text

    async def test_3_3_without_scope_all_but_offline_access(self, caller):
        answer = await accept(caller)
        assert answer["scope"] == "openid profile email orders.read"
        assert "refresh_token" not in answer

    async def test_rfc_8707_a_resource(self, caller):
        await accept(caller, scope="orders.read", resource="https://orders.test")
        await refuse(caller, error="invalid_target", resource="https://nowhere.test")

    async def test_o5_it_is_in_the_audit_trail_as_a_sign_in(self, caller):
        await accept(caller)
        created, signed_in = await caller.instance.events("session.created", "auth.login.success")
        assert created.session_id == signed_in.session_id is not None
        assert (signed_in.user_id, signed_in.client_id, signed_in.ip) == (
            "user-alice",
            "till",
            "192.0.2.7",
        )
        assert signed_in.details == {"method": "password", "grant_type": "password"}


class TestOptIn:
    @pytest.mark.parametrize("client", [NOT_LISTED, NOT_OPTED_IN], ids=lambda one: one.client_id)
    async def test_tx_09_a_client_without_it(self, caller, hashed, client):
        await refuse(caller, client, "unauthorized_client")
        assert hashed == []

    async def test_until_its_last_day(self, caller, hashed):
        await accept(caller, ENDING)
        caller.instance.clock.time = NOW - NOW % DAY + DAY - 1
        await accept(caller, ENDING)
        caller.instance.clock.time += 1
        hashed.clear()
        description = await refuse(caller, ENDING, "unauthorized_client")
        assert "its time ended 2027-01-15" in description
        assert hashed == []

    async def test_g7_discovery_lists_it_while_it_is_used(self, caller):
        async def listed():
            return "password" in (await caller.http.get(DISCOVERY)).json()["grant_types_supported"]

        assert await listed()
        for client_id in ("till", "public", "keeper", "asking"):
            stored = await caller.instance.store.client(client_id)
            await caller.instance.apply(Update(stored, {"legacy": None, "uses_legacy": False}))
        assert await listed()
        caller.instance.clock.time += DAY
        assert not await listed()


async def prepare(instance: Instance, case: str) -> dict[str, str]:
    """Make a person who must not get in; return what is tried."""
    match case:
        case "unknown":
            return {"username": "nobody.here"}
        case "wrong password":
            return {"password": WRONG}
        case "no password":
            await instance.add_user("bob", password=None)
        case "organization inactive":
            organization = await instance.store.organization("acme")
            assert organization is not None
            other = msgspec.structs.replace(organization, id="other", state=State.INACTIVE)
            await instance.add(other)
            await instance.add_user("bob", organization_id="other")
        case _:
            await instance.add_user("bob", state=UserState(case))
    return {"username": "bob"}


CASES = [
    *("unknown", "wrong password", "no password", "organization inactive"),
    *("locked", "deactivated", "pending", "deleted"),
]


class TestRefusals:
    @pytest.mark.parametrize("case", CASES)
    async def test_tx_09_nobody_can_be_told_from_anybody_else(self, caller, hashed, case):
        """Same answer, same statements, same hashing, whoever it is for."""
        told = {}
        for name in ("unknown", case):
            tried = await prepare(caller.instance, name)
            recorder = Recorder(caller.instance.store)
            watched = Instance(recorder, CHEAP, dev=False, threads=1)  # type: ignore[arg-type]
            hashed.clear()
            answer = await Caller(watched).send(TILL, form(**tried))
            watched.pool.close()
            told[name] = (answer.status_code, answer.json(), recorder.calls, list(hashed))
        assert told[case] == told["unknown"]
        assert told[case][0] == 400
        assert told[case][1]["error"] == "invalid_grant"
        assert told[case][3] == [CHEAP]

    async def test_o5_failures_are_in_the_audit_trail(self, caller):
        await refuse(caller, password=WRONG)
        (failure,) = await caller.instance.events("auth.login.failure")
        assert (failure.reason, failure.user_id, failure.client_id, failure.ip) == (
            "wrong_password",
            "user-alice",
            "till",
            "192.0.2.7",
        )

    @pytest.mark.parametrize("missing", ["username", "password"])
    async def test_4_3_2_user_name_and_password_are_required(self, caller, hashed, missing):
        description = await refuse(caller, error="invalid_request", **{missing: ""})
        assert missing in description
        assert hashed == []

    async def test_lo_07_a_password_too_long_is_not_hashed(self, caller, hashed):
        await refuse(caller, password="x" * 257)
        assert hashed == []

    async def test_do_04_a_user_name_too_long_is_nobodys(self, caller):
        await refuse(caller, username="a" + "\u0301\u0316" * 4000)

    @pytest.mark.parametrize("scope", ["orders.write", "openid nothing"])
    async def test_3_3_other_scopes_are_refused_before_the_password_is_looked_at(
        self, caller, hashed, scope
    ):
        await refuse(caller, error="invalid_scope", scope=scope)
        assert hashed == []

    async def test_lx_01_the_password_is_neither_stored_nor_logged(self, tmp_path, caplog, capfd):
        secret = "a passphrase that is mine alone"
        async with open_instance(tmp_path) as instance:
            await instance.add(TILL)
            await instance.add_user("bob", secret)
            caller = Caller(instance)
            await accept(caller, username="bob", password=secret)
            await refuse(caller, username=secret, password=secret)
        stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        logged = caplog.text + "".join(capfd.readouterr())
        assert b"auth.login.failure" in stored
        assert secret.encode() not in stored
        assert secret not in logged


class TestFurtherFactors:
    """G7: an application that brings a password can bring nothing else."""

    async def enrol(self, instance: Instance, *kinds: FactorKind) -> None:
        await instance.change(await instance.user("alice"), factors=kinds)

    @pytest.mark.parametrize("kind", SECOND_FACTORS)
    async def test_g7_people_with_a_second_factor_are_refused(self, caller, kind):
        instance = caller.instance
        await instance.change(await instance.user("alice"), email_verified=True)
        await self.enrol(instance, kind, FactorKind.RECOVERY_CODE)
        told = await refuse(caller)
        # Whoever guesses passwords learns nothing, and pays for each.
        assert told == await refuse(caller, password=WRONG)
        for _ in range(3):
            await refuse(caller)
        assert "too many failed attempts" in await refuse(caller)
        assert await instance.events("session.created") == []

    async def test_g7_recovery_codes_alone_are_no_second_factor(self, caller):
        await self.enrol(caller.instance, FactorKind.RECOVERY_CODE)
        await accept(caller)

    async def test_g7_people_who_need_a_second_factor_are_refused(self, caller):
        instance = caller.instance
        configuration = await instance.store.read_configuration()
        await instance.change(configuration, policies={"mfa": {"required": "always"}})
        await instance.store.revalidate()
        await refuse(caller)


class TestLockout:
    """The counters are those of the sign-in page."""

    async def test_tx_09_failures_here_close_the_page(self, caller):
        for _ in range(5):
            await refuse(caller, password=WRONG)
        assert (await caller.instance.browser().sign_in()).status_code == 429

    async def test_tx_09_failures_on_the_page_close_the_grant(self, caller, hashed):
        browser = caller.instance.browser()
        flow = await browser.open_flow()
        for _ in range(5):
            assert (await browser.sign_in("alice", WRONG, flow=flow)).status_code == 403
        hashed.clear()
        assert "too many failed attempts" in await refuse(caller)
        assert hashed == []
        caller.instance.clock.time += 1
        await accept(caller)

    async def test_it_is_the_same_for_names_that_nobody_has(self, caller):
        told = {}
        for name in ("alice", "nobody"):
            tried = [await refuse(caller, username=name, password=WRONG) for _ in range(7)]
            told[name] = tried
        assert told["alice"] == told["nobody"]

    async def test_success_forgives_the_failures_before_it(self, caller):
        for _ in range(2):
            for _ in range(4):
                await refuse(caller, password=WRONG)
            await accept(caller)

    async def test_the_lock_is_told_once(self, caller):
        for _ in range(12):
            caller.instance.clock.time += 901
            await refuse(caller, password=WRONG)
        (locked,) = await caller.instance.events("auth.locked")
        assert locked.user_id == "user-alice"

    async def test_an_address_fails_thirty_times_a_minute(self, caller, hashed):
        for number in range(30):
            await refuse(caller, username=f"nobody-{number}")
        hashed.clear()
        assert "too many failed attempts" in await refuse(caller)
        assert hashed == []

    async def test_the_policy_counts(self, caller):
        configuration = await caller.instance.store.configuration()
        policies = {"lockout": {"free_attempts": 1}}
        await caller.instance.change(configuration, policies=policies)
        await refuse(caller, password=WRONG)
        assert "too many failed attempts" in await refuse(caller)

    async def test_lo_08_who_finds_the_pool_full_is_told_to_come_back(self, caller, monkeypatch):
        monkeypatch.setattr(hashing, "MAX_WAIT_SECONDS", 0.0)
        async with AsyncExitStack() as held:
            for _ in range(2 + hashing._PREPARING):
                await held.enter_async_context(caller.instance.pool.slot())
            await refuse(caller, error="temporarily_unavailable", status=503)
        monkeypatch.undo()
        await accept(caller)

    async def test_an_outgrown_hash_is_renewed(self, caller):
        weak = passwords.hash_password(PASSWORD.encode(), ENTROPY, Parameters(memory=32, passes=1))
        instance = caller.instance
        await instance.change(await instance.user("alice"), password_hash=weak)
        await accept(caller)
        renewed = (await instance.user("alice")).password_hash
        assert renewed is not None
        assert passwords.read_parameters(renewed) == CHEAP
        await accept(caller)


class TestConsent:
    """An application that has to ask people cannot ask them here."""

    async def consent(self, caller, **fields):
        values = {
            "user_id": "user-alice",
            "client_id": "asking",
            "scopes": ("openid", "email"),
            "granted_at": NOW,
            **fields,
        }
        await caller.instance.add(Consent(**values))

    async def test_who_never_agreed(self, caller):
        assert "has not allowed" in await refuse(caller, ASKING, scope="openid")

    async def test_who_agreed_before(self, caller):
        await self.consent(caller)
        await accept(caller, ASKING, scope="openid")

    async def test_who_agreed_to_less(self, caller):
        await self.consent(caller)
        await refuse(caller, ASKING, scope="openid profile")

    async def test_who_took_it_back(self, caller):
        await self.consent(caller, revoked_at=NOW)
        await refuse(caller, ASKING, scope="openid")

    async def test_the_right_password_is_no_failure(self, caller):
        for _ in range(7):
            await refuse(caller, ASKING, scope="openid")
        assert await caller.instance.events("auth.login.failure") == []


class TestEnds:
    async def test_without_a_refresh_token_the_session_ends_with_its_tokens(self, caller):
        answer = await accept(caller, scope="openid")
        (event,) = await caller.instance.events("session.created")
        standing = await caller.instance.store.standing(
            (await caller.instance.events("token.issued"))[0].grant_id
        )
        assert standing.session.id == event.session_id
        assert standing.session.expires_at == NOW + answer["expires_in"]
        assert standing.grant.expires_at == standing.session.expires_at

    async def test_a_refresh_token_that_was_not_asked_for_ends_with_the_session(self, caller):
        answer = await accept(caller, KEEPER, scope="openid")
        caller.instance.clock.time += 12 * 3600 - 1
        renewed = await caller.refresh(KEEPER, answer["refresh_token"])
        assert renewed.status_code == 200, renewed.text
        caller.instance.clock.time += 1
        again = await caller.refresh(KEEPER, renewed.json()["refresh_token"])
        assert_refused(again, "invalid_grant")

    async def test_offline_access_outlives_the_session(self, caller):
        answer = await accept(caller, scope="openid offline_access")
        caller.instance.clock.time += 13 * 3600
        renewed = await caller.refresh(TILL, answer["refresh_token"])
        assert renewed.status_code == 200, renewed.text

    async def test_the_end_of_the_session_ends_the_tokens(self, caller):
        answer = await accept(caller, KEEPER, scope="openid")
        (event,) = await caller.instance.events("session.created")
        await caller.instance.apply(RevokeSession(event.session_id, "by_administrator", NOW))
        assert (await caller.userinfo(answer["access_token"])).status_code == 401
        assert_refused(await caller.refresh(KEEPER, answer["refresh_token"]), "invalid_grant")

    async def test_a_change_of_the_password_ends_them(self, caller):
        answer = await accept(caller, scope="openid offline_access")
        alice = await caller.instance.user("alice")
        await caller.instance.change(alice, credentials_changed_at=NOW + 1)
        assert_refused(await caller.refresh(TILL, answer["refresh_token"]), "invalid_grant")

    async def test_no_browser_is_signed_in_by_it(self, caller):
        store = caller.instance.store
        answers = [await caller.send(TILL, form()) for _ in range(2)]
        assert all("set-cookie" not in answer.headers for answer in answers)
        issued = await caller.instance.events("token.issued")
        first, second = [await store.standing(event.grant_id) for event in issued]
        assert first.session.browser_id != second.session.browser_id
        for standing in (first, second):
            (signed_in,) = await store.sessions(standing.session.browser_id)
            assert signed_in.session == standing.session
