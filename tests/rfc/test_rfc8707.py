"""RFC 8707: tokens for the APIs that are named, and for no others, by every way to a token."""

from urllib.parse import urlencode

import pytest

from ostiary.jose import base64url, json
from ostiary.model.client import ClientSecret
from ostiary.model.organization import Api
from ostiary.oauth.handle import digest
from support.authorization import ISSUER, WEB, change, parameters
from support.instance import open_instance
from support.site import FORM, open_site
from support.tokens import SECRET, Caller, assert_refused, basic, make_client

ORDERS, BILLS = "https://orders.test", "https://bills.test"
SCOPES = ("openid", "offline_access", "orders.read", "bills.read")
CLIENT = make_client("app", allowed_scopes=SCOPES)


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(
            Api(
                id="bills",
                organization_id="acme",
                project_id="store",
                audience=BILLS,
                scopes=("bills.read",),
            ),
            CLIENT,
        )
        yield Caller(instance)


def audience(answer):
    """Return who the access token of an answer is for."""
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    found = json.parse_object(base64url.decode(token.split(".")[1]))["aud"]
    return {found} if isinstance(found, str) else set(found)


async def redeem(caller, resources=(), **changes):
    code = await caller.code(CLIENT, scopes=SCOPES, grant={"resources": resources})
    return await caller.redeem(CLIENT, code, **changes)


class TestAuthorizationRequest:
    """Section 2.1."""

    pytestmark = pytest.mark.usefixtures("sites")

    async def ask(self, resources):
        site = await open_site(change(WEB, allowed_scopes=SCOPES))
        await site.sign_in()
        query = "".join(f"&resource={one}" for one in resources).encode()
        raw = (
            b"response_type=code&client_id=web&redirect_uri=https://app.test/cb&state=s"
            b"&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
            b"&code_challenge_method=S256&scope=openid+orders.read+bills.read" + query
        )
        return site, (await site.authorize_raw(raw)).reply

    @pytest.mark.parametrize("resources", [(ORDERS,), (ORDERS, BILLS), (BILLS, ORDERS, BILLS)])
    async def test_2_1_the_grant_is_for_the_named_apis(self, resources):
        site, reply = await self.ask(resources)
        assert "code" in reply
        assert site.grants[0].resources == tuple(dict.fromkeys(resources))

    async def test_2_1_pushed(self):
        secrets = (ClientSecret(digest=digest(SECRET), created_at=0),)
        site = await open_site(change(WEB, allowed_scopes=SCOPES, secrets=secrets))
        await site.sign_in()
        form = [*parameters(scope="openid orders.read bills.read").items()]
        body = urlencode([*form, ("resource", ORDERS), ("resource", BILLS)]).encode()
        headers = {"content-type": FORM, "content-length": str(len(body))}
        headers |= {name.lower(): value for name, value in basic("web").items()}
        pushed = (await site.send("POST", "/oauth/v2/par", b"", body, headers)).json()
        query = {"client_id": "web", "request_uri": pushed["request_uri"]}
        assert "code" in (await site.authorize_raw(urlencode(query).encode())).reply
        assert site.grants[0].resources == (ORDERS, BILLS)

    @pytest.mark.parametrize(
        ("resources", "rule"),
        [
            (("https://nowhere.test",), "not the audience of an API"),
            ((ORDERS, "https://nowhere.test"), "not the audience of an API"),
            ((f"{ORDERS}/",), "not the audience of an API"),
            (("/orders",), "absolute URI"),
            ((f"{ORDERS}%23part",), "without a fragment"),
        ],
    )
    async def test_2_another_one_is_refused_with_the_reason(self, resources, rule):
        site, reply = await self.ask(resources)
        assert reply["error"] == "invalid_target"
        assert rule in reply["error_description"]
        assert reply["state"] == "s"
        assert not site.codes


class TestCode:
    """Section 2.2, for the token request with a code."""

    async def test_without_any_it_is_for_what_was_granted(self, caller):
        assert audience(await redeem(caller, (ORDERS,))) == {ORDERS, ISSUER}
        assert audience(await redeem(caller)) == {ORDERS, BILLS, ISSUER}

    async def test_it_narrows(self, caller):
        assert audience(await redeem(caller, (ORDERS, BILLS), resource=BILLS)) == {BILLS, ISSUER}
        assert audience(await redeem(caller, resource=ORDERS)) == {ORDERS, ISSUER}

    async def test_several(self, caller):
        answer = await redeem(caller, (ORDERS, BILLS), resource=[BILLS, ORDERS])
        assert audience(answer) == {ORDERS, BILLS, ISSUER}

    @pytest.mark.parametrize("resource", [BILLS, [ORDERS, BILLS], "https://nowhere.test", "x#y"])
    async def test_it_never_widens(self, caller, resource):
        answer = await redeem(caller, (ORDERS,), resource=resource)
        assert "audience of an API" in assert_refused(answer, "invalid_target")

    async def test_a_refusal_leaves_the_code_whole(self, caller):
        code = await caller.code(CLIENT, scopes=SCOPES, grant={"resources": (ORDERS,)})
        assert_refused(await caller.redeem(CLIENT, code, resource=BILLS), "invalid_target")
        assert audience(await caller.redeem(CLIENT, code, resource=ORDERS)) == {ORDERS, ISSUER}


class TestRefresh:
    """Section 2.2, for the token request with a refresh token."""

    async def test_each_use_may_name_another_of_the_granted_ones(self, caller):
        token = (await redeem(caller, (ORDERS, BILLS), resource=ORDERS)).json()["refresh_token"]
        for resource, expected in ((BILLS, {BILLS, ISSUER}), (ORDERS, {ORDERS, ISSUER})):
            answer = await caller.refresh(CLIENT, token, resource=resource)
            assert audience(answer) == expected
            token = answer.json()["refresh_token"]
        assert audience(await caller.refresh(CLIENT, token)) == {ORDERS, BILLS, ISSUER}

    async def test_it_never_widens_and_the_token_stays_whole(self, caller):
        token = (await redeem(caller, (ORDERS,))).json()["refresh_token"]
        answer = await caller.refresh(CLIENT, token, resource=BILLS)
        assert_refused(answer, "invalid_target")
        assert audience(await caller.refresh(CLIENT, token)) == {ORDERS, ISSUER}

    async def test_nor_where_the_scope_does_not_reach_it(self, caller):
        token = (await redeem(caller)).json()["refresh_token"]
        answer = await caller.refresh(CLIENT, token, scope="orders.read", resource=BILLS)
        assert_refused(answer, "invalid_target")


class TestClientCredentials:
    """Section 2, for a client that acts for itself."""

    async def ask(self, caller, **form):
        return await caller.send(CLIENT, {"grant_type": "client_credentials", **form})

    async def test_it_narrows(self, caller):
        assert audience(await self.ask(caller)) == {ORDERS, BILLS}
        assert audience(await self.ask(caller, resource=BILLS)) == {BILLS}
        assert audience(await self.ask(caller, resource=[BILLS, ORDERS])) == {ORDERS, BILLS}

    @pytest.mark.parametrize("resource", ["https://nowhere.test", "orders", f"{ORDERS}#x", ISSUER])
    async def test_another_one_is_refused(self, caller, resource):
        assert_refused(await self.ask(caller, resource=resource), "invalid_target")

    async def test_one_that_the_scope_does_not_reach_is_refused(self, caller):
        answer = await self.ask(caller, scope="orders.read", resource=BILLS)
        assert "scopes" in assert_refused(answer, "invalid_target")
