"""The playground: who gets in, what its clients can reach, and what a hostile request gets."""

import re
from html import unescape
from urllib.parse import quote, urlencode

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from ostiary.jose import base64url
from ostiary.model.administrator import Administrator, AdministratorRole
from ostiary.oauth.effects import Delete
from ostiary.playground import sandbox
from ostiary.playground.flows import FLOWS
from support.account import enter, fields_of, follow, visit
from support.instance import open_instance
from support.playground import Developer, address, filled, known_of

PAGES = ["/playground", "/playground/code", "/playground/token", "/playground/callback"]
ELSEWHERE = [
    *("https://evil.test/", "https://id.test/", "https://id.test/account", "/playground/callback"),
    *("https://id.test/playground/callback/", "https://id.test/playground/callback?x=1"),
    *("https://id.test/playground", "http://id.test/playground/callback", "javascript:alert(1)"),
    *("http://127.0.0.1/playground/callback", "https://id.test:444/playground/callback"),
]
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
# Not to be set by another site of the domain.
CODE_COOKIE = "__Host-ostiary_playground_device"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path, playground=True) as instance:
        yield instance


@pytest.fixture
async def development(tmp_path):
    async with open_instance(tmp_path, dev=True, playground=True) as instance:
        yield instance


async def promote(instance, role=AdministratorRole.PROJECT_OWNER) -> None:
    """Let Alice administer something."""
    place = {"organization_id": "acme", "project_id": "store"}
    if role is AdministratorRole.INSTANCE_OWNER:
        place = {}
    await instance.add(Administrator(id="one", user_id="user-alice", role=role, **place))


class TestWhoGetsIn:
    """AD: pages of ours, for administrators."""

    @pytest.mark.parametrize("path", PAGES)
    async def test_a_stranger_is_sent_to_sign_in(self, instance, path):
        async with instance.browser() as browser:
            page = await visit(browser, path)
            assert page.url.path == "/login"
            assert "playground-" not in page.text

    @pytest.mark.parametrize("path", PAGES)
    async def test_who_administers_nothing_is_refused(self, instance, path):
        async with instance.browser() as browser:
            page = await enter(browser, path)
            assert page.status_code == 403
            assert "ost_cs_" not in page.text
            answer = await browser.post(path, {"token": "x", "step": "redeem", "v.code": "x"})
            assert answer.status_code in {403, 405}

    @pytest.mark.parametrize("path", PAGES)
    @pytest.mark.parametrize("role", [*AdministratorRole])
    async def test_who_administers_something_gets_in(self, instance, path, role):
        await promote(instance, role)
        async with instance.browser() as browser:
            page = await enter(browser, path)
            assert (page.status_code, page.url.path) == (200, path)

    async def test_a_role_that_ended_ends_it_at_once(self, instance):
        await promote(instance)
        async with instance.browser() as browser:
            page = await enter(browser, "/playground/machine")
            fields = filled({**fields_of(page, "step"), "do": "send"})
            await instance.apply(Delete(Administrator, "one"))
            assert (await browser.post("/playground/machine", fields)).status_code == 403

    async def test_an_administrator_goes_through_a_flow(self, instance):
        await promote(instance)
        async with instance.browser() as browser:
            page = await enter(browser, "/playground/code?break=plain")
            assert "PKCE with the method plain" in page.text
            page = await enter(browser, "/playground/machine")
            page = await Developer(browser).press(page)
            assert "HTTP/1.1 200" in page.text

    @pytest.mark.parametrize("path", PAGES)
    async def test_without_a_playground_there_is_nothing(self, tmp_path, path):
        async with open_instance(tmp_path) as instance, instance.browser() as browser:
            assert (await browser.get(path)).status_code == 404
            for client_id in sandbox.make_sandbox("https://id.test", b"\1" * 32, old=True).secrets:
                assert await instance.store.client(client_id) is None

    async def test_only_development_has_the_flows_that_are_over(self, instance):
        await promote(instance)
        async with instance.browser() as browser:
            assert await instance.store.client(sandbox.OLD) is None
            page = await enter(browser, "/playground")
            for flow in FLOWS.values():
                assert (f'"/playground/{flow.id}"' in page.text) is not flow.old
                if flow.old:
                    assert (await browser.get(address(flow.id))).status_code == 404


class TestItsClients:
    """RU, RO, DV: they answer to the playground alone, and reach nothing."""

    @pytest.mark.parametrize("redirect_uri", ELSEWHERE)
    @pytest.mark.parametrize("client_id", [sandbox.WEB, sandbox.BRIEF, sandbox.BROWSER])
    async def test_ru_01_nobody_else_is_answered(self, instance, client_id, redirect_uri):
        asked = {
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": "openid",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        async with instance.browser() as browser:
            answer = await browser.get(f"/oauth/v2/authorize?{urlencode(asked)}")
        assert answer.status_code == 400
        assert "location" not in answer.headers

    async def test_ad_03_none_may_manage(self, instance):
        for client in instance.idp.sandbox.furnished.clients.values():
            assert not any("ostiary" in scope for scope in client.allowed_scopes)
            assert await instance.store.administrators_of(client.client_id) == ()
        await promote(instance, AdministratorRole.INSTANCE_OWNER)
        async with instance.browser() as browser, instance.program() as http:
            page = await enter(browser, "/playground/machine")
            refused = await Developer(browser).press(page, **{"p.scope": "urn:ostiary:api"})
            assert "invalid_scope" in refused.text
            page = await Developer(browser).press(page)
            token = known_of(page)["v.access_token"]
            bearer = {"Authorization": f"Bearer {token}"}
            for path in ("/api/v1/organizations", "/oidc/v1/userinfo"):
                assert (await http.get(path, headers=bearer)).status_code in {401, 403}

    async def test_a_token_of_an_administrator_by_it_manages_nothing(self, development):
        await promote(development, AdministratorRole.INSTANCE_OWNER)
        async with development.browser() as browser, development.program() as http:
            developer = Developer(browser)
            page = await developer.open("code")
            scope = "openid urn:ostiary:api"
            answer = await developer.press(page, scope=scope)
            assert "invalid_scope" in answer.text
            page = await developer.press(await developer.open("code"))
            page = await developer.press(page)
            bearer = {"Authorization": f"Bearer {known_of(page)['v.access_token']}"}
            answer = await http.get("/api/v1/organizations", headers=bearer)
            assert answer.status_code in {401, 403}

    async def test_ca_09_a_guessed_secret_opens_none(self, instance):
        async with instance.program() as http:
            for client_id in instance.idp.sandbox.furnished.clients:
                for secret in ("", client_id, "ost_cs_" + "0" * 49):
                    asked = {"grant_type": "client_credentials", "client_id": client_id}
                    answer = await http.post(
                        "/oauth/v2/token", data=filled({**asked, "client_secret": secret})
                    )
                    assert answer.status_code in {400, 401}
                    assert "access_token" not in answer.text

    async def test_the_secrets_of_another_instance_are_others(self):
        made = [
            sandbox.make_sandbox("https://id.test", bytes([number]) * 32, old=True)
            for number in (1, 2)
        ]
        assert not set(made[0].secrets.values()) & set(made[1].secrets.values())
        assert made[0].key.kid != made[1].key.kid

    async def test_nobody_registers_or_changes_them(self, instance):
        for client in instance.idp.sandbox.furnished.clients.values():
            assert ":" in client.client_id
            assert await instance.store.read_client(client.client_id) is None
            planted = msgspec.structs.replace(
                client, organization_id="acme", project_id="store", redirect_uris=ELSEWHERE[:1]
            )
            await instance.add(planted)
            assert await instance.store.client(client.client_id) == client
            registered = await instance.store.registration(client.client_id)
            assert registered.client == client

    async def test_its_apis_are_for_nobody_else(self, instance):
        for api in instance.idp.sandbox.furnished.apis:
            assert api not in await instance.store.apis("acme")


class TestDv03:
    """DV-03: every administrator can speak for the playground's device, so it asks nobody else."""

    async def test_dv_03_whoever_is_sent_a_code_is_not_asked(self, instance):
        await promote(instance)
        async with instance.browser() as browser, instance.browser() as other:
            code = await show_code(browser)
            page = await other.get(f"/device?user_code={code}")
            assert page.status_code == 200
            answer = await other.post("/device", {"user_code": code})
            assert answer.status_code == 403
            assert "location" not in answer.headers
            assert "do not use it" in answer.text
            assert (await browser.post("/device", {"user_code": code})).status_code == 303

    async def test_dv_03_nor_of_a_code_that_the_page_did_not_show(self, instance):
        """With the secret, which the page shows, anybody can ask for a code."""
        await promote(instance)
        secret = instance.idp.sandbox.secrets[sandbox.DEVICE]
        by = httpx.BasicAuth(quote(sandbox.DEVICE, safe=""), secret)
        async with instance.browser() as browser, instance.program() as http:
            await show_code(browser)
            asked = {"scope": "openid email"}
            given = await http.post("/oauth/v2/device_authorization", data=asked, auth=by)
            answer = await browser.post("/device", {"user_code": given.json()["user_code"]})
            assert answer.status_code == 403

    async def test_dv_03_only_the_playground_vouches_for_it(self, instance):
        await promote(instance)
        async with instance.browser() as browser:
            code = await show_code(browser)
            kept = browser.http.cookies[CODE_COOKIE]
            await browser.get("/playground/code")
            pending = browser.http.cookies["ostiary_playground_pending"]
            for value, status in (
                ("", 403),
                ("x", 403),
                (kept[:-2], 403),
                (pending, 403),
                (kept, 303),
            ):
                browser.http.cookies.delete(CODE_COOKIE)
                browser.http.cookies.set(CODE_COOKIE, value, domain="id.test")
                answer = await browser.post("/device", {"user_code": code})
                assert answer.status_code == status

    async def test_dv_03_a_form_of_elsewhere_shows_no_code(self, development):
        """Development mode has no sign-in: the browser says where the form comes from."""
        headers = {"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site"}
        given = {"do": "show.poll", "v.device_code": "x", "v.user_code": "BCDF-GHJK"}
        async with development.browser() as browser:
            answer = await browser.http.post("/playground/device", data=given, headers=headers)
            assert answer.status_code == 403
            assert CODE_COOKIE not in browser.http.cookies


async def show_code(browser) -> str:
    """Go through the playground until it shows the code of its device."""
    developer = Developer(browser)
    page = await developer.press(await enter(browser, "/playground/device"))
    return known_of(page)["v.user_code"]


class TestHostileRequests:
    """What comes from outside."""

    async def test_ss_01_nothing_is_sent_anywhere_else(self, development):
        """Whatever is typed, the path is that of a step, and the host is ours."""
        async with development.browser() as browser:
            page = await Developer(browser).open("machine")
            given = {
                **fields_of(page, "step"),
                "do": "send",
                "path": "/api/v1/organizations",
                "p.path": "https://evil.test/",
                "method": "DELETE",
                "host": "evil.test",
                "extra.name": "host",
                "extra.value": "evil.test",
                "v.issuer": "https://evil.test",
                "v.redirect_uri": "https://evil.test",
            }
            answer = await browser.post("/playground/machine", filled(given))
            assert "POST /oauth/v2/token HTTP/1.1\nhost: id.test\n" in answer.text
            assert "evil.test" not in re.sub(r"(?s)<pre.*?</pre>", "", answer.text)

    @pytest.mark.parametrize(
        "fields",
        [
            {"do": "send"},
            {"do": "send", "step": "nothing"},
            {"do": "send", "step": "authorize"},
            {"do": "send", "step": "redeem"},
            {"do": "send", "step": "machine"},
            {"do": "show.machine"},
            {"do": "show."},
            {"do": "show.redeem"},
            {"do": "send", "step": "redeem", "v.code": "x", "break": "unknown"},
            {"do": "send", "step": "redeem", "v.code": "x", "break": "unknown-scope"},
        ],
    )
    async def test_a_step_that_is_not_there_is_not_taken(self, development, fields):
        async with development.browser() as browser:
            assert (await browser.post("/playground/code", fields)).status_code == 404

    @pytest.mark.parametrize("name", ["%0d%0aset-cookie:%20a=b", "%E2%82%AC", "%00", "x"])
    async def test_nobody_is_sent_to_an_address_that_is_none(self, instance, name):
        async with instance.browser() as browser:
            answer = await browser.post(f"/playground/{name}", {"do": "send"})
            assert answer.status_code == 404
            assert "location" not in answer.headers

    @pytest.mark.parametrize(
        "path",
        ["/playground/x", "/playground/code?break=x", "/playground/code?break=unknown-scope"],
    )
    async def test_what_is_not_there_is_not_found(self, development, path):
        async with development.browser() as browser:
            assert (await browser.get(path)).status_code == 404

    @pytest.mark.parametrize("name", ["\r\nset-cookie: a=b", "ü", "\N{GRINNING FACE}", "a" * 9000])
    async def test_odd_credentials_are_an_answer_and_no_fault(self, development, name):
        async with development.browser() as browser:
            page = await Developer(browser).open("machine")
            for field in ("basic.id", "basic.secret", "p.scope", "extra.name"):
                answer = await Developer(browser).press(page, **{field: name})
                assert answer.status_code == 200
                assert "set-cookie" not in answer.headers
            fields = {"step": "userinfo", "do": "send", "v.access_token": "x", "bearer": name}
            answer = await browser.post("/playground/code", fields)
            assert answer.status_code == 200
            assert "HTTP/1.1 401" in answer.text

    async def test_a_false_answer_is_shown_as_text_and_believed_by_nobody(self, development):
        given = {
            "do": "send",
            "step": "machine",
            "answer.status": "200",
            "answer.headers": f"content-type: {HOSTILE}\nx",
            "answer.body": msgspec.json.encode(
                {"access_token": HOSTILE, HOSTILE: HOSTILE}
            ).decode(),
        }
        async with development.browser() as browser:
            answer = await browser.post("/playground/machine", given)
            assert answer.status_code == 200
            assert HOSTILE not in answer.text
            assert HOSTILE in unescape(answer.text)
            for status in ("1e3", "99", "999", "²00", "-20"):
                answer = await browser.post(
                    "/playground/machine", given | {"answer.status": status}
                )
                assert "HTTP/1.1 4" in answer.text

    @pytest.mark.parametrize(
        "path", ["/playground/code", "/playground/token", "/playground/callback"]
    )
    async def test_a_form_from_elsewhere_is_refused(self, development, path):
        async with development.browser() as browser:
            for headers in (
                {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"},
                {"Sec-Fetch-Site": "same-site", "Origin": "null"},
                {"Origin": "https://evil.test"},
            ):
                answer = await browser.post(path, {"token": "x"}, headers)
                assert answer.status_code == 403

    async def test_an_administrators_form_needs_its_token(self, instance):
        await promote(instance)
        async with instance.browser() as browser:
            page = await enter(browser, "/playground/machine")
            fields = filled({**fields_of(page, "step"), "do": "send"})
            for token in ("", "1-AAAA", fields["form_token"][:-1]):
                answer = await browser.post(
                    "/playground/machine", filled(fields | {"form_token": token})
                )
                assert answer.status_code == 403
            assert (await browser.post("/playground/machine", fields)).status_code == 200

    @pytest.mark.parametrize("body", ["x" * 70_000, "token=" + "x" * 65_000, "a=1&" * 200])
    async def test_a_huge_form_is_refused_or_read(self, development, body):
        async with development.browser() as browser:
            sent = {"content-type": "application/x-www-form-urlencoded"}
            for path in ("/playground/token", "/playground/code", "/playground/callback"):
                answer = await browser.http.post(path, content=body, headers=sent)
                assert answer.status_code in {200, 400, 404, 413}

    async def test_too_many_are_too_many(self, development):
        async with development.browser() as browser:
            statuses = {
                (await browser.post("/playground/token", {"token": "x"})).status_code
                for _ in range(130)
            }
            assert statuses == {200, 429}

    async def test_the_pages_keep_to_themselves(self, development):
        async with development.browser() as browser:
            for path in PAGES:
                answer = await browser.get(path)
                policy = answer.headers["content-security-policy"]
                assert "form-action 'self'" in policy
                assert "frame-ancestors 'none'" in policy
                assert "unsafe" not in policy
                assert answer.headers["cache-control"] == "no-store"
                assert answer.headers["referrer-policy"] == "no-referrer"


class TestCallback:
    """The one redirect URI."""

    async def test_an_answer_that_was_not_asked_for_is_dropped(self, development):
        async with development.browser() as browser:
            answer = await browser.get("/playground/callback?code=stolen&state=x")
            assert answer.status_code == 400
            assert "stolen" not in answer.text

    async def test_the_answer_of_another_request_stops_there(self, development):
        async with development.browser() as browser:
            await browser.get("/playground/code")
            query = urlencode({"code": "stolen", "state": "x", "iss": "https://id.test"})
            answer = await browser.get(f"/playground/callback?{query}")
            assert "Wrong." in answer.text
            assert "Token request with the code</h2>" not in answer.text

    async def test_what_is_kept_is_of_use_once_and_for_a_while(self, development):
        async with development.browser() as browser:
            await browser.get("/playground/code")
            kept = browser.http.cookies["ostiary_playground_pending"]
            await browser.get("/playground/callback?error=x")
            assert "ostiary_playground_pending" not in browser.http.cookies
            browser.http.cookies.set("ostiary_playground_pending", kept, domain="id.test")
            development.clock.time += 900
            assert (await browser.get("/playground/callback?error=x")).status_code == 400
            for forged in ("", "x", kept[:-2], kept[2:]):
                browser.http.cookies.set("ostiary_playground_pending", forged, domain="id.test")
                assert (await browser.get("/playground/callback?error=x")).status_code == 400

    @pytest.mark.parametrize(
        "name", ["error", "error_description", "code", "state", "iss", "id_token"]
    )
    async def test_what_comes_back_is_text(self, development, name):
        async with development.browser() as browser:
            await browser.get("/playground/code")
            query = urlencode({"error": "x", name: HOSTILE})
            answer = await browser.get(f"/playground/callback?{query}")
            assert answer.status_code == 200
            assert HOSTILE not in answer.text


def token_of(header: object, claims: object) -> str:
    """Write a token that nobody signed."""
    parts = (base64url.encode(msgspec.json.encode(one)) for one in (header, claims))
    return ".".join((*parts, "AAAA"))


class TestPastedTokens:
    """Whatever is pasted."""

    @pytest.mark.parametrize(
        "token",
        [
            HOSTILE,
            *("", ".", "..", "....", "a.b.c", "a.b.c.d.e", "." * 5000, "\u202e.x.y", "é.é.é"),
            *("ost_at_x", "ost_rt_", "ost_pat_" + "x" * 49, "x" * 20_000),
            token_of({"alg": HOSTILE, HOSTILE: 1}, {HOSTILE: HOSTILE, "exp": HOSTILE}),
            token_of({"alg": ["none"], "kid": {}}, {"exp": True, "aud": [[[]]], "iss": None}),
            token_of({"alg": "RS256", "kid": "x" * 900}, {"exp": 1e300, "iat": -1, "nbf": 2**62}),
            token_of({"alg": "HS256"}, {str(number): number for number in range(500)}),
            token_of([], []),
            token_of({"alg": "ES256", "crit": ["exp"]}, {"aud": "x", "at_hash": 1, "nonce": 1}),
        ],
    )
    async def test_a_pasted_token_is_text_and_never_a_fault(self, development, token):
        async with development.browser() as browser:
            given = {"token": token, "client_id": "é", "nonce": HOSTILE, "access_token": "ü"}
            answer = await browser.post("/playground/token", given)
            assert answer.status_code == 200
            assert HOSTILE not in answer.text
            assert "Good.</strong> Signature" not in answer.text

    async def test_lx_01_tokens_and_secrets_are_in_no_log_and_no_address(self, development):
        async with development.browser() as browser:
            developer = Developer(browser)
            with capture_logs() as logs:
                page = await developer.press(await developer.open("code"))
                code = known_of(page)["v.code"]
                page = await developer.press(page)
                page = await developer.press(page)
                known = known_of(page)
                await browser.post("/playground/token", {"token": known["v.id_token"]})
            secrets = [code, *(known[f"v.{one}"] for one in ("id_token", "access_token"))]
            secrets += [known["v.refresh_token"], *development.idp.sandbox.secrets.values()]
            written = f"{logs} {await development.events()}"
            assert not any(secret in written for secret in secrets)
            assert not any(secret in str(page.url) for secret in secrets)
            assert await follow(browser, page) is page
