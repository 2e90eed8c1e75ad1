"""RFC 7591: applications register themselves, within what the policy opens."""

import asyncio
from typing import ClassVar

import pytest

from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.registration_names import ACCEPTED, SPECIFIED
from ostiary.model.client import AccessTokenType, AppType, Legacy
from ostiary.model.organization import State
from ostiary.model.policy import ClientRegistration
from ostiary.oauth.effects import Insert
from ostiary.oauth.handle import digest
from ostiary.oauth.legacy import allowed, end_of
from ostiary.oauth.metadata import REGISTER
from ostiary.oauth.scope import IDENTITY_SCOPES
from support.authorization import ISSUER, make_consent
from support.jose import NOW, encryption_jwk, make_key
from support.registration import (
    CALLBACK,
    MINIMAL,
    Self,
    make_token,
    open_door,
    refused,
    register,
    send,
    set_policy,
)
from support.site import open_site

pytestmark = pytest.mark.usefixtures("sites")
KEY = make_key("ES256", 1).public_jwk
ENCRYPTION = encryption_jwk("P-256")
SECTOR = "https://rp.test/sector.json"


class TestAnswer:
    """3.2.1: everything that is registered is told, and how it can be managed."""

    async def test_3_2_1_a_minimal_registration_gets_the_defaults(self):
        site = await open_door()
        answer = await send(site, "POST", REGISTER, MINIMAL)
        assert answer.status == 201
        assert answer.header("content-type") == "application/json"
        assert answer.header("cache-control") == "no-store"
        assert answer.header("pragma") == "no-cache"
        told = answer.json()
        client_id = told.pop("client_id")
        assert told.pop("client_secret").startswith("ost_cs_")
        assert told.pop("registration_access_token").startswith("ost_rat_")
        assert told == {
            "client_id_issued_at": NOW,
            "client_secret_expires_at": 0,
            "registration_client_uri": f"{ISSUER}{REGISTER}/{client_id}",
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "scope": "openid profile email phone address",
            "application_type": "web",
            "subject_type": "public",
            "id_token_signed_response_alg": "RS256",
            "require_auth_time": False,
            "backchannel_logout_session_required": False,
            "frontchannel_logout_session_required": False,
            "require_pushed_authorization_requests": False,
            "require_signed_request_object": False,
        }

    async def test_what_only_administrators_decide_is_as_strict_as_it_can_be(self):
        site = await open_door()
        client = await (await register(site)).stored()
        assert (client.organization_id, client.project_id) == ("default", "default")
        assert client.type is AppType.WEB
        assert client.require_consent
        assert client.access_token_type is AccessTokenType.OPAQUE
        assert not client.require_pkce
        assert not client.declared
        assert client.web_origins == ()

    async def test_secrets_and_tokens_are_kept_as_digests(self):
        site = await open_door()
        made = await register(site)
        client = await made.stored()
        assert client.registration.token == digest(made.token)
        assert [one.digest for one in client.secrets] == [digest(made.told["client_secret"])]

    async def test_2_every_member_is_stored_and_told(self):
        given = {
            "redirect_uris": [CALLBACK, "https://rp.test/other"],
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "client_name": "Shop",
            "client_name#de": "Laden",
            "client_uri": "https://rp.test/",
            "logo_uri": "https://rp.test/logo.png",
            "policy_uri": "https://rp.test/privacy",
            "policy_uri#fr": "https://rp.test/confidentialite",
            "tos_uri": "https://rp.test/terms",
            "scope": "openid email offline_access",
            "contacts": ["ops@rp.test"],
            "jwks": {"keys": [KEY, ENCRYPTION]},
            "software_id": "4NRB1-0XZABZI9E6-5SM3R",
            "software_version": "2.1",
            "application_type": "web",
            "subject_type": "pairwise",
            "sector_identifier_uri": SECTOR,
            "id_token_signed_response_alg": "ES256",
            "id_token_encrypted_response_alg": "ECDH-ES",
            "id_token_encrypted_response_enc": "A256GCM",
            "userinfo_signed_response_alg": "RS256",
            "userinfo_encrypted_response_alg": "ECDH-ES+A256KW",
            "userinfo_encrypted_response_enc": "A128CBC-HS256",
            "request_object_signing_alg": "ES256",
            "require_signed_request_object": True,
            "request_uris": ["https://rp.test/request.jwt"],
            "default_max_age": 600,
            "require_auth_time": True,
            "default_acr_values": ["urn:ostiary:acr:1fa"],
            "initiate_login_uri": "https://rp.test/begin",
            "post_logout_redirect_uris": ["https://rp.test/bye"],
            "backchannel_logout_uri": "https://rp.test/bcl",
            "backchannel_logout_session_required": True,
            "frontchannel_logout_uri": "https://rp.test/fcl",
            "frontchannel_logout_session_required": True,
            "require_pushed_authorization_requests": True,
        }
        site = await open_door()
        site.published.sectors[SECTOR] = tuple(given["redirect_uris"])
        made = await register(site, **given)
        assert {name: made.told.get(name) for name in given} == given
        assert (await made.ask("GET")).json() == made.told
        assert "client_secret" not in made.told
        assert "client_secret_expires_at" not in made.told
        client = await made.stored()
        assert client.software_id == given["software_id"]
        assert client.localized == {
            "client_name#de": "Laden",
            "policy_uri#fr": "https://rp.test/confidentialite",
        }

    async def test_2_what_is_not_known_is_ignored_and_never_stored(self):
        site = await open_door()
        made = await register(site, example_extension="x", tls_client_auth_san_dns="rp.test")
        assert not {"example_extension", "tls_client_auth_san_dns"} & set(made.told)

    async def test_2_null_is_the_same_as_left_out(self):
        site = await open_door()
        body = {**MINIMAL, "client_name": None, "jwks": None, "contacts": None, "tos_uri#de": None}
        told = (await send(site, "POST", REGISTER, body)).json()
        assert not {"client_name", "jwks", "contacts", "tos_uri#de"} & set(told)

    async def test_a_public_client_gets_no_secret(self):
        site = await open_door()
        made = await register(
            site,
            token_endpoint_auth_method="none",
            redirect_uris=["http://127.0.0.1/cb", "com.example.app:/cb"],
        )
        assert "client_secret" not in made.told
        assert made.told["application_type"] == "native"
        client = await made.stored()
        assert (client.type, client.require_pkce) == (AppType.NATIVE, True)

    async def test_a_browser_application_may_call_from_its_origin(self):
        site = await open_door()
        made = await register(site, token_endpoint_auth_method="none")
        client = await made.stored()
        assert (client.type, client.web_origins) == (AppType.USER_AGENT, ("https://rp.test",))

    async def test_an_event_tells_who_came_by_what(self):
        site = await open_door()
        made = await register(site)
        (event,) = [one for one in site.events if one.type == "client.registered"]
        assert (event.actor_type, event.client_id) == ("anyone", made.client_id)
        assert event.ip == site.ip
        assert (await made.stored()).registration.initial_token is None


class TestNames:
    """2: one table of names; what is Ostiary's own is not among them."""

    def test_names_are_told_once(self):
        names = [name for names in SPECIFIED.values() for name in names]
        assert len(names) == len(set(names))

    def test_nothing_of_our_own_is_accepted(self):
        own = {
            *("client_id", "client_secret", "type", "allowed_scopes", "web_origins"),
            *("response_modes", "access_token_type", "access_token_signing_alg", "clock_skew"),
            *("id_token_userinfo_assertion", "require_pkce", "require_consent", "legacy"),
            *("refresh_token_always", "code_lifetime", "access_token_lifetime", "localized"),
            *("id_token_lifetime", "refresh_idle_lifetime", "refresh_absolute_lifetime"),
            "back_channel_logout_uri",
        }
        assert not own & {name for names in SPECIFIED.values() for name in names}

    def test_what_is_accepted_exists(self):
        assert set(ACCEPTED) <= set(ClientMetadata.__struct_fields__)
        assert {"redirect_uris", "jwks_uri", "software_id", "initiate_login_uri"} <= set(ACCEPTED)

    def test_the_usual_scopes_are_those_of_identity(self):
        assert ClientRegistration().default_scopes == IDENTITY_SCOPES


class TestRefused:
    """3.2.2: the registered codes, and a description that names the member and its rule."""

    @pytest.mark.parametrize(
        "uri",
        [
            "https://rp.test/cb#fragment",
            "https://*.rp.test/cb",
            "http://rp.test/cb",
            "/cb",
            "https://user@rp.test/cb",
            "javascript:alert(1)",
            "myapp:/cb",
            "",
        ],
    )
    async def test_3_2_2_redirect_uris(self, uri):
        site = await open_door()
        why = await refused(site, "invalid_redirect_uri", redirect_uris=[CALLBACK, uri])
        assert why.startswith("redirect_uris[1]: ")

    async def test_3_2_2_without_a_redirect_uri(self):
        site = await open_door()
        why = await refused(site, "invalid_redirect_uri", redirect_uris=None)
        assert "must name at least one URI" in why

    @pytest.mark.parametrize(
        ("metadata", "member"),
        [
            ({"token_endpoint_auth_method": "client_secret_jwt"}, "token_endpoint_auth_method"),
            ({"token_endpoint_auth_method": "magic"}, "token_endpoint_auth_method"),
            ({"token_endpoint_auth_method": "private_key_jwt"}, "jwks"),
            ({"token_endpoint_auth_method": ["none"]}, "token_endpoint_auth_method"),
            ({"grant_types": ["magic"]}, "grant_types[0]"),
            ({"grant_types": "authorization_code"}, "grant_types"),
            ({"response_types": ["magic"]}, "response_types[0]"),
            ({"grant_types": ["refresh_token"], "redirect_uris": None}, "grant_types"),
            ({"client_name": "a\u202eb"}, "client_name"),
            ({"client_name": "x" * 65}, "client_name"),
            ({"client_name#": "x"}, "client_name#"),
            ({"client_name#de#x": "x"}, "client_name#de#x"),
            ({"client_name#de": 5}, "client_name#de"),
            ({"client_uri": "javascript:alert(1)"}, "client_uri"),
            ({"tos_uri#de": "ftp://rp.test"}, "tos_uri#de"),
            ({"logo_uri": "http://rp.test/x.png"}, "logo_uri"),
            ({"contacts": ["x" * 300]}, "contacts[0]"),
            ({"jwks": {"keys": []}}, "jwks"),
            ({"jwks": {"keys": [KEY]}, "jwks_uri": "https://rp.test/k"}, "jwks_uri"),
            ({"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}, "jwks"),
            ({"jwks": []}, "jwks"),
            ({"jwks_uri": "http://rp.test/k"}, "jwks_uri"),
            ({"software_id": ""}, "software_id"),
            ({"application_type": "mobile"}, "application_type"),
            ({"redirect_uris": ["com.example.a:/"], "application_type": "web"}, "application_type"),
            ({"default_max_age": -1}, "default_max_age"),
            ({"default_max_age": "60"}, "default_max_age"),
            ({"require_auth_time": "yes"}, "require_auth_time"),
            ({"subject_type": "magic"}, "subject_type"),
            ({"sector_identifier_uri": "http://rp.test/sector.json"}, "sector_identifier_uri"),
            ({"sector_identifier_uri": "https://gone.test/sector.json"}, "sector_identifier_uri"),
            (
                {
                    "subject_type": "pairwise",
                    "redirect_uris": [CALLBACK, "https://other.test/cb"],
                },
                "sector_identifier_uri",
            ),
            *(
                ({name: "magic"}, name)
                for name in (
                    "id_token_encrypted_response_alg",
                    "userinfo_encrypted_response_alg",
                    "userinfo_signed_response_alg",
                    "request_object_signing_alg",
                )
            ),
            ({"id_token_encrypted_response_enc": "A256GCM"}, "id_token_encrypted_response_enc"),
            ({"userinfo_encrypted_response_alg": "ECDH-ES"}, "userinfo_encrypted_response_alg"),
            ({"require_signed_request_object": True}, "jwks"),
            ({"frontchannel_logout_uri": "https://other.test/fcl"}, "frontchannel_logout_uri"),
            ({"request_uris": ["http://rp.test/request.jwt"]}, "request_uris[0]"),
            ({"id_token_signed_response_alg": "HS256"}, "id_token_signed_response_alg"),
            ({"id_token_signed_response_alg": "none"}, "id_token_signed_response_alg"),
            ({"initiate_login_uri": "http://127.0.0.1/begin"}, "initiate_login_uri"),
            ({"scope": "a\u00e9"}, "scope"),
            ({"scope": "orders.write"}, "scope"),
            ({"scope": ["openid"]}, "scope"),
        ],
    )
    async def test_3_2_2_metadata(self, metadata, member):
        site = await open_door()
        why = await refused(site, "invalid_client_metadata", **metadata)
        assert why.startswith(f"{member}: "), why

    async def test_every_problem_is_told_at_once(self):
        site = await open_door()
        why = await refused(
            site, "invalid_client_metadata", redirect_uris=["/cb"], logo_uri="x", tos_uri="y"
        )
        assert all(name in why for name in ("redirect_uris[0]", "logo_uri", "tos_uri"))

    @pytest.mark.parametrize("statement", ["x", 5, {"a": 1}, ""])
    async def test_2_3_a_software_statement_that_is_none(self, statement):
        site = await open_door()
        await refused(site, "invalid_software_statement", software_statement=statement)

    async def test_2_3_a_software_statement_of_a_stranger(self):
        site = await open_door()
        statement = "eyJhbGciOiJSUzI1NiJ9.eyJzb2Z0d2FyZV9pZCI6IngifQ.AAAA"
        await refused(site, "unapproved_software_statement", software_statement=statement)

    async def test_the_server_cannot_be_told_what_to_call_itself(self):
        site = await open_door()
        made = await register(site, client_id="chosen", client_secret="x" * 40)
        assert made.client_id != "chosen"
        assert made.told["client_secret"] != "x" * 40


class TestBody:
    """3.1: one JSON object."""

    @pytest.mark.parametrize(
        "body",
        [
            *(b"", b"null", b"[]", b'"x"', b"5", b"{", b"{'a': 1}", b"\xff\xfe", b"\xef\xbb\xbf{}"),
            b'{"redirect_uris": ["https://rp.test/cb"], "redirect_uris": []}',
            b'{"x": NaN}',
            b'{"x": 1e999}',
            b'{"x": ' + b"9" * 5000 + b"}",
            b'{"client_name": "\\ud800"}',
            b'{"client_name": "\\u0000"}',
            b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        ],
        ids=range(16),
    )
    async def test_do_03_that_is_no_honest_object(self, body):
        site = await open_door()
        answer = await send(site, "POST", REGISTER, body)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")

    @pytest.mark.parametrize(
        "content_type",
        [
            *("application/x-www-form-urlencoded", "text/plain", "text/json", ""),
            *("application/jwt", "application/json; charset=utf-16", "multipart/form-data"),
        ],
    )
    async def test_3_1_of_another_type(self, content_type):
        site = await open_door()
        answer = await send(site, "POST", REGISTER, MINIMAL, content_type=content_type)
        assert (answer.status, answer.json()["error"]) == (415, "invalid_request")

    async def test_of_the_right_type_spelt_another_way(self):
        site = await open_door()
        written = 'Application/JSON; charset="UTF-8"'
        assert (await send(site, "POST", REGISTER, MINIMAL, content_type=written)).status == 201

    async def test_do_02_that_is_too_long(self):
        site = await open_door()
        body = b'{"x": "' + b"y" * 70_000 + b'"}'
        assert (await send(site, "POST", REGISTER, body)).status == 413
        assert (await send(site, "POST", REGISTER, b"{}", content_length="70000")).status == 413

    async def test_many_unknown_members_are_ignored(self):
        site = await open_door()
        made = await register(site, **{f"x{n}": n for n in range(3000)})
        assert len(made.told) < 30

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
    async def test_other_methods(self, method):
        site = await open_door()
        assert (await send(site, method)).status == 405


class TestInitialAccessToken:
    """1.2 and 3: who may register at all."""

    async def test_rg_01_ad_21_nobody_by_default(self):
        site = await open_site()
        answer = await send(site, "POST", REGISTER, MINIMAL)
        assert (answer.status, answer.json()["error"]) == (404, "invalid_request")
        assert "the mode off" in answer.json()["error_description"]

    async def test_ad_21_off_with_a_token_as_well(self):
        site = await open_door(mode="off")
        token = await make_token(site)
        assert (await send(site, "POST", REGISTER, MINIMAL, token=token)).status == 404

    async def test_rg_01_nobody_without_a_token(self):
        site = await open_door(mode="token")
        answer = await send(site, "POST", REGISTER, MINIMAL)
        assert answer.status == 401
        assert answer.header("www-authenticate") == 'Bearer realm="ostiary"'

    @pytest.mark.parametrize("mode", ["token", "open"])
    async def test_3_whoever_has_one_again_and_again(self, mode):
        site = await open_door(mode=mode)
        token = await make_token(site)
        made = [await register(site, token) for _ in range(3)]
        assert len({one.client_id for one in made}) == 3
        event = next(one for one in site.events if one.type == "client.registered")
        stored = await site.store.registration_token(digest(token))
        assert (event.actor_type, event.actor_id) == ("registration_token", stored.id)
        assert (await made[0].stored()).registration.initial_token == stored.id

    @pytest.mark.parametrize("mode", ["token", "open"])
    @pytest.mark.parametrize("token", ["x", "ost_iat_" + "0" * 49, "ost_at_" + "A" * 49])
    async def test_one_that_is_none(self, mode, token):
        site = await open_door(mode=mode)
        answer = await send(site, "POST", REGISTER, MINIMAL, token=token)
        assert (answer.status, answer.json()["error"]) == (401, "invalid_token")
        assert 'error="invalid_token"' in answer.header("www-authenticate")

    async def test_one_that_is_over(self):
        site = await open_door(mode="token")
        token = await make_token(site, expires_at=NOW + 60)
        await register(site, token)
        site.clock.time += 60
        assert (await send(site, "POST", REGISTER, MINIMAL, token=token)).status == 401

    async def test_one_for_a_number_of_uses(self):
        site = await open_door(mode="token")
        token = await make_token(site, uses=2)
        # What is refused counts for nothing.
        bad = {"redirect_uris": []}
        assert (await send(site, "POST", REGISTER, bad, token=token)).status == 400
        await register(site, token)
        await register(site, token)
        answer = await send(site, "POST", REGISTER, MINIMAL, token=token)
        assert (answer.status, answer.json()["error"]) == (401, "invalid_token")
        assert "as often as it may be" in answer.json()["error_description"]

    async def test_uses_at_the_same_time_are_counted_one_by_one(self):
        site = await open_door(mode="token")
        token = await make_token(site, uses=3)
        answers = await asyncio.gather(
            *(send(site, "POST", REGISTER, MINIMAL, token=token) for _ in range(8))
        )
        assert sorted(answer.status for answer in answers) == [201] * 3 + [401] * 5
        assert (await site.store.counts())["unused_clients"] == 3

    async def test_a_registration_token_is_no_initial_one(self):
        site = await open_door()
        made = await register(site)
        assert (await send(site, "POST", REGISTER, MINIMAL, token=made.token)).status == 401


class TestPolicy:
    """What an administrator opens, and no more."""

    async def test_grant_types(self):
        site = await open_door()
        why = await refused(
            site,
            "invalid_client_metadata",
            grant_types=["authorization_code", "client_credentials"],
        )
        assert why == (
            "grant_types[1]: client_credentials is not open to applications that register"
            " themselves here: allowed are authorization_code, refresh_token"
        )
        await set_policy(site, mode="open", allowed_grant_types=["client_credentials"])
        await refused(site, "invalid_client_metadata", grant_types=["authorization_code"])
        made = await register(site, redirect_uris=None, grant_types=["client_credentials"])
        assert made.told["response_types"] == []
        assert made.told["scope"] == ""

    async def test_public_clients(self):
        site = await open_door(allow_public=False)
        why = await refused(site, "invalid_client_metadata", token_endpoint_auth_method="none")
        assert why.startswith("token_endpoint_auth_method: ")
        # What every copy of an application holds is no secret (RFC 8252, 8.5).
        native = {"application_type": "native", "redirect_uris": ["http://127.0.0.1/cb"]}
        why = await refused(site, "invalid_client_metadata", **native)
        assert why.startswith("application_type: ")
        await register(site)

    async def test_public_clients_that_are_there_may_stay(self):
        site = await open_door()
        made = await register(site, token_endpoint_auth_method="none")
        await set_policy(site, mode="open", allow_public=False)
        assert (await made.replace(token_endpoint_auth_method="none")).status == 200
        answer = await (await register(site)).replace(token_endpoint_auth_method="none")
        assert answer.json()["error"] == "invalid_client_metadata"

    async def test_pkce(self):
        site = await open_door(require_pkce=True)
        assert (await (await register(site)).stored()).require_pkce

    async def test_pkce_of_native_applications(self):
        site = await open_door()
        native = {"application_type": "native", "redirect_uris": ["http://127.0.0.1/cb"]}
        made = await register(site, **native)
        assert made.told["token_endpoint_auth_method"] == "client_secret_basic"
        assert (await made.stored()).require_pkce
        became = await register(site)
        assert (await became.replace(**native)).status == 200
        assert (await became.stored()).require_pkce

    async def test_scopes_are_what_is_open(self):
        site = await open_door(default_scopes=["openid", "email", "gone.read"])
        assert (await register(site)).told["scope"] == "openid email"
        # What is not open is left out, and the answer says so (3.2.1).
        assert (await register(site, scope="email phone")).told["scope"] == "email"
        why = await refused(site, "invalid_client_metadata", scope="phone profile")
        assert "open are openid email" in why

    async def test_offline_access_goes_with_refresh_tokens(self):
        site = await open_door()
        assert "offline_access" not in (await register(site)).told["scope"]
        made = await register(site, grant_types=["authorization_code", "refresh_token"])
        assert "offline_access" in made.told["scope"]

    async def test_registration_needs_the_default_project(self):
        site = await open_door()
        await register(site)
        project = await site.store.read_project("default")
        await site.change(project, state=State.INACTIVE)
        await site.store.revalidate()
        assert "default project" in await refused(site, "access_denied")


class TestLegacy:
    """Old response types need a reason: the policy's, which the client gets as its own."""

    POLICY: ClassVar = {
        "allowed_grant_types": ["authorization_code", "implicit"],
        "allowed_response_types": ["code", "id_token", "code id_token"],
        "legacy": {"reason": "certification", "until": "2027-06-30"},
    }
    IMPLICIT: ClassVar = {"grant_types": ["implicit"], "response_types": ["id_token"]}

    async def test_not_by_default(self):
        site = await open_door()
        why = await refused(site, "invalid_client_metadata", **self.IMPLICIT)
        assert "grant_types[0]: implicit is not open" in why

    async def test_where_the_policy_admits_them(self):
        site = await open_door(**self.POLICY)
        made = await register(site, **self.IMPLICIT)
        assert made.told["response_types"] == ["id_token"]
        assert "legacy" not in made.told
        client = await made.stored()
        assert (client.legacy, client.uses_legacy) == (
            Legacy(reason="certification", until="2027-06-30"),
            True,
        )
        hybrid = {
            "grant_types": ["authorization_code", "implicit"],
            "response_types": ["id_token code"],
        }
        assert (await register(site, **hybrid)).told["response_types"] == ["code id_token"]
        assert (await (await register(site)).stored()).legacy is None

    async def test_no_more_than_it_admits(self):
        site = await open_door(**self.POLICY)
        asked = {"grant_types": ["implicit"], "response_types": ["id_token token"]}
        assert "id_token token is not open" in await refused(
            site, "invalid_client_metadata", **asked
        )

    async def test_not_after_their_time(self):
        site = await open_door(**self.POLICY)
        made = await register(site, **self.IMPLICIT)
        site.clock.time = end_of("2027-06-30")
        await refused(site, "invalid_client_metadata", **self.IMPLICIT)
        assert (await made.replace(**self.IMPLICIT)).status == 200
        assert not allowed(await made.stored(), site.clock.time)

    async def test_3_discovery_lists_what_the_policy_admits(self):
        site = await open_door(**self.POLICY)
        path = "/.well-known/openid-configuration"
        told = (await site.send("GET", path)).json()
        assert told["response_types_supported"] == ["code", "id_token", "code id_token"]
        assert "implicit" in told["grant_types_supported"]
        site.clock.time = end_of("2027-06-30")
        told = (await site.send("GET", path)).json()
        assert told["response_types_supported"] == ["code"]
        await set_policy(site, **{**self.POLICY, "mode": "off", "legacy": {"reason": "x"}})
        assert (await site.send("GET", path)).json()["response_types_supported"] == ["code"]

    async def test_an_implicit_client_signs_in_and_is_in_use(self):
        site = await open_door(**self.POLICY)
        made = await register(site, id_token_signed_response_alg="ES256", **self.IMPLICIT)
        asked = await site.authorize(
            client_id=made.client_id,
            redirect_uri=CALLBACK,
            scope="openid",
            response_type="id_token",
            response_mode=None,
            nonce="n-1",
            code_challenge=None,
            code_challenge_method=None,
        )
        session = await site.log_in(asked.flow)
        consent = make_consent("alice", client_id=made.client_id, granted_at=NOW)
        await site.quietly(Insert(consent))
        await site.do(asked.flow, "consent", session)
        assert "id_token" in (await site.resume(asked.flow)).reply
        assert await made.unused() is None


class TestMetadata:
    """8414: who may register is told by discovery, and only then."""

    async def test_the_endpoint_is_told_while_it_is_open(self):
        site = await open_site()
        path = "/.well-known/openid-configuration"
        for mode, told in (
            ("off", None),
            ("token", ISSUER + REGISTER),
            ("open", ISSUER + REGISTER),
        ):
            await set_policy(site, mode=mode)
            document = await site.send("GET", path)
            assert document.json().get("registration_endpoint") == told
        tag = document.header("etag")
        await set_policy(site, mode="off")
        after = await site.send("GET", path, headers={"if-none-match": tag})
        assert after.status == 200
        assert "registration_endpoint" not in after.json()


class TestCors:
    """A page may register itself by script: nothing but a token counts here."""

    async def test_from_any_origin(self):
        site = await open_door()
        headers = {"origin": "https://app.example", "access-control-request-method": "POST"}
        preflight = await site.send("OPTIONS", REGISTER, headers=headers)
        assert preflight.status == 204
        assert preflight.header("access-control-allow-origin") == "*"
        assert "POST" in preflight.header("access-control-allow-methods")
        assert "Content-Type" in preflight.header("access-control-allow-headers")
        answer = await send(site, "POST", REGISTER, MINIMAL, origin="https://app.example")
        assert answer.header("access-control-allow-origin") == "*"
        assert answer.header("access-control-allow-credentials") is None
        made = Self(site, answer.json())
        preflight = await site.send("OPTIONS", made.path, headers=headers)
        assert preflight.header("access-control-allow-methods") == "GET, PUT, DELETE"
        assert (await made.ask("GET")).header("access-control-allow-origin") == "*"


class TestFloods:
    """DO-07: strangers cannot fill the database."""

    async def test_do_07_of_one_address_within_a_minute(self):
        site = await open_door()
        answers = [await send(site, "POST", REGISTER, {}) for _ in range(31)]
        assert [one.status for one in answers] == [400] * 30 + [429]
        assert answers[-1].header("retry-after") == "60"
        site.ip = "192.0.2.77"
        assert (await send(site, "POST", REGISTER, {})).status == 400
        site.ip = "192.0.2.1"
        site.clock.time += 60
        await register(site)

    async def test_do_07_of_one_network_within_a_day(self, monkeypatch):
        monkeypatch.setattr("ostiary.admin.registration.MAX_PER_PEER", 3)
        site = await open_door()
        for n in range(3):
            site.ip = f"2001:db8::{n}"
            await register(site)
        answer = await send(site, "POST", REGISTER, MINIMAL)
        assert (answer.status, answer.json()["error"]) == (429, "temporarily_unavailable")
        # Whoever has a token is known.
        await register(site, await make_token(site))
        site.clock.time += 86400
        await register(site)

    async def test_do_07_in_all(self, monkeypatch):
        monkeypatch.setattr("ostiary.admin.registration.MAX_UNUSED", 2)
        site = await open_door()
        await register(site)
        await register(site)
        assert (await send(site, "POST", REGISTER, MINIMAL)).status == 429
        await register(site, await make_token(site))
