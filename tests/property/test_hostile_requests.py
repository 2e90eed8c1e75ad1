"""Whatever anybody sends, to whichever path: an answer, never an error of our own.

Good requests with parts replaced, left out, repeated or added, in any order, with values
that the server itself gave out before, and with what breaks parsers. New routes take part
by themselves.
"""

import asyncio
import base64
import itertools
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, quote, urlsplit

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.model.client import AccessTokenType, AppType, Client, ClientSecret, Legacy
from ostiary.model.policy import RegistrationMode
from ostiary.oauth.handle import digest
from ostiary.oauth.metadata import (
    DEVICE_AUTHORIZATION,
    END_SESSION,
    INTROSPECT,
    PAR,
    REGISTER,
    REVOKE,
)
from ostiary.oauth.registry import RESPONSE_TYPES
from ostiary.web.routes import routes
from support.authorization import CHALLENGE
from support.instance import BLOG, PASSWORD, Instance, open_instance
from support.jose import NOW, make_key, sign_as
from support.site import AUTHORIZE, Answer, call
from support.token import VERIFIER
from support.tokens import TOKEN, USERINFO

SECRET = "a-secret-of-more-than-32-characters"
KEY = make_key("ES256", 7)
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def client(client_id: str, **fields) -> Client:
    """Return a client of ACME that may do everything there is."""
    values = {
        "client_id": client_id,
        "project_id": "store",
        "redirect_uris": (f"https://{client_id}.test/cb",),
        "post_logout_redirect_uris": (f"https://{client_id}.test/cb",),
        "frontchannel_logout_uri": None if client_id == "post" else f"https://{client_id}.test/out",
        "grant_types": (
            *("authorization_code", "refresh_token", "client_credentials"),
            *(EXCHANGE, JWT_BEARER, DEVICE),
        ),
        "secrets": (ClientSecret(digest=digest(SECRET), created_at=NOW),),
        **fields,
    }
    return msgspec.structs.replace(BLOG, **values)


CLIENTS = {
    "basic": client("basic", access_token_type=AccessTokenType.OPAQUE, refresh_token_always=True),
    "post": client("post", token_endpoint_auth_method="client_secret_post", require_consent=True),
    "jwt": client(
        "jwt",
        token_endpoint_auth_method="private_key_jwt",
        jwks={"keys": [KEY.public_jwk]},
        secrets=(),
    ),
    "old": client(
        "old",
        token_endpoint_auth_method="client_secret_post",
        grant_types=("authorization_code", "refresh_token", "implicit"),
        response_types=RESPONSE_TYPES,
        legacy=Legacy(reason="fuzz", until="2100-01-01"),
        uses_legacy=True,
    ),
    "native": client(
        "native",
        type=AppType.NATIVE,
        token_endpoint_auth_method="none",
        secrets=(),
        grant_types=("authorization_code", "refresh_token", "password"),
        legacy=Legacy(reason="It has no browser"),
        redirect_uris=("http://127.0.0.1/cb", "com.example.app:/cb"),
    ),
}
MANAGE = REGISTER + "/{client_id}"
REPLIES = re.compile(
    r"(https://(basic|post|jwt|old)\.test|http://127\.0\.0\.1(:\d+)?)/cb|com\.example"
)

OLD_TYPES = ("id_token", "token id_token", "code id_token", "code token id_token")
MODES = (
    ("query", "query", "fragment", "form_post"),
    ("form_post", "fragment", "fragment", "form_post"),
)

# Values that the server gave out; each is replaced by the latest of its kind.
GIVEN = (
    "$pushed",
    "$device",
    "$user_code",
    "$flow",
    "$form",
    "$account",
    "$code",
    "$access",
    "$refresh",
    "$id",
    "$registered",
    "$manage",
)
# What an authorization response gives out.
FIELDS = {"$code": "code", "$access": "access_token", "$id": "id_token"}
BREAKING = (
    *(
        "\0",
        "\r\nX: y",
        "\u202e",
        "\x7f",
        "\u2028",
        "\ufeff",
        "é",
        "\N{GRINNING FACE}" * 40,
        "%",
        "+",
    ),
    *(
        " ",
        "null",
        "true",
        "-1",
        "0",
        "1e999",
        "9" * 400,
        "2147483648",
        "\u0661",
        "\u00b2",
        "x" * 9000,
    ),
    *("a" + "\u0301\u0316" * 2000, "{}", "[]", "[" * 5000, '{"a":', "'", '"><script>', "a.b.c"),
    *("javascript:alert(1)", "http://[", "https://a:99999999/", "//", "\\", "../../etc/passwd"),
    *("openid", "openid profile offline_access", "orders.read", "none", "login none", "consent"),
    *("id_token", "code token", "token code id_token", "none token", "query"),
    *("select_account", "plain", "token", "form_post", "fragment", "https://orders.test", "alice"),
    *("http://127.0.0.1:51004/cb", "com.example.app:/cb", "ost_rt_" + "0" * 55, "e30.e30.e30"),
    '{"id_token":{"acr":{"essential":true,"values":[1]}}}',
    '{"id_token":{"sub":{"value":"user-alice"}},"userinfo":{"email":null}}',
    '{"userinfo":{"\\ud800":null}}',
)
NAMES = (
    *("client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce"),
    *("prompt", "max_age", "login_hint", "id_token_hint", "acr_values", "claims", "ui_locales"),
    *("code_challenge", "code_challenge_method", "resource", "request", "request_uri", "flow"),
    *("post_logout_redirect_uri", "logout_hint"),
    *("registration", "form_token", "username", "password", "remember", "account", "decision"),
    *("grant_type", "code", "code_verifier", "refresh_token", "client_secret", "access_token"),
    *(
        "client_assertion",
        "assertion",
        "device_code",
        "user_code",
        "subject_token",
        "actor_token",
        "requested_token_type",
        "client_assertion_type",
        "token",
        "token_type_hint",
        "new_password",
        "email",
        "é",
        "\0",
    ),
)
HEADERS = (
    ("origin", "null"),
    ("origin", "https://basic.test"),
    ("sec-fetch-site", "cross-site"),
    ("authorization", "Bearer "),
    ("authorization", "Bearer $access"),
    ("authorization", "Bearer $id"),
    ("authorization", "Bearer $manage"),
    ("authorization", "Basic !"),
    ("authorization", "Basic " + base64.b64encode(b"\xff\0:").decode()),
    ("accept-language", "-" * 1000 + ",de;q=nan,en;q=x"),
    ("cookie", "__Host-ostiary_browser=é; __Host-ostiary_device=a." + "9" * 900 + "~x"),
    ("cookie", ";=;a"),
    ("if-none-match", 'W/"x", *'),
    ("host", "evil.test"),
    ("user-agent", "\u00ff${jndi:ldap://x}%n"),
    ("content-length", "70000"),
    ("content-type", "application/json"),
    ("content-type", "multipart/form-data; boundary=x"),
    ("content-type", "application/x-www-form-urlencoded; charset=utf-16"),
)

values = st.one_of(st.sampled_from(GIVEN), st.sampled_from(BREAKING), st.text(max_size=20))
edits = st.one_of(
    st.tuples(st.just("replace"), st.integers(0, 20), values),
    st.tuples(st.just("leave out"), st.integers(0, 20), st.just("")),
    st.tuples(st.just("repeat"), st.integers(0, 20), st.just("")),
    st.tuples(st.just("add"), st.sampled_from(NAMES), values),
)
good = st.fixed_dictionaries(
    {
        "client": st.sampled_from(sorted(CLIENTS)),
        "choice": st.integers(0, 3),
        "route": st.none(),
        "method": st.just(""),
        "edits": st.just([]),
        "headers": st.just([]),
        "body": st.none(),
        "wait": st.just(0),
    }
)
hostile = st.fixed_dictionaries(
    {
        "client": st.sampled_from(sorted(CLIENTS)),
        "choice": st.integers(0, 3),
        "route": st.one_of(st.none(), st.none(), st.integers(0, 1000)),
        "method": st.sampled_from(["", "", "", "", "", "GET", "POST", "HEAD", "OPTIONS", "PUT"]),
        "edits": st.lists(edits, max_size=3),
        "headers": st.one_of(st.just([]), st.lists(st.sampled_from(HEADERS), max_size=2)),
        "body": st.one_of(st.none(), st.none(), st.none(), st.none(), st.binary(max_size=60)),
        "wait": st.sampled_from([0, 0, 0, 0, 0, 0, 0, 11, 100, 2000]),
    }
)
# Half of the steps are as they should be, so that people get far enough for the rest to matter.
walks = st.lists(st.one_of(good, hostile), min_size=8, max_size=20)


class Walk:
    """One browser and one client program, and what they were given."""

    def __init__(self, instance: Instance, number: int) -> None:
        self.instance = instance
        self.ip = f"10.0.{number // 256 % 256}.{number % 256}"
        self.paths = [path.replace("{name}", "x") for path, _ in routes(instance.idp)]
        self.cookies: dict[str, str] = {}
        self.given = {
            "$flow": "A" * 43,
            "$form": "1-AAAAAAAAAAAAAAAAAAAAAA",
            **dict.fromkeys(
                (
                    "$pushed",
                    "$device",
                    "$user_code",
                    "$account",
                    "$code",
                    "$access",
                    "$refresh",
                    "$id",
                    "$registered",
                    "$manage",
                ),
                "x",
            ),
        }
        self.client = "basic"
        # Where the last answer leads, and whose form it shows.
        self.next = AUTHORIZE
        self.shown = ""

    async def take(self, step: dict) -> None:
        """Send a request: the one that comes next, or any other."""
        self.instance.clock.time += step["wait"]
        route = step["route"]
        path = self.next if route is None else self.paths[route % len(self.paths)]
        if path == AUTHORIZE:
            self.client = step["client"]
        method, query, form, headers = self.compose(path, step)
        method = step["method"] or method
        given = {"host": "id.test", "content-type": "application/x-www-form-urlencoded"}
        if self.cookies:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        given |= headers | dict(step["headers"])
        query, form = (query, change(form, step)) if form else (change(query, step), form)
        if step["body"] is not None:
            body = step["body"]
        else:
            body = self.encode_json(form) if path in {REGISTER, MANAGE} else self.encode(form)
        answer = await call(
            self.instance.app,
            method,
            path.replace("{client_id}", self.given["$registered"]),
            raw=self.encode(query),
            body=b"" if method in {"GET", "HEAD", "OPTIONS"} else body,
            headers={name: self.fill_in(value) for name, value in given.items()},
            ip=self.ip,
        )
        self.judge(answer)
        self.learn(path, answer)

    def compose(self, path: str, step: dict) -> tuple[str, list, list, dict[str, str]]:
        """Return method, query, form and headers of a good request for a path."""
        client, choice = self.client, step["choice"]
        back = "http://127.0.0.1:5000/cb" if client == "native" else f"https://{client}.test/cb"
        flow = [("flow", "$flow")]
        if path in {AUTHORIZE, END_SESSION}:
            requests = {
                AUTHORIZE: self.compose_authorization_request,
                END_SESSION: self.compose_logout_request,
            }
            return requests[path](client, back, choice)
        if path in {TOKEN, PAR, INTROSPECT, REVOKE, DEVICE_AUTHORIZATION}:
            _, _, form, headers = self.compose_token_request(client, back, choice)
            if path in {PAR, DEVICE_AUTHORIZATION}:
                form = [*self.compose_authorization_request(client, back, 0)[1], *form]
            elif path != TOKEN:
                form = [("token", ("$access", "$refresh", "$id", "$access")[choice]), *form]
            return "POST", [], form, headers
        if path in {REGISTER, MANAGE}:
            return self.compose_registration(path, choice)
        filled = {
            "/login": {"username": "alice", "password": PASSWORD},
            "/login/select": {"account": "$account"},
            "/consent": {"decision": "deny" if choice == 1 else "allow"},
            "/device": {"user_code": "$user_code"},
            "/logout": {"decision": "no" if choice == 1 else "yes"},
        }
        if path in filled and (path == self.shown or choice == 3):
            return "POST", flow, [("form_token", "$form"), *filled[path].items()], {}
        if path == USERINFO:
            return "GET", [], [], {"authorization": "Bearer $access"}
        return "GET", flow, [], {}

    def compose_authorization_request(
        self, client: str, back: str, choice: int
    ) -> tuple[str, list, list, dict[str, str]]:
        asked = {
            "response_type": OLD_TYPES[choice] if client == "old" else "code",
            "nonce": "n",
            "client_id": client,
            "redirect_uri": back,
            "scope": ("openid", "openid offline_access", "openid email", "orders.read")[choice],
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "response_mode": MODES[client == "old"][choice],
        }
        if client == "jwt" and choice in {0, 3}:
            signed = {"iss": client, "jti": str(self.instance.clock.time)}
            request = sign_as(KEY, asked | signed)
            asked = {"client_id": client, "redirect_uri": back, "request": request}
        if choice == 1:
            return "POST", [], [*asked.items()], {}
        if choice == 2 and self.given["$pushed"] != "x":
            return "GET", [("client_id", client), ("request_uri", "$pushed")], [], {}
        return "GET", [*asked.items()], [], {}

    def compose_registration(
        self, path: str, choice: int
    ) -> tuple[str, list, list, dict[str, str]]:
        headers = {"content-type": "application/json"}
        said = [
            ("redirect_uris", '["https://basic.test/cb"]'),
            ("client_name", "Shop"),
            ("client_name#de", "Laden"),
            ("grant_types", '["authorization_code", "refresh_token"]'),
            ("scope", "openid email"),
            ("jwks", msgspec.json.encode({"keys": [KEY.public_jwk]}).decode()),
            ("default_max_age", "60"),
            ("contacts", '["ops@basic.test"]'),
        ]
        if path == REGISTER:
            return "POST", [], said, headers
        headers["authorization"] = "Bearer $manage"
        method = ("PUT", "GET", "PUT", "DELETE")[choice]
        return method, [], [("client_id", "$registered"), *said], headers

    def compose_logout_request(
        self, client: str, back: str, choice: int
    ) -> tuple[str, list, list, dict[str, str]]:
        asked = [("client_id", client), ("post_logout_redirect_uri", back), ("state", "s")]
        if choice == 1:
            return "POST", [], [*asked, ("logout_hint", "alice")], {}
        return "GET", [*asked, *([("id_token_hint", "$id")] if choice else [])], [], {}

    def compose_token_request(
        self, client: str, back: str, choice: int
    ) -> tuple[str, list, list, dict[str, str]]:
        code = {"code": "$code", "code_verifier": VERIFIER, "redirect_uri": back}
        form, headers = (
            (
                {"grant_type": "authorization_code", **code},
                {"grant_type": DEVICE, "device_code": "$device"}
                if client == "post"
                else {"grant_type": "authorization_code", **code},
                {"grant_type": JWT_BEARER, "assertion": "$access"}
                if client == "jwt"
                else {"grant_type": "refresh_token", "refresh_token": "$refresh"},
                {
                    "grant_type": EXCHANGE,
                    "subject_token": "$access",
                    "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
                }
                if client == "basic"
                else {"grant_type": "password", "username": "bob", "password": PASSWORD}
                if client == "native"
                else {"grant_type": "client_credentials"},
            )[choice],
            {},
        )
        match client:
            case "basic":
                pair = base64.b64encode(f"basic:{SECRET}".encode()).decode()
                headers["authorization"] = f"Basic {pair}"
            case "post" | "old":
                form |= {"client_id": client, "client_secret": SECRET}
            case "native":
                form["client_id"] = "native"
            case _:
                now = self.instance.clock.time
                claims = {"iss": "jwt", "sub": "jwt", "aud": "https://id.test", "exp": now + 60}
                form |= {
                    "client_assertion_type": ASSERTION,
                    "client_assertion": sign_as(KEY, claims),
                }
        return "POST", [], [*form.items()], headers

    def fill_in(self, text: str) -> str:
        """Put in what was given out."""
        for name, value in self.given.items():
            text = text.replace(name, value)
        return text

    def encode(self, pairs: list) -> bytes:
        return "&".join(f"{quote(k)}={quote(self.fill_in(v))}" for k, v in pairs).encode()

    def encode_json(self, pairs: list) -> bytes:
        """Write an object; what is JSON by itself stays it, and names may be repeated."""
        members = []
        for name, text in pairs:
            value = self.fill_in(text)
            try:
                msgspec.json.decode(value)
            except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
                value = json.dumps(value)
            members.append(f"{json.dumps(name)}: {value}")
        return f"{{{', '.join(members)}}}".encode("utf-8", "replace")

    def judge(self, answer: Answer) -> None:
        """Hold an answer to what every answer must be."""
        assert answer.status < 500 or answer.status == 503, answer.text
        headers = dict(answer.headers)
        assert not any(ord(c) < 32 or ord(c) == 127 for value in headers.values() for c in value)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store" or answer.status in {200, 304}
        location = headers.get("location")
        if location is not None:
            assert REPLIES.match(location) or re.match(r"/[a-z]", location), location
            assert not re.search("(access|id)_token=", location.partition("#")[0]), location
        if answer.status >= 400 and headers["content-type"] == "application/json" and answer.body:
            told = answer.json()
            assert re.fullmatch(r"[a-z_]+", told["error"])
            assert re.fullmatch(r"[ !#-\[\]-~]+", told["error_description"])

    def follow(self, location: str) -> None:
        """Go where an answer leads, and keep what it says there."""
        parts = urlsplit(location)
        told = parse_qs(parts.query or parts.fragment)
        self.next = parts.path if location.startswith("/") else TOKEN
        for name, field in (("$flow", "flow"), *FIELDS.items()):
            self.given[name] = told.get(field, [self.given[name]])[0]

    def learn(self, path: str, answer: Answer) -> None:
        """Keep what was given out."""
        text, given = answer.text, self.given
        self.shown = path if answer.status == 200 and "<form" in text else ""
        for name, value in answer.headers:
            if name == "set-cookie":
                key, _, content = value.partition(";")[0].partition("=")
                self.cookies[key] = content
            if name == "location":
                self.follow(value)
        for name, field in (("$form", "form_token"), ("$account", "account"), *FIELDS.items()):
            for value in re.findall(rf'name="{field}" value="([^"]+)"', text)[:1]:
                given[name] = value
        if answer.status >= 400:
            self.next = AUTHORIZE
        if '"user_code"' in text and answer.status == 200 and text.startswith("{"):
            codes = answer.json()
            given["$device"], given["$user_code"] = codes["device_code"], codes["user_code"]
            self.next = "/device"
        if '"request_uri"' in text:
            given["$pushed"] = answer.json()["request_uri"]
            self.next = AUTHORIZE
        self.learn_registration(answer)
        if '"access_token":"' in text:
            self.next = USERINFO
            tokens = answer.json()
            given["$access"] = tokens["access_token"]
            given["$refresh"] = tokens.get("refresh_token", given["$refresh"])
            given["$id"] = tokens.get("id_token", given["$id"])

    def learn_registration(self, answer: Answer) -> None:
        """Keep what a client needs to manage itself."""
        if '"registration_access_token":"ost_' in answer.text:
            told = answer.json()
            self.given["$registered"] = told["client_id"]
            self.given["$manage"] = told["registration_access_token"]
            self.next = MANAGE


def change(pairs: list, step: dict) -> list:
    """Apply the edits of a step to the parameters of a good request."""
    changed = list(pairs)
    for kind, where, value in step["edits"]:
        if kind == "add":
            changed.append((where, value))
        elif changed:
            place = where % len(changed)
            name, old = changed[place]
            match kind:
                case "replace":
                    changed[place] = (name, value)
                case "leave out":
                    del changed[place]
                case _:
                    changed.append((name, old))
    return changed


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: what is flushed here need not last."""
    shared = Path("/dev/shm")
    with TemporaryDirectory(dir=shared if shared.is_dir() else tmp_path) as folder:
        yield Path(folder)


@contextmanager
def running(folder: Path) -> Iterator[Callable[[list], None]]:
    """Give a function that takes a walk, each from an address of its own."""
    numbers = itertools.count()
    with asyncio.Runner() as runner:
        opened = open_instance(folder)
        instance = runner.run(opened.__aenter__())
        runner.run(instance.add(*CLIENTS.values()))
        opened_door = {"client_registration": {"mode": RegistrationMode.OPEN}}
        stored = runner.run(instance.store.read_configuration())
        runner.run(instance.change(stored, policies=opened_door))
        runner.run(instance.add_user("bob"))

        async def take(steps: list) -> None:
            walk = Walk(instance, next(numbers))
            for step in steps:
                await walk.take(step)

        try:
            yield lambda steps: runner.run(take(steps))
        finally:
            runner.run(opened.__aexit__(None, None, None))


@pytest.mark.timeout(300)
def test_no_request_makes_the_server_fail(folder: Path) -> None:
    with running(folder) as take:

        @settings(max_examples=400)
        @given(walks)
        def check(walk: list) -> None:
            take(walk)

        check()
