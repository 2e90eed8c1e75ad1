"""RFC 7592: a client reads, replaces and deletes what it registered."""

import asyncio

import pytest

from ostiary.admin import clients
from ostiary.admin.actor import operator
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.model.client import AppType, ClientState
from ostiary.model.organization import State
from ostiary.oauth.clients.use import Uses
from ostiary.oauth.handle import Kind, digest, make
from support.authorization import APIS, WEB
from support.instance import ENTROPY
from support.registration import (
    CALLBACK,
    desk_of,
    open_door,
    register,
    send,
    set_policy,
)

pytestmark = pytest.mark.usefixtures("sites")

TESTER = operator("tester")


def assert_refused(answer):
    """Hold an answer to the one refusal that there is for whoever is not the client."""
    assert answer.status == 401
    assert answer.json()["error"] == "invalid_token"
    assert "Bearer" in answer.header("www-authenticate")
    assert answer.header("cache-control") == "no-store"


class TestRead:
    """2.1: GET."""

    async def test_2_1_everything_that_is_registered(self):
        site = await open_door()
        made = await register(site, client_name="Shop", **{"client_name#de": "Laden"})
        answer = await made.ask("GET")
        assert answer.status == 200
        assert answer.header("cache-control") == "no-store"
        told = dict(made.told)
        # The secret is kept as a digest, and shown once.
        told.pop("client_secret")
        assert answer.json() == told

    async def test_3_what_an_administrator_changed_is_told(self):
        site = await open_door()
        made = await register(site)
        changed = ClientMetadata(client_name="Renamed", redirect_uris=("https://rp.test/new",))
        await clients.update(desk_of(site), TESTER, made.client_id, changed)
        told = (await made.ask("GET")).json()
        assert (told["client_name"], told["redirect_uris"]) == ("Renamed", ["https://rp.test/new"])


class TestAuthorization:
    """2: the registration access token of the client, and nothing else."""

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    async def test_rg_03_of_another_client(self, method):
        site = await open_door()
        mine, other = await register(site), await register(site)
        before = await other.stored()
        body = {"client_id": other.client_id, "redirect_uris": ["https://evil.test/cb"]}
        assert_refused(await other.ask(method, body, token=mine.token))
        assert await other.stored() == before

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    async def test_rg_04_without_a_token(self, method):
        site = await open_door()
        made = await register(site)
        answer = await send(site, method, made.path, {"client_id": made.client_id})
        assert_refused(answer)
        assert answer.header("www-authenticate") == 'Bearer realm="ostiary"'

    async def test_rg_04_clients_that_did_not_register_themselves(self):
        site = await open_door()
        token = make(Kind.REGISTRATION_ACCESS_TOKEN, ENTROPY)
        for client_id in ("web", "spa", "nobody", "\u00e9", "x" * 5000):
            assert_refused(await send(site, "GET", f"/oauth/v2/register/{client_id}", token=token))

    @pytest.mark.parametrize(
        "change",
        [
            lambda text: text[:-1],
            lambda text: text + "A",
            lambda text: text.lower(),
            lambda text: text.replace("ost_rat_", "ost_iat_"),
            lambda _: "",
            lambda _: "x" * 4000,
            lambda _: make(Kind.REGISTRATION_ACCESS_TOKEN, ENTROPY),
        ],
    )
    async def test_tokens_that_are_nearly_right(self, change):
        site = await open_door()
        made = await register(site)
        answer = await made.ask("GET", token=change(made.token))
        assert answer.status in {400, 401}
        assert "client_name" not in answer.text

    async def test_in_the_header_alone(self):
        site = await open_door()
        made = await register(site)
        query = f"access_token={made.token}".encode()
        assert_refused(await site.send("GET", made.path, query))
        assert_refused(await made.ask("PUT", {"access_token": made.token}, token="x"))

    async def test_rg_03_of_a_client_that_is_switched_off(self):
        site = await open_door()
        made = await register(site)
        await clients.set_state(desk_of(site), TESTER, made.client_id, ClientState.INACTIVE)
        assert_refused(await made.ask("GET"))
        body = {"enabled": True, "state": "active", "disabled": False}
        assert_refused(await made.replace(**body))
        assert_refused(await made.ask("DELETE"))
        assert (await made.stored()).state is ClientState.INACTIVE
        await clients.set_state(desk_of(site), TESTER, made.client_id, ClientState.ACTIVE)
        assert (await made.ask("GET")).status == 200

    async def test_of_a_client_whose_project_is_switched_off(self):
        site = await open_door()
        made = await register(site)
        project = await site.store.read_project("default")
        await site.change(project, state=State.INACTIVE)
        assert_refused(await made.ask("GET"))

    async def test_the_door_may_be_closed_meanwhile(self):
        site = await open_door()
        made = await register(site)
        await set_policy(site, mode="off")
        assert (await made.ask("GET")).status == 200
        assert (await made.replace(client_name="Renamed")).status == 200

    async def test_rt_09_the_token_opens_nothing_else(self):
        site = await open_door()
        made = await register(site)
        headers = {"authorization": f"Bearer {made.token}"}
        answer = await site.send("GET", "/oidc/v1/userinfo", headers=headers)
        assert answer.status == 401


class TestReplace:
    """2.2: PUT replaces everything that the client says about itself."""

    async def test_2_2_what_is_left_out_goes_back_to_its_default(self):
        site = await open_door()
        made = await register(
            site,
            client_name="Shop",
            contacts=["ops@rp.test"],
            default_max_age=60,
            grant_types=["authorization_code", "refresh_token"],
            token_endpoint_auth_method="client_secret_post",
            **{"client_name#de": "Laden"},
        )
        answer = await made.replace(
            redirect_uris=["https://rp.test/new"], tos_uri="https://rp.test/t"
        )
        assert answer.status == 200, answer.text
        told = answer.json()
        assert told["redirect_uris"] == ["https://rp.test/new"]
        assert told["tos_uri"] == "https://rp.test/t"
        assert told["grant_types"] == ["authorization_code"]
        assert told["token_endpoint_auth_method"] == "client_secret_basic"
        left = {"client_name", "client_name#de", "contacts", "default_max_age"}
        assert not left & set(told)
        assert (await made.ask("GET")).json() == told

    async def test_2_2_null_is_the_same_as_left_out(self):
        site = await open_door()
        made = await register(site, client_name="Shop")
        assert "client_name" not in (await made.replace(client_name=None)).json()

    async def test_the_token_and_the_secret_stay_good(self):
        site = await open_door()
        made = await register(site)
        before = await made.stored()
        told = (await made.replace(client_name="Shop")).json()
        assert told["registration_access_token"] == made.token
        assert "client_secret" not in told
        assert told["client_secret_expires_at"] == 0
        after = await made.stored()
        assert (after.secrets, after.registration) == (before.secrets, before.registration)
        assert (after.client_id, after.created_at) == (before.client_id, before.created_at)

    async def test_a_client_that_becomes_confidential_gets_a_secret(self):
        site = await open_door()
        made = await register(site, token_endpoint_auth_method="none")
        told = (await made.replace()).json()
        client = await made.stored()
        assert [one.digest for one in client.secrets] == [digest(told["client_secret"])]

    async def test_a_client_that_becomes_public_loses_its_secret_and_must_use_pkce(self):
        site = await open_door()
        made = await register(site)
        uris = ["http://127.0.0.1/cb"]
        told = (await made.replace(token_endpoint_auth_method="none", redirect_uris=uris)).json()
        assert told["application_type"] == "native"
        client = await made.stored()
        assert (client.secrets, client.require_pkce, client.type) == ((), True, AppType.NATIVE)

    async def test_what_an_administrator_decided_stays(self):
        """RG-02 at this door: nobody widens what they were given."""
        site = await open_door(*APIS)
        made = await register(site)
        decided = {
            "require_pkce": True,
            "require_consent": False,
            "clock_skew": 3,
            "access_token_lifetime": 60,
            "web_origins": ("https://other.test",),
        }
        grants = ("authorization_code", "refresh_token", "client_credentials")
        given = ClientMetadata(**decided, grant_types=grants, allowed_scopes=("openid", "email"))
        await clients.update(desk_of(site), TESTER, made.client_id, given)
        answer = await made.replace(grant_types=list(grants), require_pkce=False, clock_skew=0)
        assert answer.status == 200, answer.text
        client = await made.stored()
        assert client.grant_types == grants
        assert client.allowed_scopes == ("openid", "email")
        assert client.lifetimes.access_token == 60
        assert client.web_origins == ("https://other.test",)
        assert (client.require_pkce, client.require_consent, client.clock_skew) == (True, False, 3)

    async def test_2_2_the_client_id_is_needed_and_cannot_change(self):
        site = await open_door()
        made, other = await register(site), await register(site)
        for client_id in (None, other.client_id, "chosen", 5):
            answer = await made.ask("PUT", {"client_id": client_id, "redirect_uris": [CALLBACK]})
            assert (answer.status, answer.json()["error"]) == (400, "invalid_client_metadata")
            assert "client_id" in answer.json()["error_description"]

    async def test_2_2_a_secret_must_be_the_one_that_was_issued(self):
        site = await open_door()
        made = await register(site)
        assert (await made.replace(client_secret=made.told["client_secret"])).status == 200
        for secret in ("x" * 40, 5, {}, ""):
            answer = await made.replace(client_secret=secret)
            assert (answer.status, answer.json()["error"]) == (400, "invalid_client_metadata")
        assert [one.digest for one in (await made.stored()).secrets] == [
            digest(made.told["client_secret"])
        ]

    @pytest.mark.parametrize(
        "name",
        [
            *("registration_access_token", "registration_client_uri"),
            *("client_secret_expires_at", "client_id_issued_at"),
        ],
    )
    async def test_2_2_what_is_the_servers_to_say(self, name):
        site = await open_door()
        made = await register(site)
        answer = await made.replace(**{name: made.told[name]})
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
        assert name in answer.json()["error_description"]

    async def test_2_2_what_breaks_a_rule_changes_nothing(self):
        site = await open_door()
        made = await register(site, client_name="Shop")
        before = await made.stored()
        answer = await made.replace(redirect_uris=["https://*.rp.test/"])
        assert (answer.status, answer.json()["error"]) == (400, "invalid_redirect_uri")
        answer = await made.replace(grant_types=["authorization_code", "client_credentials"])
        assert (answer.status, answer.json()["error"]) == (400, "invalid_client_metadata")
        assert await made.stored() == before

    async def test_two_at_once_end_in_one_of_both(self):
        site = await open_door()
        made = await register(site)
        names = [f"Name {n}" for n in range(4)]
        answers = await asyncio.gather(*(made.replace(client_name=name) for name in names))
        assert {one.status for one in answers} <= {200, 503}
        assert (await made.stored()).client_name in names

    async def test_an_event_tells_what_changed(self):
        site = await open_door()
        made = await register(site)
        await made.replace(client_name="Shop")
        event = site.events[-1]
        assert (event.type, event.actor_type, event.actor_id) == (
            "client.updated",
            "client",
            made.client_id,
        )
        assert event.details == {"changed": ["client_name"]}


class TestDelete:
    """2.3: DELETE."""

    async def test_2_3_it_is_gone(self):
        site = await open_door()
        made = await register(site)
        answer = await made.ask("DELETE")
        assert (answer.status, answer.body) == (204, b"")
        assert_refused(await made.ask("GET"))
        assert_refused(await made.ask("DELETE"))
        event = site.events[-1]
        assert (event.type, event.actor_id) == ("client.deleted", made.client_id)

    async def test_one_that_was_never_used_leaves_nothing(self):
        site = await open_door()
        before = await site.store.counts()
        made = await register(site, token_endpoint_auth_method="none")
        await made.ask("DELETE")
        after = await site.store.counts()
        for table in ("clients", "unused_clients"):
            assert after[table] == before[table]
        assert not await site.store.is_web_origin("https://rp.test")

    async def test_one_that_was_used_keeps_its_id(self):
        site = await open_door()
        made = await register(site)
        await site.store.apply(Uses().note(await made.stored()))
        assert (await made.ask("DELETE")).status == 204
        assert (await made.stored()).state is ClientState.DELETED
        assert_refused(await made.ask("GET"))

    async def test_2_3_nothing_begun_by_it_goes_on(self):
        site = await open_door()
        made = await register(site)
        asked = await site.authorize(client_id=made.client_id, redirect_uri=CALLBACK)
        assert asked.status == 303
        await made.ask("DELETE")
        answer = await site.resume(asked.flow)
        assert answer.status == 400
        assert "location" not in dict(answer.headers)


async def test_other_methods():
    site = await open_door(WEB)
    made = await register(site)
    for method in ("POST", "PATCH"):
        assert (await made.ask(method, {})).status == 405
