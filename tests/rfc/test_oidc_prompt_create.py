"""Initiating User Registration via OpenID Connect 1.0: prompt=create."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from support.instance import Browser, flow_of, hidden, open_instance
from support.postbox import Postbox, code_of

CHOSEN = "words that nobody expects here"


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        yield instance


async def allow(instance, mode: str) -> None:
    configuration = await instance.store.read_configuration()
    policies = {"user_registration": {"mode": mode}}
    await instance.change(configuration, policies=policies)
    await instance.store.revalidate()


async def authorize(browser: Browser, **parameters: str):
    asked = {
        "response_type": "code",
        "client_id": "blog",
        "redirect_uri": "https://blog.test/cb",
        "scope": "openid",
        "state": "s1",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        **parameters,
    }
    return await browser.get(f"/oauth/v2/authorize?{urlencode(asked)}")


def error_of(response) -> str:
    return parse_qs(urlsplit(response.headers["location"]).query)["error"][0]


async def test_4_1_the_person_meets_the_page_for_a_new_account(instance):
    await allow(instance, "open")
    async with instance.browser() as browser:
        response = await authorize(browser, prompt="create", login_hint="new@acme.test")
        assert urlsplit(response.headers["location"]).path == "/login/register"
        page = await browser.get(response.headers["location"])
        assert 'value="new@acme.test"' in page.text


async def test_4_1_and_comes_back_with_a_code_once_there_is_one(instance):
    await allow(instance, "open")
    post = Postbox(instance)
    async with instance.browser() as browser:
        flow = flow_of(await authorize(browser, prompt="create"))
        page = await browser.get(f"/login/register?flow={flow}")
        filled = {**hidden(page), "email": "new@acme.test", "new_password": CHOSEN}
        await browser.post(f"/login/register?flow={flow}", filled)
        page = await browser.get(f"/login/verify?flow={flow}")
        filled = {**hidden(page), "code": code_of(await post.only())}
        response = await browser.post(f"/login/verify?flow={flow}", filled)
        response = await browser.get(response.headers["location"])
        assert response.headers["location"].startswith("https://blog.test/cb?code=")


async def test_4_1_also_where_somebody_is_signed_in(instance):
    await allow(instance, "open")
    async with instance.browser() as browser:
        await browser.sign_in(flow=await browser.open_flow("blog"))
        response = await authorize(browser, prompt="create")
        assert urlsplit(response.headers["location"]).path == "/login/register"


async def test_4_1_whoever_has_an_account_signs_in_after_all(instance):
    await allow(instance, "open")
    async with instance.browser() as browser:
        flow = flow_of(await authorize(browser, prompt="create"))
        page = await browser.get(f"/login/register?flow={flow}")
        assert f'href="/login?flow={flow}"' in page.text
        response = await browser.sign_in(flow=flow)
        response = await browser.get(response.headers["location"])
        assert response.headers["location"].startswith("https://blog.test/cb?code=")


@pytest.mark.parametrize("mode", ["off", "invitation"])
async def test_4_1_where_it_is_not_supported_it_is_invalid_request(instance, mode):
    await allow(instance, mode)
    async with instance.browser() as browser:
        assert error_of(await authorize(browser, prompt="create")) == "invalid_request"


async def test_4_1_none_stands_alone(instance):
    await allow(instance, "open")
    async with instance.browser() as browser:
        assert error_of(await authorize(browser, prompt="none create")) == "invalid_request"


@pytest.mark.parametrize(("mode", "listed"), [("open", True), ("invitation", False)])
async def test_4_2_metadata_lists_it_where_it_is_supported(instance, mode, listed):
    await allow(instance, mode)
    async with instance.browser() as browser:
        document = (await browser.get("/.well-known/openid-configuration")).json()
    assert ("create" in document["prompt_values_supported"]) is listed
