from http import cookies as library

import falcon.asgi
import falcon.testing
import pytest

from ostiary.login.device import Device, Visit
from ostiary.web.cookies import Cookies

VALUE = "A" * 43
DEVICE = Device("abc", (Visit(1, "1-x"),))


class Resource:
    def __init__(self, cookies: Cookies) -> None:
        self.cookies = cookies
        self.read = None

    async def on_get(self, req, resp) -> None:
        self.read = (self.cookies.browser(req), self.cookies.device(req))

    async def on_post(self, req, resp) -> None:
        self.cookies.set_browser(resp, VALUE, 60)

    async def on_put(self, req, resp) -> None:
        self.cookies.set_device(resp, DEVICE)

    async def on_delete(self, req, resp) -> None:
        self.cookies.clear_ticket(resp)


def serve(*, secure: bool) -> tuple[Resource, falcon.testing.TestClient]:
    resource = Resource(Cookies(secure=secure))
    app = falcon.asgi.App()
    app.add_route("/", resource)
    return resource, falcon.testing.TestClient(app)


def read(header: str, *, secure: bool = True):
    resource, client = serve(secure=secure)
    client.simulate_get("/", headers={"Cookie": header})
    return resource.read


@pytest.mark.parametrize(
    ("secure", "prefix", "attributes"),
    [
        (True, "__Host-", "; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age="),
        (False, "", "; Path=/; HttpOnly; SameSite=Lax; Max-Age="),
    ],
)
def test_se_01_cookies_of_https_issuers_and_of_development(secure, prefix, attributes) -> None:
    client = serve(secure=secure)[1]
    browser = client.simulate_post("/").headers["set-cookie"]
    assert browser == f"{prefix}ostiary_browser={VALUE}{attributes}60"
    device = client.simulate_put("/").headers["set-cookie"]
    assert device == f"{prefix}ostiary_device=abc.1~1-x{attributes}31536000"


def test_a_cookie_is_cleared_with_the_same_attributes() -> None:
    cookie = serve(secure=True)[1].simulate_delete("/").headers["set-cookie"]
    assert cookie == ("__Host-ostiary_ticket=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0")


def test_what_is_written_is_read() -> None:
    header = f"a=b; __Host-ostiary_browser={VALUE}; __Host-ostiary_device={DEVICE.cookie()}"
    assert read(header) == (VALUE, DEVICE)
    assert read(f"ostiary_browser={VALUE}", secure=False) == (VALUE, None)


@pytest.mark.parametrize(
    "header",
    ["", "__Host-ostiary_browser=", "__Host-ostiary_browser=short", f"ostiary_browser={VALUE}"],
)
def test_no_cookie_of_ours(header: str) -> None:
    assert read(header) == (None, None)


@pytest.mark.parametrize(
    "header",
    [
        f'a="{chr(92) * 9000}"; __Host-ostiary_browser={VALUE}',
        f'a="{chr(92) * 9000}"; __Host-ostiary_browser={VALUE}; __Host-ostiary_browser=x',
        f"=;;a; __Host-ostiary_browser ={VALUE};  __Host-ostiary_browser={VALUE}",
    ],
)
def test_do_04_what_others_set_is_passed_over_and_never_unquoted(header: str, monkeypatch) -> None:
    """The library's way takes half a second for one header of 15 kB (CVE-2024-7592)."""

    def unquote(value: str) -> str:
        raise AssertionError(value)

    monkeypatch.setattr(library, "_unquote", unquote)
    assert read(header) == (VALUE, None)
    quoted = f'__Host-ostiary_browser="{chr(92) * 41}"; __Host-ostiary_device="{chr(92) * 900}"'
    assert read(quoted)[1] is None
