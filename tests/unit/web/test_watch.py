"""What applications do is written down after it was answered, and nothing else is."""

import asyncio
import base64
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from ostiary.model.client import AppType, Client, ClientSecret
from ostiary.model.sighting import DAY, ELSEWHERE, Trait
from ostiary.oauth.effects import Unavailable
from ostiary.oauth.handle import digest
from ostiary.oauth.sightings import Sightings
from ostiary.web.watch import BATCH, Watch
from support.instance import open_instance
from support.jose import NOW

SECRET = "a-secret-of-more-than-32-characters"
OLD = "another-secret-of-more-than-32-characters"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
APP = Client(
    client_id="app",
    organization_id="acme",
    project_id="store",
    redirect_uris=("https://app.test/cb", "https://app.test/old"),
    grant_types=("authorization_code", "refresh_token"),
    allowed_scopes=("openid", "profile", "email", "offline_access"),
    secrets=(
        ClientSecret(digest=digest(OLD), created_at=NOW - 9),
        ClientSecret(digest=digest(SECRET), created_at=NOW - 5),
    ),
)


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as running:
        await running.add(APP)
        yield running


async def seen(instance, client_id="app"):
    watch = Watch(instance.idp.sightings, instance.store, instance.clock)
    await watch.flush()
    found: dict[Trait, set[str]] = {}
    for one in await instance.store.list_sightings((client_id,)):
        found.setdefault(one.trait, set()).add(one.value)
    return found


async def token(instance, headers=None, **form):
    async with instance.program() as program:
        basic = base64.b64encode(f"app:{SECRET}".encode()).decode()
        sent = {"Authorization": f"Basic {basic}"} if headers is None else headers
        return await program.post("/oauth/v2/token", data=form, headers=sent)


async def redeem(instance, **request):
    asked = {"scopes": ("openid", "profile", "offline_access"), "nonce": "n", **request}
    async with instance.browser() as browser:
        flow = await browser.open_flow("app", redirect_uri="https://app.test/cb", **asked)
        answer = await browser.sign_in(flow=flow)
        back = await browser.get(answer.headers["location"])
    code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
    proof = {} if request.get("code_challenge", "") is None else {"code_verifier": VERIFIER}
    answer = await token(
        instance,
        grant_type="authorization_code",
        code=code,
        redirect_uri="https://app.test/cb",
        **proof,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_sign_in_shows_what_the_application_uses(instance):
    await redeem(instance)
    assert await seen(instance) == {
        Trait.RESPONSE_TYPE: {"code"},
        Trait.RESPONSE_MODE: {"query"},
        Trait.REDIRECT_URI: {"https://app.test/cb"},
        Trait.SCOPE: {"openid", "profile", "offline_access"},
        Trait.CODE_CHALLENGE: {"S256"},
        Trait.NONCE: {"sent"},
        Trait.PUSHED: {"no"},
        Trait.GRANT_TYPE: {"authorization_code"},
        Trait.AUDIENCE: {"https://id.test"},
        Trait.AUTH_METHOD: {"client_secret_basic"},
        Trait.SECRET: {str(NOW - 5)},
    }


async def test_what_is_left_out_is_seen_as_well(instance):
    await instance.change(await instance.store.client("app"), require_pkce=False)
    await redeem(instance, code_challenge=None, nonce=None)
    found = await seen(instance)
    assert found[Trait.CODE_CHALLENGE] == {"none"}
    assert found[Trait.NONCE] == {"absent"}


async def test_that_a_token_is_for_a_project_is_seen_and_not_for_which(instance):
    await redeem(instance, scopes=("openid", "urn:ostiary:iam:org:project:id:store:aud"))
    assert (await seen(instance))[Trait.AUDIENCE] == {"https://id.test", ELSEWHERE}


async def test_a_refresh_shows_how_long_the_token_rested(instance):
    tokens = await redeem(instance)
    instance.clock.time += 3 * DAY
    answer = await token(
        instance, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    assert answer.status_code == 200, answer.text
    found = await seen(instance)
    assert found[Trait.REFRESH_PAUSE] == {str(7 * DAY)}
    assert found[Trait.GRANT_TYPE] == {"authorization_code", "refresh_token"}


async def test_a_refused_request_shows_nothing(instance):
    answer = await token(instance, headers={}, grant_type="refresh_token", client_id="app")
    assert answer.status_code == 401
    assert await seen(instance) == {}


async def test_whoever_only_names_a_public_client_shows_nothing_of_it(instance):
    await instance.add(
        msgspec.structs.replace(
            APP,
            client_id="pages",
            type=AppType.USER_AGENT,
            token_endpoint_auth_method="none",
            secrets=(),
        )
    )
    answer = await token(
        instance, headers={}, grant_type="authorization_code", code="x", client_id="pages"
    )
    assert answer.status_code == 400
    assert await seen(instance, "pages") == {}


async def test_more_than_a_batch_is_written(instance):
    for n in range(BATCH + 1):
        instance.idp.sightings.note("app", ((Trait.SCOPE, f"s{n}"),), NOW)
    assert len((await seen(instance))[Trait.SCOPE]) == BATCH + 1


class Broken:
    def __init__(self):
        self.written = []

    async def note_sightings(self, sightings, _now):
        if not self.written:
            self.written.append(())
            raise Unavailable
        self.written.append(tuple(sightings))


async def test_what_cannot_be_written_is_written_later(instance):
    seen, store = Sightings(), Broken()
    watch = Watch(seen, store, instance.clock)
    seen.note("app", ((Trait.SCOPE, "openid"),), NOW)
    watch.start()
    await asyncio.sleep(0)
    await watch.stop()
    assert [one.value for one in store.written[1]] == ["openid"]
