import falcon.asgi
import falcon.testing
import pytest

from ostiary.web.headers import SecurityHeaders, allow_script


class Page:
    async def on_get(self, req, resp) -> None:
        resp.content_type = "text/html; charset=utf-8"
        resp.data = b"<p>"

    async def on_post(self, req, resp) -> None:
        allow_script(resp, "abc")
        await self.on_get(req, resp)


class Data:
    async def on_get(self, req, resp) -> None:
        resp.content_type = "application/json"
        resp.set_header("Cache-Control", "public, max-age=3600")
        resp.set_header("Cross-Origin-Resource-Policy", "cross-origin")
        resp.data = b"{}"


def client(*, https: bool) -> falcon.testing.TestClient:
    app = falcon.asgi.App(middleware=[SecurityHeaders(https=https)])
    app.add_route("/page", Page())
    app.add_route("/data", Data())
    return falcon.testing.TestClient(app)


@pytest.mark.parametrize("path", ["/page", "/data", "/nothing"])
@pytest.mark.parametrize("https", [True, False])
def test_every_response_is_protected(path: str, https: bool) -> None:
    headers = client(https=https).simulate_get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert ("strict-transport-security" in headers) is https
    upgraded = "upgrade-insecure-requests" in headers["content-security-policy"]
    assert upgraded is (https and path == "/page")


def test_what_a_resource_sets_stays() -> None:
    headers = client(https=True).simulate_get("/data").headers
    assert headers["cache-control"] == "public, max-age=3600"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_pages_are_not_stored_and_data_neither_unless_it_says_so() -> None:
    assert client(https=True).simulate_get("/page").headers["cache-control"] == "no-store"
    assert client(https=True).simulate_get("/nothing").headers["cache-control"] == "no-store"


def test_az_05_the_page_that_posts_runs_one_script_and_no_other() -> None:
    headers = client(https=True).simulate_post("/page").headers
    policy = dict(
        directive.strip().split(" ", 1)
        for directive in headers["content-security-policy"].split(";")
    )
    assert policy["script-src"] == "'nonce-abc'"
    assert policy["default-src"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert "form-action" not in policy
    assert headers["cache-control"] == "no-store"
