"""What the guides of other providers promise word for word: paths, parameters, explanations."""

import pytest

from ostiary.model.policy import BOUNDS, TokenLifetimes
from support.authorization import WEB as SITE_WEB
from support.authorization import change
from support.instance import ISSUER, open_instance
from support.site import open_site
from support.token import VERIFIER
from support.tokens import SECRET, Caller, basic, make_client

pytestmark = pytest.mark.usefixtures("sites")

WEB = make_client("web")
POST = make_client("post", token_endpoint_auth_method="client_secret_post")


@pytest.fixture
async def caller(tmp_path):
    async with open_instance(tmp_path) as instance:
        await instance.add(WEB, POST)
        yield Caller(instance)


class TestS134To41:
    """S1-04, S1-34 to S1-41: clients with written-in addresses find them where they were."""

    @pytest.mark.parametrize(
        ("member", "path", "methods"),
        [
            ("authorization_endpoint", "/oauth/v2/authorize", ("GET", "POST")),
            ("token_endpoint", "/oauth/v2/token", ("POST",)),
            ("userinfo_endpoint", "/oidc/v1/userinfo", ("GET", "POST")),
            ("introspection_endpoint", "/oauth/v2/introspect", ("POST",)),
            ("revocation_endpoint", "/oauth/v2/revoke", ("POST",)),
            ("end_session_endpoint", "/oidc/v1/end_session", ("GET", "POST")),
            ("jwks_uri", "/oauth/v2/keys", ("GET",)),
        ],
    )
    async def test_paths(self, member, path, methods):
        site = await open_site()
        document = (await site.send("GET", "/.well-known/openid-configuration")).json()
        assert document[member] == ISSUER + path
        for method in ("GET", "POST"):
            answer = await site.send(method, path)
            assert (answer.status == 405) is (method not in methods), method
            assert answer.status != 404


class TestS105:
    """S1-05: what an authorization request has to have; who leaves it out is told its name."""

    @pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
    async def test_without_it_nobody_is_redirected(self, name):
        answer = await (await open_site()).authorize(**{name: None})
        assert answer.status == 400
        assert answer.header("location") is None
        assert name in answer.text

    @pytest.mark.parametrize(
        ("name", "error"), [("response_type", "invalid_request"), ("scope", "invalid_scope")]
    )
    async def test_without_it_the_client_is_told(self, name, error):
        site = await open_site(change(SITE_WEB, allowed_scopes=("openid", "email")))
        reply = (await site.authorize(**{name: None})).reply
        assert reply["error"] == error
        assert name in reply["error_description"]


async def test_s1_09_the_form_of_the_code_exchange(caller):
    """Every parameter of the guide's example in one form."""
    form = {
        "grant_type": "authorization_code",
        "code": await caller.code(POST),
        "redirect_uri": POST.redirect_uris[0],
        "client_id": "post",
        "client_secret": SECRET,
        "code_verifier": VERIFIER,
    }
    answer = await caller.post(form, {})
    assert answer.status_code == 200
    assert {"access_token", "id_token", "refresh_token"} <= set(answer.json())


async def test_s0_12_after_an_access_token_a_refresh_token_goes_on(caller):
    """S1-55 and S3-11 as well: it lives longer, and no page is needed."""
    tokens = await caller.tokens(WEB)
    caller.instance.clock.time += tokens["expires_in"]
    assert (await caller.userinfo(tokens["access_token"])).status_code == 401
    renewed = (await caller.refresh(WEB, tokens["refresh_token"])).json()
    assert (await caller.userinfo(renewed["access_token"])).status_code == 200


def test_s3_11_no_access_token_outlives_a_refresh_token_by_default():
    lifetimes = TokenLifetimes()
    longest = BOUNDS["token_lifetimes", "access_token"][1]
    assert lifetimes.access_token < longest < lifetimes.refresh_idle < lifetimes.refresh_absolute


@pytest.mark.parametrize("secret", ["wrong", SECRET + "x"])
async def test_s1_60_wrong_credentials_are_explained(caller, secret):
    """As far as may be told: not whether the client exists (CA-13)."""
    answer = await caller.post({"grant_type": "client_credentials"}, basic("web", secret))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    description = answer.json()["error_description"]
    assert "credentials" in description
    assert "authentication method" in description
    assert secret not in answer.text


@pytest.mark.parametrize("verifier", [None, "w" * 43, "short"])
async def test_s1_62_a_failed_challenge_is_explained(caller, verifier):
    answer = await caller.redeem(WEB, await caller.code(WEB), code_verifier=verifier)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert "code_verifier" in answer.json()["error_description"]
