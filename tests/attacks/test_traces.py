"""LX-01, LX-02, LX-04 and AD-01 for traces: nothing secret is kept, and nobody sees others'."""

import json
import secrets
from typing import Any

import pytest
import structlog

from ostiary.jose.keys import generate
from ostiary.oauth.clients.presented import ASSERTION_TYPE
from ostiary.oauth.token.pkce import challenge_of
from ostiary.store.engine import query
from ostiary.web.api.paging import write_cursor
from support.instance import ISSUER, PASSWORD
from support.integrator import CALLBACK, Integrator, answer_of, open_integrator
from support.jose import sign_as
from support.management import problem

EVERYTHING = {
    "traces": query("SELECT t.id, t.data, t.flow, t.grant_id, t.client_id FROM traces t"),
    "events": query("SELECT e.type, e.reason, e.target, e.user_agent, e.details FROM events e"),
}


@pytest.fixture
async def integrator(tmp_path):
    async with open_integrator(tmp_path) as opened:
        yield opened


class Run:
    """A run of good and bad requests, which notes every secret that there is."""

    def __init__(self, integrator: Integrator) -> None:
        self.integrator = integrator
        self.secrets: dict[str, str] = {"password": PASSWORD, "token": integrator.token}
        self.pages: list[str] = []

    def keep(self, name: str, value: str) -> str:
        """Note a secret."""
        self.secrets[f"{name} {len(self.secrets)}"] = value
        return value

    def saw(self, answer: Any) -> Any:
        """Note what somebody else might see: a page, or a refusal."""
        if answer.status_code >= 400 or "text/html" in answer.headers.get("content-type", ""):
            self.pages.append(answer.text)
        return answer

    async def sign_in(self) -> None:
        """Have Alice sign in after a wrong password."""
        browser = self.integrator.browser
        wrong = self.keep("password", "hunter2 hunter2 hunter2")
        await browser.sign_in(password=wrong)
        # People type their password where the name belongs.
        await browser.sign_in(username=wrong, password=PASSWORD)
        await self.integrator.sign_in()
        for name, value in browser.http.cookies.items():
            if name != "__Host-ostiary_state":  # which pages of any site may read
                self.keep(f"cookie {name}", value)

    async def tokens(self, client_id: str, secret: str) -> dict[str, str]:
        """Get tokens by a code, which is then replayed; all of it is noted."""
        integrator = self.integrator
        verifier = self.keep("verifier", secrets.token_urlsafe(40))
        challenge = challenge_of(verifier)
        auth = (client_id, secret)
        code = self.keep(
            "code", await integrator.code(client_id=client_id, code_challenge=challenge)
        )
        for wrong in (
            {"code_verifier": self.keep("verifier", secrets.token_urlsafe(40))},
            {"code_verifier": None},
            {"redirect_uri": f"{CALLBACK}?code={code}"},
            {"client_secret": secret},
        ):
            self.saw(
                await integrator.redeem(code, auth=auth, **{"code_verifier": verifier} | wrong)
            )
        answer = await integrator.redeem(code, auth=auth, code_verifier=verifier)
        found = answer.json()
        for name in ("access_token", "refresh_token", "id_token"):
            if name in found:
                self.keep(name, found[name])
        return dict(found)


async def test_lx_01_no_secret_is_in_any_trace_event_log_or_error_page(integrator, capfd):
    run = Run(integrator)
    with structlog.testing.capture_logs() as logs:
        await _run(run)
        await integrator.traces.flush()
    written = {"pages": "\n".join(run.pages), "logs": repr(logs)}
    written["output"] = "".join(capfd.readouterr())
    engine = integrator.instance.store._engine
    for table, statement in EVERYTHING.items():
        written[table] = repr([tuple(row) for row in await engine.listing(statement)])
    shown = await integrator.world.call("GET", "/traces", integrator.token, limit=200)
    assert len(shown.json()["items"]) > 30
    written["list"] = shown.text
    for item in shown.json()["items"]:
        written[item["id"]] = json.dumps(await integrator.trace(item["id"]))
        archive = await integrator.world.call(
            "GET", f"/traces/{item['id']}/export", integrator.token
        )
        assert archive.json()["log"]["entries"]
        written[f"archive {item['id']}"] = archive.text
    assert len(run.secrets) > 20
    found = [
        (place, name)
        for place, text in written.items()
        for name, value in run.secrets.items()
        if value in text
    ]
    assert found == []
    # Halves tell as much: of a token, what is between its prefix and its end.
    halves = {name: value[9:41] for name, value in run.secrets.items() if len(value) > 42}
    found = [
        (place, name)
        for place, text in written.items()
        for name, half in halves.items()
        if half in text
    ]
    assert found == []


async def _run(run: Run) -> None:
    integrator = run.integrator
    made = await integrator.register("app")
    secret = run.keep("client secret", made["client_secret"])
    other = run.keep("client secret", (await integrator.register("other"))["client_secret"])
    await run.sign_in()
    tokens = await run.tokens("app", secret)
    auth = ("app", secret)
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    run.saw(await integrator.ask("/oauth/v2/token", auth=("app", other), **refresh))
    run.saw(await integrator.ask("/oauth/v2/token", auth=("other", other), **refresh))
    tokens = await run.tokens("app", secret)
    for token in (tokens["access_token"], tokens["refresh_token"], tokens["id_token"], secret):
        # In the right place, and in every wrong one.
        for path in ("/oauth/v2/introspect", "/oauth/v2/token", "/oauth/v2/par"):
            run.saw(await integrator.ask(path, auth=auth, token=token, grant_type=token))
            run.saw(await integrator.ask(path, auth=(token, token), resource=token))
        for name in ("client_id", "redirect_uri", "scope", "state", "prompt", "response_type"):
            run.saw(await integrator.authorize(**{"client_id": "app", name: token}))
            run.saw(await integrator.authorize(**{"client_id": "app", token: name}))
        run.saw(
            await integrator.authorize(client_id="app", redirect_uri=f"{CALLBACK}?token={token}")
        )
        run.saw(
            await integrator.browser.http.get(
                "/oidc/v1/end_session",
                params={
                    "id_token_hint": token,
                    "post_logout_redirect_uri": f"https://a.test/{token}",
                },
            )
        )
        run.saw(
            await integrator.http.get(
                "/oidc/v1/userinfo",
                headers={"Authorization": f"Bearer {token}", "User-Agent": token},
            )
        )
    await _assert(run)
    pushed = await integrator.ask("/oauth/v2/par", auth=auth, **integrator.request(client_id=None))
    uri = run.keep("request_uri", pushed.json()["request_uri"].rpartition(":")[2])
    await integrator.sign_in()
    for _ in range(2):
        answered = await integrator.authorize(
            client_id="app", request_uri=f"urn:ietf:params:oauth:request_uri:{uri}"
        )
        if answered.status_code == 303:
            run.keep("code", answer_of(answered)["code"])
        run.saw(answered)
    run.saw(await integrator.ask("/oauth/v2/revoke", auth=auth, token=tokens["refresh_token"]))
    run.saw(await integrator.redeem(PASSWORD, auth=auth, code_verifier=PASSWORD))


async def _assert(run: Run) -> None:
    integrator, key = run.integrator, generate("ES256")
    jwk = {**key.public_jwk, "kid": "1", "alg": "ES256", "use": "sig"}
    await integrator.register(
        "signer", token_endpoint_auth_method="private_key_jwt", jwks={"keys": [jwk]}
    )
    now = integrator.instance.clock.now()
    for issued in (now, now, now - 900):
        claims = {
            "iss": "signer",
            "sub": "signer",
            "aud": ISSUER,
            "jti": "once",
            "iat": issued,
            "exp": issued + 60,
        }
        assertion = run.keep("assertion", sign_as(key, claims, alg="ES256", kid="1"))
        refused = await integrator.redeem(
            "x" * 43,
            auth=None,
            client_assertion=assertion,
            client_assertion_type=ASSERTION_TYPE,
        )
        run.saw(refused)


async def test_lx_02_who_signs_in_is_in_no_trace(integrator):
    """Names and addresses of people are none of the developer's business."""
    await integrator.sign_in()
    await integrator.authorize(login_hint="alice@acme.test", claims='{"sub": "alice"}')
    await integrator.ask(
        "/oauth/v2/token", grant_type="password", username="alice@acme.test", password=PASSWORD
    )
    await integrator.traces.flush()
    engine = integrator.instance.store._engine
    rows = repr([tuple(row) for row in await engine.listing(EVERYTHING["traces"])])
    assert "login_hint" in rows
    assert "alice" not in rows


class TestAd01:
    """Traces are seen by whoever administers the application, and by nobody else."""

    @pytest.mark.parametrize(
        ("role", "place", "sees"),
        [
            ("instance_owner", "acme", True),
            ("instance_viewer", "acme", True),
            ("org_owner", "acme", True),
            ("org_owner", "t1", False),
            ("project_owner", "store", True),
            ("project_owner", "bare", False),
        ],
    )
    async def test_by_role(self, integrator, role, place, sees):
        world = integrator.world
        trace = await integrator.explain(await integrator.redeem("x" * 43))
        if place in {"t1", "bare"}:
            await world.fill("t1")
        project = {"store": "store", "bare": "t1-bare"}.get(place)
        t = "t1" if place in {"t1", "bare"} else "acme"
        token = await world.administrator(role, t, project, machine=True)
        answer = await world.call("GET", f"/traces/{trace['id']}", token)
        listed = await world.call("GET", "/traces", token, project="store")
        if sees:
            assert answer.json()["id"] == trace["id"]
            assert trace["id"] in listed.text
        else:
            problem(answer, 404, "not_found")
            problem(listed, 404, "not_found")

    async def test_what_names_no_application_is_the_instances(self, integrator):
        trace = await integrator.explain(await integrator.redeem("x" * 43, auth=("nobody", "x")))
        token = await integrator.world.administrator("org_owner", "acme", machine=True)
        answer = await integrator.world.call("GET", f"/traces/{trace['id']}", token)
        problem(answer, 404, "not_found")

    async def test_hops_of_others_are_left_out(self, integrator):
        """Whoever brings a code of another application learns nothing of its sign-in."""
        await integrator.sign_in()
        made = await integrator.register("thief")
        trace = await integrator.explain(
            await integrator.redeem(await integrator.code(), auth=("thief", made["client_secret"]))
        )
        assert (trace["grant"], trace["session"]) == (None, None)
        assert {hop["client_id"] for hop in trace["hops"]} == {"thief"}


@pytest.mark.parametrize(
    "cursor", ["x", "1", "1.1.", "-1.1.a", "9" * 13 + ".1.a", "1.1.a\0", "1.1." + "a" * 65]
)
async def test_ad_11_a_cursor_that_was_made_up_is_refused(integrator, cursor):
    made = write_cursor("/api/v1/traces", {}, cursor)
    answer = await integrator.world.call("GET", "/traces", integrator.token, cursor=made)
    assert answer.status_code == 400
