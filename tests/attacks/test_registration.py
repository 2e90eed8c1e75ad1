"""Dynamic registration under attack (RG, SS, RU): nothing is gained by registering."""

from functools import partial

import pytest

from ostiary.app import check_address, read_listed
from ostiary.egress import fetcher
from ostiary.egress.fetcher import Egress
from ostiary.model.branding import Branding
from ostiary.model.client import AccessTokenType, ClientState, Lifetimes
from ostiary.oauth.metadata import REGISTER
from support import site as sites_module
from support.listener import listen, respond
from support.registration import CALLBACK, MINIMAL, open_door, refused, register, send

pytestmark = pytest.mark.usefixtures("sites")

# Where names lead to, by the name server of whoever attacks.
NAMES = {
    "rp.test": "93.184.216.34",
    "localhost": "127.0.0.1",
    "localtest.me": "127.0.0.1",
    "metadata.google.internal": "169.254.169.254",
    "intranet.test": "10.0.0.5",
}
INSIDE = (
    "https://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "https://localhost:{port}/",
    "https://[::1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/",
    "https://0/",
    "https://2130706433/",
    "https://127.1/",
    "https://0x7f000001/",
    "gopher://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "unix:/run/x.sock",
)
BY_NAME = ("https://localtest.me/", "https://metadata.google.internal/", "https://intranet.test/")
FETCHED = ("jwks_uri", "backchannel_logout_uri", "sector_identifier_uri")
SHOWN = (
    *("logo_uri", "policy_uri", "tos_uri", "client_uri", "initiate_login_uri"),
    "frontchannel_logout_uri",
)


@pytest.fixture
async def inside(monkeypatch):
    """A listener inside that nobody may reach, and the guard as the server has it."""

    def look_up(host, port, **_kwargs):
        if host not in NAMES:
            raise OSError(host)
        return [(0, 0, 0, "", (NAMES[host], port))]

    monkeypatch.setattr(fetcher.socket, "getaddrinfo", look_up)
    egress = Egress()
    monkeypatch.setattr(sites_module, "check_address", partial(check_address, egress))
    async with listen(respond(b'{"secret":1}')) as canary:
        yield canary
        assert canary.hits == 0, "a canary was hit"
    await egress.aclose()


class TestAddresses:
    """SS-01: addresses of inner networks are refused when they are saved."""

    @pytest.mark.parametrize("address", INSIDE)
    @pytest.mark.parametrize("name", FETCHED + SHOWN)
    async def test_ss_01_inside(self, inside, name, address):
        site = await open_door()
        url = address.format(port=inside.port)
        why = await refused(site, "invalid_client_metadata", **{name: url})
        assert why.startswith(f"{name}: ")
        assert site.published.fetched == []

    async def test_ss_01_a_sector_inside_is_not_read(self, inside):
        for address in (*INSIDE, *BY_NAME):
            assert await read_listed(Egress(), address.format(port=inside.port)) is None

    @pytest.mark.parametrize("address", [one for one in INSIDE if one.startswith("https")])
    async def test_ss_01_a_request_object_inside(self, inside, address):
        site = await open_door()
        url = address.format(port=inside.port)
        why = await refused(site, "invalid_client_metadata", request_uris=[url])
        assert why.startswith("request_uris[0]: ")

    @pytest.mark.parametrize("address", BY_NAME)
    @pytest.mark.parametrize("name", FETCHED)
    async def test_ss_01_inside_by_name(self, inside, name, address):
        site = await open_door()
        why = await refused(site, "invalid_client_metadata", **{name: address})
        # SS-08: what a name leads to is not told to strangers.
        assert not any(number in why for number in NAMES.values())
        unknown = await refused(site, "invalid_client_metadata", **{name: "https://unknown.test/"})
        assert unknown == why

    async def test_ss_01_in_another_language(self, inside):
        site = await open_door()
        url = f"http://127.0.0.1:{inside.port}/"
        why = await refused(site, "invalid_client_metadata", **{"policy_uri#de": url})
        assert why.startswith("policy_uri#de: ")

    @pytest.mark.parametrize("name", FETCHED + SHOWN)
    async def test_ss_01_when_it_is_replaced(self, inside, name):
        site = await open_door()
        made = await register(site)
        before = await made.stored()
        answer = await made.replace(**{name: f"https://127.0.0.1:{inside.port}/"})
        assert (answer.status, answer.json()["error"]) == (400, "invalid_client_metadata")
        assert await made.stored() == before

    @pytest.mark.parametrize("name", FETCHED + SHOWN)
    async def test_outside(self, inside, name):
        site = await open_door()
        url = "https://rp.test/x"
        site.published.sectors[url] = (CALLBACK,)
        assert (await register(site, **{name: url})).told[name] == url

    @pytest.mark.parametrize("name", SHOWN)
    @pytest.mark.parametrize(
        "template",
        [
            "https://rp.test/${application.session.host}",
            "https://rp.test/{{7*7}}",
            "https://%(x)s/",
        ],
    )
    async def test_ss_06_placeholders_are_not_filled_in(self, inside, name, template):
        site = await open_door()
        await refused(site, "invalid_client_metadata", **{name: template})

    async def test_ss_06_placeholders_that_are_good_addresses(self, inside):
        site = await open_door()
        url = "https://rp.test/$(x)/$host"
        assert (await register(site, tos_uri=url)).told["tos_uri"] == url


class TestMassAssignment:
    """RG-02: names that others have for rights are worth nothing here."""

    BODY = {
        "client_id": "chosen",
        "client_secret": "x" * 40,
        "client_secret_expires_at": 1,
        "client_id_issued_at": 1,
        "registration_access_token": "ost_rat_x",
        "registration_client_uri": "https://evil.test/",
        "trusted": True,
        "skip_consent": True,
        "enabled": True,
        "tenant_id": "t1",
        "organization": "t1",
        "organization_id": "t1",
        "project": "shop",
        "project_id": "shop",
        "kind": "service_account",
        "state": "inactive",
        "declared": True,
        "version": 7,
        "roles": ["admin"],
        "secrets": [],
        "registration": {"token": "AAAA"},
        "type": "API",
        "allowed_scopes": ["orders.read", "orders.write"],
        "web_origins": ["https://evil.test"],
        "require_consent": False,
        "require_pkce": False,
        "access_token_type": "OIDC_TOKEN_TYPE_JWT",
        "access_token_lifetime": 3600,
        "refresh_absolute_lifetime": 10**8,
        "lifetimes": {"access_token": 3600},
        "clock_skew": 5,
        "tokens_not_before": 0,
        "refresh_token_always": True,
        "id_token_userinfo_assertion": True,
        "organization_assertion": True,
        "groups_assertion": True,
        "branding": {"accent": "#7a1f5c", "headings": {"en": "Welcome to your bank"}},
        "legacy": {"reason": "because"},
        "localized": {"client_name#de": "x"},
        "key_expiry": {"a": 1},
        "mappers": [{"claim": "groups"}],
        "__class__": "x",
    }

    async def test_rg_02_at_registration(self):
        site = await open_door()
        made = await register(site, **self.BODY)
        client = await made.stored()
        assert client.client_id != "chosen"
        assert (client.organization_id, client.project_id) == ("default", "default")
        assert (client.kind, client.state) == ("application", ClientState.ACTIVE)
        assert (client.declared, client.version) == (False, 1)
        assert client.allowed_scopes == ("openid", "profile", "email", "phone", "address")
        assert client.access_token_type is AccessTokenType.OPAQUE
        assert client.lifetimes == Lifetimes()
        assert (client.require_consent, client.clock_skew) == (True, 0)
        assert (client.organization_assertion, client.groups_assertion) == (False, False)
        assert client.branding == Branding()
        assert (client.refresh_token_always, client.id_token_userinfo_assertion) == (False, False)
        assert (client.web_origins, client.localized, client.key_expiry) == ((), {}, {})
        ours = {"client_id", "client_secret", "registration_access_token", "client_id_issued_at"}
        ours |= {"client_secret_expires_at", "registration_client_uri"}
        assert not set(self.BODY) - ours & set(made.told)
        assert not any(made.told[name] == self.BODY[name] for name in ours)

    async def test_rg_02_at_replacement(self):
        site = await open_door()
        made = await register(site)
        before = await made.stored()
        ours = {"client_id", "client_secret", "registration_access_token", "client_id_issued_at"}
        ours |= {"client_secret_expires_at", "registration_client_uri"}
        body = {name: value for name, value in self.BODY.items() if name not in ours}
        assert (await made.replace(**body)).status == 200
        assert await made.stored() == before

    async def test_rg_02_grant_types(self):
        site = await open_door()
        for grant in ("password", "urn:ietf:params:oauth:grant-type:token-exchange", "implicit"):
            grants = ["authorization_code", grant]
            await refused(site, "invalid_client_metadata", grant_types=grants)


@pytest.mark.parametrize("uri", ["https://app.test/*", "https://*.app.test/cb"])
async def test_ru_06_wildcards(uri):
    site = await open_door()
    why = await refused(site, "invalid_redirect_uri", redirect_uris=[uri])
    assert "wildcard" in why


async def test_what_strangers_write_is_echoed_as_harmless_text():
    site = await open_door()
    name = '"><script>\r\nX: y\\u2028'
    answer = await send(site, "POST", REGISTER, {**MINIMAL, "grant_types": [name]})
    assert answer.status == 400
    described = answer.json()["error_description"]
    assert all(" " <= letter <= "~" and letter not in '"\\' for letter in described)


async def test_secrets_are_in_no_event():
    site = await open_door()
    made = await register(site, client_name="Shop")
    await made.replace(client_name="Renamed")
    written = repr(site.events)
    assert made.token not in written
    assert made.told["client_secret"] not in written
    assert "Renamed" not in written


async def test_hh_a_foreign_host_is_in_no_answer():
    site = await open_door()
    answer = await send(site, "POST", REGISTER, MINIMAL, x_forwarded_host="evil.test")
    assert answer.status == 201
    assert "evil.test" not in answer.text
    answer = await send(site, "POST", REGISTER, MINIMAL, host="evil.test")
    assert answer.status == 421
