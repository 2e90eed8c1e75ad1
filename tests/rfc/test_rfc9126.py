"""RFC 9126: requests are pushed, proven and checked first (RO-04 to RO-09, S3-03, S3-10)."""

import asyncio
from urllib.parse import urlencode

import msgspec
import pytest

from ostiary.model.client import ClientSecret
from ostiary.model.grant import PushedRequest
from ostiary.model.policy import Configuration
from ostiary.oauth.authorization.pushed import PREFIX
from ostiary.oauth.handle import digest
from support.authorization import EVIL, ISSUER, SPA, WEB, change, parameters
from support.site import FORM, open_site
from support.tokens import SECRET, basic

pytestmark = pytest.mark.usefixtures("sites")

PAR = "/oauth/v2/par"
SECRETS = (ClientSecret(digest=digest(SECRET), created_at=0),)
CLIENT = change(WEB, secrets=SECRETS)
OTHER = change(EVIL, secrets=SECRETS)
MUST = change(CLIENT, require_pushed_authorization_requests=True)


async def push(site, by="web", headers=None, extra=(), **changes):
    form = {**parameters(**changes)}
    body = urlencode([*form.items(), *extra]).encode()
    given = {"content-type": FORM, "content-length": str(len(body))}
    given |= {name.lower(): value for name, value in (headers or basic(by)).items()}
    return await site.send("POST", PAR, b"", body, given)


async def pushed(site, **changes):
    answer = await push(site, **changes)
    assert answer.status == 201, answer.text
    assert answer.header("cache-control") == "no-store"
    told = answer.json()
    assert set(told) == {"request_uri", "expires_in"}
    assert told["request_uri"].startswith(PREFIX)
    return told["request_uri"]


async def bring(site, request_uri, client_id="web", **more):
    query = urlencode({"client_id": client_id, "request_uri": request_uri, **more})
    return await site.authorize_raw(query.encode())


async def refuse(site, error, status=400, **parts):
    answer = await push(site, **parts)
    assert answer.status == status, answer.text
    told = answer.json()
    assert set(told) == {"error", "error_description"}
    assert told["error"] == error
    assert not site.store.inserted(PushedRequest)
    return told["error_description"]


async def test_2_a_request_is_pushed_and_answered():
    site = await open_site(CLIENT)
    await site.sign_in()
    request_uri = await pushed(site, state="s-1", nonce="n-1", scope="openid email")

    answer = await bring(site, request_uri)
    assert answer.reply.keys() == {"code", "session_state", "state", "iss"}
    assert answer.reply["state"] == "s-1"
    (code,) = site.codes
    assert (code.nonce, code.redirect_uri) == ("n-1", "https://app.test/cb")
    assert site.grants[0].scopes == ("openid", "email")


async def test_2_2_the_request_uri_is_random_and_lives_for_a_minute():
    site = await open_site(CLIENT)
    first, second = await pushed(site), await pushed(site)
    assert first != second
    assert len(first.removeprefix(PREFIX)) == 43

    site.clock.time += 60
    await site.sign_in()
    answer = await bring(site, first)
    assert answer.status == 400
    assert "invalid_request_uri" in answer.text


async def test_2_2_the_policy_decides_how_long():
    policies = {"token_lifetimes": {"par": 300}}
    site = await open_site(CLIENT)
    stored = await site.store.read_configuration()
    await site.change(stored, policies=policies)
    await site.store.revalidate()
    assert (await push(site)).json()["expires_in"] == 300


async def test_4_other_parameters_beside_it_count_for_nothing():
    site = await open_site(CLIENT)
    await site.sign_in()
    request_uri = await pushed(site, scope="openid")

    answer = await bring(
        site, request_uri, scope="openid email", state="other", redirect_uri="https://evil.test/"
    )
    assert answer.location.startswith("https://app.test/cb?")
    assert answer.reply["state"] == parameters()["state"]
    assert site.grants[0].scopes == ("openid",)


async def test_4_by_post_too():
    site = await open_site(CLIENT)
    await site.sign_in()
    request_uri = await pushed(site)
    body = urlencode({"client_id": "web", "request_uri": request_uri}).encode()
    answer = await site.post(body)
    assert (await site.resume(answer.flow)).reply.keys() >= {"code"}


class TestUsed:
    """RO-05: it is used up by its answer, and not before."""

    async def test_after_the_code(self):
        site = await open_site(CLIENT)
        await site.sign_in()
        request_uri = await pushed(site)
        await bring(site, request_uri)

        again = await bring(site, request_uri)
        assert again.status == 400
        assert "invalid_request_uri" in again.text
        assert len(site.codes) == 1

    async def test_reloading_before(self):
        site = await open_site(CLIENT)
        request_uri = await pushed(site)
        flows = [(await bring(site, request_uri)).flow for _ in range(3)]
        # It takes longer to sign in than the request_uri lives.
        site.clock.time += 200
        await site.sign_in()

        assert (await site.resume(flows[0])).reply.keys() >= {"code"}
        for flow in flows[1:]:
            assert (await site.resume(flow)).status == 400
        assert len(site.codes) == 1

    async def test_two_tabs_at_once(self):
        site = await open_site(CLIENT)
        await site.sign_in()
        request_uri = await pushed(site)

        answers = await asyncio.gather(*(bring(site, request_uri) for _ in range(8)))
        assert sorted(answer.status for answer in answers) == [303] + [400] * 7
        assert len(site.codes) == 1

    async def test_an_error_that_the_client_is_told_leaves_it_whole(self):
        site = await open_site(CLIENT)
        request_uri = await pushed(site, prompt="none")
        assert (await bring(site, request_uri)).reply["error"] == "login_required"

        await site.sign_in()
        assert "code" in (await bring(site, request_uri)).reply


async def test_ro_04_of_another_client():
    site = await open_site(CLIENT, OTHER)
    await site.sign_in()
    request_uri = await pushed(site)

    answer = await bring(site, request_uri, "evil")
    assert answer.status == 400
    assert "location" not in dict(answer.headers)
    assert not site.codes
    # Nor is it used up by that.
    assert "code" in (await bring(site, request_uri)).reply


@pytest.mark.parametrize("text", ["", "x", "A" * 43, "A" * 5000, "é", "\0", "../../x"])
async def test_ro_07_guesses(text):
    site = await open_site(CLIENT)
    await site.sign_in()
    answer = await bring(site, PREFIX + text)
    assert answer.status == 400
    assert not site.codes


class TestRefused:
    """RO-06: what is wrong with a request is told when it is pushed."""

    async def test_without_authentication(self):
        site = await open_site(CLIENT)
        await refuse(site, "invalid_client", 401, headers={"x": "y"})
        await refuse(site, "invalid_client", 401, headers=basic("web", "wrong"))

    async def test_a_request_uri_in_it(self):
        site = await open_site(CLIENT)
        await refuse(site, "invalid_request", request_uri=PREFIX + "A" * 43)

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"redirect_uri": "https://evil.test/cb"}, "invalid_request"),
            ({"redirect_uri": None}, "invalid_request"),
            ({"response_type": "none"}, "unsupported_response_type"),
            ({"response_type": "token"}, "unauthorized_client"),
            ({"response_type": None}, "invalid_request"),
            ({"scope": "orders.write"}, "invalid_scope"),
            ({"code_challenge": None}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"prompt": "none login"}, "invalid_request"),
            ({"resource": "https://nowhere.test"}, "invalid_target"),
            ({"id_token_hint": "x"}, "invalid_request"),
        ],
        ids=str,
    )
    async def test_parameters(self, changes, error):
        site = await open_site(CLIENT)
        await refuse(site, error, **changes)

    async def test_a_parameter_twice(self):
        site = await open_site(CLIENT)
        await refuse(site, "invalid_request", extra=[("scope", "email")])

    async def test_a_client_id_of_another_client(self):
        site = await open_site(CLIENT, OTHER)
        await refuse(site, "invalid_request", headers=basic("evil"))

    async def test_2_3_other_methods(self):
        site = await open_site(CLIENT)
        assert (await site.send("GET", PAR)).status == 405


async def test_a_public_client_may_push():
    site = await open_site(SPA)
    await site.sign_in()
    changes = {"client_id": "spa", "redirect_uri": SPA.redirect_uris[0]}
    request_uri = await pushed(site, headers={"x": "y"}, **changes)
    assert "code" in (await bring(site, request_uri, "spa")).reply


async def test_do_07_strangers_cannot_push_without_end():
    site = await open_site(SPA)
    changes = {"client_id": "spa", "redirect_uri": SPA.redirect_uris[0]}
    statuses = {(await push(site, headers={"x": "y"}, **changes)).status for _ in range(301)}
    assert statuses == {201, 429}
    site.ip = "203.0.113.9"
    assert (await push(site, headers={"x": "y"}, **changes)).status == 201


class TestRequired:
    """RFC 9126, 5 and 6: who has to push."""

    async def test_ro_08_a_client(self):
        site = await open_site(MUST)
        await site.sign_in()
        answer = await site.authorize()
        assert answer.reply["error"] == "invalid_request"
        assert "push" in answer.reply["error_description"]
        assert "code" in (await bring(site, await pushed(site))).reply

    async def test_everybody(self):
        site = await open_site(CLIENT)
        stored = await site.store.read_configuration()
        assert isinstance(stored, Configuration)
        await site.change(stored, policies={"require_pushed_authorization_requests": True})
        await site.store.revalidate()
        await site.sign_in()

        assert (await site.authorize()).reply["error"] == "invalid_request"
        assert "code" in (await bring(site, await pushed(site))).reply
        document = (await site.send("GET", "/.well-known/openid-configuration")).json()
        assert document["require_pushed_authorization_requests"] is True

    async def test_nobody_by_default(self):
        site = await open_site(CLIENT)
        document = (await site.send("GET", "/.well-known/openid-configuration")).json()
        assert document["require_pushed_authorization_requests"] is False
        assert document["pushed_authorization_request_endpoint"] == ISSUER + PAR


async def test_s3_10_each_is_in_the_audit_trail_and_its_authorization_names_it():
    site = await open_site(CLIENT)
    await site.sign_in()
    await bring(site, await pushed(site))

    request, issued = site.events
    assert (request.type, request.client_id) == ("request.pushed", "web")
    assert issued.type == "code.issued"
    assert issued.details["pushed_request"] == request.target


async def test_ro_09_no_credentials_are_kept():
    site = await open_site(change(CLIENT, token_endpoint_auth_method="client_secret_post"))
    extra = [("client_secret", SECRET)]
    answer = await push(site, headers={"x": "y"}, extra=extra)
    assert answer.status == 201
    (record,) = site.store.inserted(PushedRequest)
    kept = msgspec.json.encode([record, *site.events]).decode()
    assert SECRET not in kept
    assert answer.json()["request_uri"].removeprefix(PREFIX) not in kept


async def test_an_application_that_changed_meanwhile():
    site = await open_site(CLIENT)
    await site.sign_in()
    request_uri = await pushed(site)
    await site.change_client(redirect_uris=("https://app.test/other",))
    assert (await bring(site, request_uri)).status == 400
    assert not site.codes


@pytest.mark.parametrize("what", ["expired", "used", "unknown", "foreign"])
async def test_a_stale_request_uri_leads_back_to_the_application(what):
    """The person who reloads an old address is told what to do, and where to."""
    site = await open_site(change(CLIENT, client_uri="https://app.test/start"), OTHER)
    await site.sign_in()
    request_uri = await pushed(site)
    if what == "expired":
        site.clock.time += 61
    elif what == "used":
        await bring(site, request_uri)
    elif what == "unknown":
        request_uri = PREFIX + "A" * 43
    else:
        changes = {"client_id": "evil", "redirect_uri": OTHER.redirect_uris[0]}
        request_uri = (await push(site, "evil", **changes)).json()["request_uri"]

    answer = await bring(site, request_uri)
    assert answer.status == 400
    assert 'href="https://app.test/start"' in answer.text
    assert "invalid_request_uri" in answer.text
