"""Whose page it is shows on every page that people see, and in their mail (AD-13, AD-14)."""

import re

import pytest

from ostiary.model.branding import Branding
from ostiary.model.client import AppType
from ostiary.model.image import Image
from ostiary.model.organization import Organization, State
from ostiary.oauth.effects import Unavailable
from ostiary.oauth.grants.device_code import grant_type as device_grant
from support.account import enter, visit
from support.instance import ISSUER, PASSWORD, hidden, open_instance
from support.postbox import Postbox, text_of
from support.tokens import Caller, basic, make_client

DIGEST = "ab" * 32
PIXELS = b"\x89PNG\r\n\x1a\n of ACME"
BRANDING = Branding(
    accent="#7a1f5c",
    background="#102030",
    logo="https://acme.test/logo.png",
    headings={"en": "Welcome to <ACME>"},
    support_uri="https://www.acme.test/help?a=1&b=2",
    privacy_uri="mailto:privacy@acme.test",
)
STYLE = "/branding/7a1f5c-x-102030-x.css"
# Where text stands on the background, that stays as it is.
FRAME_STYLE = "/branding/7a1f5c-x-x-x.css"
LOGO = f"/images/{DIGEST}.png"
DEFAULT = Organization(id="default", name="House", branding=Branding(accent="#0b5d3b"))
HOUSE_STYLE = "/branding/0b5d3b-x-x-x.css"


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as instance:
        acme = await instance.store.read_organization("acme")
        await instance.change(
            acme,
            branding=BRANDING,
            policies={"user_registration": {"mode": "open"}},
        )
        configuration = await instance.store.read_configuration()
        await instance.change(configuration, policies={"user_registration": {"mode": "open"}})
        logo = Image(id="organization:acme", digest=DIGEST, content=PIXELS, source=BRANDING.logo)
        await instance.add(logo, DEFAULT)
        yield instance


@pytest.fixture
async def browser(instance):
    async with instance.browser() as browser:
        yield browser


@pytest.fixture
def post(instance):
    return Postbox(instance)


def is_acme(page, style=STYLE):
    """The page is ACME's: name, logo, colours and links; nothing of it is from elsewhere."""
    assert style in page.text
    assert f'src="{LOGO}"' in page.text
    assert '<bdi class="owner">ACME</bdi>' in page.text
    assert 'href="https://www.acme.test/help?a=1&amp;b=2"' in page.text
    is_ours(page)


def is_ours(page):
    loaded = re.findall(r'(?:src|<link [^>]*href)="([^"]*)"', page.text)
    assert loaded
    assert all(url.startswith("/") and not url.startswith("//") for url in loaded)
    assert " style=" not in page.text
    assert "<style" not in page.text
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "https:" not in policy


async def follow(browser, answer):
    while answer.status_code == 303:
        answer = await browser.get(answer.headers["location"])
    return answer


def link_of(mail):
    """Return the link of ours among those of the organization."""
    (found,) = {word for word in text_of(mail).split() if word.startswith(f"{ISSUER}/")}
    return found.removeprefix(ISSUER)


async def asked_for_password(browser):
    flow = await browser.open_flow()
    page = await browser.get(f"/login/forgot?flow={flow}")
    sent = await browser.post(f"/login/forgot?flow={flow}", {**hidden(page), "username": "alice"})
    return page, sent


class TestPages:
    """Each kind of page."""

    @pytest.mark.parametrize("path", ["/login", "/login/forgot", "/login/register"])
    async def test_of_signing_in(self, browser, path):
        flow = await browser.open_flow()
        page = await browser.get(f"{path}?flow={flow}")
        assert page.status_code == 200, page.text
        is_acme(page)

    async def test_of_consent(self, browser):
        page = await follow(browser, await browser.sign_in("alice"))
        assert page.url.path == "/consent"
        is_acme(page)

    async def test_of_recovery(self, browser, post):
        for page in await asked_for_password(browser):
            is_acme(page)
        link = link_of(await post.only())
        page = await follow(browser, await browser.get(link))
        assert page.url.path == "/login/reset"
        is_acme(page)
        form = {**hidden(page), "new_password": "short"}
        is_acme(await browser.post("/login/reset", form))
        form["new_password"] = "entirely different words of mine"
        is_acme(await browser.post("/login/reset", form))

    async def test_of_registration_and_its_mail(self, browser, post):
        flow = await browser.open_flow()
        page = await browser.get(f"/login/register?flow={flow}")
        form = {**hidden(page), "email": "new@acme.test", "new_password": PASSWORD + " 2"}
        is_acme(await follow(browser, await browser.post(str(page.url), form)))
        mail = await post.only()
        async with browser.instance.browser() as elsewhere:
            page = await follow(elsewhere, await elsewhere.get(link_of(mail)))
            assert page.url.path == "/login/verify"
            is_acme(page)

    @pytest.mark.parametrize(
        "section", ["", "/profile", "/email", "/password", "/methods", "/sessions", "/apps"]
    )
    async def test_of_the_account(self, browser, section):
        page = await enter(browser, f"/account{section}")
        assert page.url.path == f"/account{section}"
        is_acme(page, FRAME_STYLE)

    async def test_of_signing_in_to_the_account_again(self, browser):
        page = await visit(browser)
        # Of nobody's yet: that of the organization that there is from the start.
        assert HOUSE_STYLE in page.text
        await enter(browser)
        browser.instance.clock.time += 3600
        page = await visit(browser, "/account/delete")
        assert page.url.path == "/login"
        is_acme(page)

    async def test_of_signing_out(self, instance, browser):
        await enter(browser)
        page = await follow(browser, await browser.get("/oidc/v1/end_session?client_id=shop"))
        assert page.url.path == "/logout"
        is_acme(page)
        is_acme(await browser.post(str(page.url), {**hidden(page), "decision": "yes"}))
        page = await browser.get("/oidc/v1/end_session")
        assert HOUSE_STYLE in (await follow(browser, page)).text

    async def test_of_errors(self, browser):
        flow = await browser.open_flow("blog")
        await browser.get((await browser.sign_in(flow=flow)).headers["location"])
        page = await browser.get(f"/login?flow={flow}")
        assert page.status_code == 410
        is_acme(page)
        for path in ("/nowhere", "/login", "/oauth/v2/authorize?client_id=nobody"):
            page = await browser.get(path)
            assert page.status_code in {400, 404}
            assert HOUSE_STYLE in page.text
            is_ours(page)

    async def test_where_something_of_ours_is_broken_nothing_is_asked_for(
        self, instance, browser, monkeypatch
    ):
        async def fail(*_):
            raise Unavailable

        flow = await browser.open_flow()
        monkeypatch.setattr(type(instance.store), "organization", fail)
        monkeypatch.setattr(type(instance.store), "interaction", fail)
        page = await browser.get(f"/login?flow={flow}")
        assert page.status_code == 503
        page = await browser.get("/nowhere")
        assert page.status_code == 404
        assert "/branding/" not in page.text

    async def test_of_a_device(self, instance, browser):
        page = await browser.get("/device")
        assert HOUSE_STYLE in page.text
        await instance.add(
            make_client(
                "tv",
                type=AppType.DEVICE,
                redirect_uris=(),
                grant_types=(device_grant,),
                response_types=(),
            )
        )
        codes = await Caller(instance).http.post(
            "/oauth/v2/device_authorization", data={"scope": "openid"}, headers=basic("tv")
        )
        code = codes.json()["user_code"]
        # LO-02: nor does a code that exists look otherwise before it is sent.
        known = await browser.get(f"/device?user_code={code}")
        other = await browser.get("/device?user_code=BCDF-GHJK")
        assert known.text.replace(code, "") == other.text.replace("BCDF-GHJK", "")
        await enter(browser)
        page = await follow(browser, await browser.post("/device", {"user_code": code}))
        assert page.url.path == "/consent"
        is_acme(page)
        sent = await browser.post(str(page.url), {**hidden(page), "decision": "allow"})
        page = await follow(browser, sent)
        assert page.url.path == "/device/done"
        assert HOUSE_STYLE in page.text

    async def test_of_an_answer_that_is_posted(self, instance, browser):
        await browser.get((await browser.sign_in("alice")).headers["location"])
        asked = {
            "client_id": "blog",
            "redirect_uri": "https://blog.test/cb",
            "response_type": "code",
            "response_mode": "form_post",
            "scope": "openid",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
        }
        page = await browser.http.get("/oauth/v2/authorize", params=asked)
        assert 'action="https://blog.test/cb"' in page.text
        assert STYLE in page.text

    async def test_a_deleted_organization_has_no_pages(self, instance, browser):
        found = await instance.store.read_organization("default")
        await instance.change(found, state=State.DELETED)
        page = await browser.get("/device")
        assert "/branding/" not in page.text
        assert "House" not in page.text


class TestMail:
    """Mail is as its organization's pages are, in both parts, and asks for nothing."""

    async def test_ad_14_text_and_html(self, browser, post):
        await asked_for_password(browser)
        mail = await post.only()
        html, plain = text_of(mail, "html"), text_of(mail)
        assert "background:#7a1f5c" in html
        assert "ACME" in html
        assert "ACME" in plain.splitlines()[0]
        for url in ("https://www.acme.test/help?a=1&amp;b=2", "mailto:privacy@acme.test"):
            assert f'href="{url}"' in html
        assert "https://www.acme.test/help?a=1&b=2" in plain
        # Nothing is loaded from anywhere: the logo is in the mail.
        sources = re.findall(r'src="([^"]*)"', html)
        assert sources == ["cid:logo"]
        (logo,) = (part for part in mail.walk() if part.get_content_type() == "image/png")
        assert logo["Content-ID"] == "<logo>"
        assert logo.get_content() == PIXELS
        assert logo.get_content_disposition() == "inline"
        assert "@import" not in html
        assert "url(" not in html

    async def test_an_application_counts_over_its_organization(self, instance, browser, post):
        """What was asked for on the way to it, in its own organization."""
        shop = await instance.store.read_client("shop")
        await instance.change(
            shop, branding=Branding(accent="#0b5d3b", support_uri="https://shop.test/help")
        )
        await asked_for_password(browser)
        html = text_of(await post.only(), "html")
        assert "background:#0b5d3b" in html
        assert 'href="https://shop.test/help"' in html
        assert 'href="mailto:privacy@acme.test"' in html

    async def test_without_branding_it_is_as_ever(self, instance, browser, post):
        acme = await instance.store.read_organization("acme")
        await instance.change(acme, branding=Branding())
        await asked_for_password(browser)
        mail = await post.only()
        assert "<img" not in text_of(mail, "html")
        assert [part.get_content_type() for part in mail.walk()] == [
            "multipart/alternative",
            "text/plain",
            "text/html",
        ]

    async def test_rc_08_a_name_makes_no_link(self, instance, browser, post):
        acme = await instance.store.read_organization("acme")
        await instance.change(acme, name="evil.test <b>x</b> http://evil.test")
        await asked_for_password(browser)
        mail = await post.only()
        for part in ("plain", "html"):
            assert "evil.test" not in text_of(mail, part)
        assert "<b>x</b>" not in text_of(mail, "html")

    async def test_a_logo_that_is_gone_is_left_out(self, instance, browser, post):
        acme = await instance.store.read_organization("acme")
        await instance.change(
            acme, branding=Branding(accent="#7a1f5c", logo="https://acme.test/other.png")
        )
        await asked_for_password(browser)
        assert "<img" not in text_of(await post.only(), "html")
