"""OpenID Connect Dynamic Client Registration 1.0: what is registered is what then holds."""

from hashlib import sha256

import pytest

from ostiary.admin.logos import put
from ostiary.oauth.metadata import REGISTER
from support.authorization import parameters
from support.jose import make_key
from support.registration import CALLBACK, MINIMAL, open_door, refused, register, send

pytestmark = pytest.mark.usefixtures("sites")
GERMAN = {"accept-language": "de-CH,de;q=0.9"}
ENGLISH = {"accept-language": "en"}


async def open_login(made, **changes):
    """Send somebody to sign in; return the flow."""
    asked = await made.site.authorize(
        client_id=made.client_id,
        redirect_uri=CALLBACK,
        **{"scope": "openid", **changes},
    )
    assert asked.status == 303, asked.text
    return asked


class TestPages:
    """2 and 2.1: names, policy and terms are shown to people, in their language."""

    METADATA = (
        ("client_name", "Shop"),
        ("client_name#de", "Laden"),
        ("policy_uri", "https://rp.test/privacy"),
        ("policy_uri#de", "https://rp.test/datenschutz"),
        ("tos_uri", "https://legal.test/terms"),
    )

    async def test_2_on_the_sign_in_page(self):
        site = await open_door()
        made = await register(site, **dict(self.METADATA))
        flow = (await open_login(made)).flow
        page = (await site.send("GET", "/login", f"flow={flow}".encode(), headers=ENGLISH)).text
        assert "Shop" in page
        assert 'href="https://rp.test/privacy"' in page
        assert 'href="https://legal.test/terms"' in page
        # AZ-24: what stands elsewhere is labelled.
        assert page.count("(on ") == 1
        assert "<strong>legal.test</strong></bdi>)" in page
        page = (await site.send("GET", "/login", f"flow={flow}".encode(), headers=GERMAN)).text
        assert "Laden" in page
        assert "Shop" not in page
        assert 'href="https://rp.test/datenschutz"' in page
        assert 'href="https://legal.test/terms"' in page

    async def test_2_on_the_consent_page(self):
        site = await open_door()
        made = await register(site, **dict(self.METADATA))
        flow = (await open_login(made)).flow
        await site.log_in(flow)
        query = f"flow={flow}".encode()
        assert "Shop" in (await site.send("GET", "/consent", query, headers=ENGLISH)).text
        page = (await site.send("GET", "/consent", query, headers=GERMAN)).text
        assert "Laden" in page
        assert 'href="https://rp.test/datenschutz"' in page

    @pytest.mark.parametrize(
        ("url", "labelled"),
        [("https://rp.test/logo.png", False), ("https://cdn.test/logo.png", True)],
    )
    async def test_2_the_logo_is_shown_on_both(self, url, labelled):
        """Served by us; where it is from another host than the application, that is said."""
        site = await open_door()
        made = await register(site, client_name="Shop", logo_uri=url)
        (wanted,) = await site.store.list_messages("logo", 0, 10, failed=False)
        owner = f"application:{made.client_id}"
        assert wanted.payload == {"owner": owner, "source": url}
        flow = (await open_login(made)).flow
        query = f"flow={flow}".encode()
        before = (await site.send("GET", "/login", query, headers=ENGLISH)).text
        assert "/images/" not in before
        # What the job does once it has the picture.
        effects = await put(site.store, owner, url, b"a picture of ours", site.clock.now())
        await site.store.apply(effects)
        address = f"/images/{sha256(b'a picture of ours').hexdigest()}.png"
        login = await site.send("GET", "/login", query, headers=ENGLISH)
        await site.log_in(flow)
        consent = await site.send("GET", "/consent", query, headers=ENGLISH)
        for page in (login.text, consent.text):
            assert f'<img src="{address}" alt="">' in page
            assert url not in page
            assert ("<strong>cdn.test</strong>" in page) is labelled
        served = await site.send("GET", address)
        assert served.body == b"a picture of ours"

    async def test_people_are_asked_before_anything_is_given(self):
        site = await open_door()
        made = await register(site)
        flow = (await open_login(made)).flow
        await site.log_in(flow)
        assert (await site.resume(flow)).location.startswith("/consent?")


class TestHolds:
    """2: what a client registers about its requests."""

    async def test_2_default_max_age(self):
        site = await open_door()
        made = await register(site, default_max_age=50, token_endpoint_auth_method="none")
        # Signed in 100 seconds ago.
        await site.sign_in()
        assert (await open_login(made)).location.startswith("/login?")

    async def test_2_redirect_uris_are_compared_exactly(self):
        site = await open_door()
        made = await register(site)
        answer = await site.authorize(client_id=made.client_id, redirect_uri=f"{CALLBACK}/x")
        assert answer.status == 400
        assert "location" not in dict(answer.headers)

    async def test_2_scopes_are_those_of_the_answer(self):
        site = await open_door()
        made = await register(site, scope="openid email")
        answer = await site.authorize(
            client_id=made.client_id, redirect_uri=CALLBACK, scope="openid profile"
        )
        assert answer.reply["error"] == "invalid_scope"

    async def test_a_confidential_client_may_do_without_pkce(self):
        """OAuth 2.0 and OpenID Connect Core have no word for it; public clients must."""
        site = await open_door()
        without = {"code_challenge": None, "code_challenge_method": None}
        assert "code_challenge" in parameters()
        made = await register(site)
        assert (await open_login(made, **without)).location.startswith("/login?")
        public = await register(site, token_endpoint_auth_method="none")
        answer = await open_login(public, **without)
        assert answer.reply["error"] == "invalid_request"

    async def test_2_a_push_is_a_duty_where_it_is_registered(self):
        site = await open_door()
        made = await register(site, require_pushed_authorization_requests=True)
        assert "error" in (await open_login(made)).reply


class TestSector:
    """5: who registers a sector identifier is in the list of its owner."""

    SECTOR = "https://sector.test/list.json"

    async def test_5_all_redirect_uris_are_listed(self):
        site = await open_door()
        uris = [CALLBACK, "https://other.test/cb"]
        site.published.sectors[self.SECTOR] = (*uris, "https://third.test/cb")
        made = await register(
            site, redirect_uris=uris, subject_type="pairwise", sector_identifier_uri=self.SECTOR
        )
        assert made.told["sector_identifier_uri"] == self.SECTOR
        assert site.published.fetched == [self.SECTOR]

    @pytest.mark.parametrize("subject_type", ["public", "pairwise"])
    async def test_5_one_is_not(self, subject_type):
        site = await open_door()
        site.published.sectors[self.SECTOR] = ("https://other.test/cb",)
        why = await refused(
            site,
            "invalid_redirect_uri",
            subject_type=subject_type,
            sector_identifier_uri=self.SECTOR,
        )
        assert why == "redirect_uris[0]: is not in the list at sector_identifier_uri"

    async def test_5_the_list_cannot_be_read(self):
        site = await open_door()
        why = await refused(site, "invalid_client_metadata", sector_identifier_uri=self.SECTOR)
        assert why.startswith("sector_identifier_uri: must answer this server")

    async def test_5_redirect_uris_that_come_later_are_listed_too(self):
        site = await open_door()
        site.published.sectors[self.SECTOR] = (CALLBACK,)
        made = await register(site, sector_identifier_uri=self.SECTOR)
        before = await made.stored()
        more = [CALLBACK, "https://other.test/cb"]
        answer = await made.replace(redirect_uris=more, sector_identifier_uri=self.SECTOR)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_redirect_uri")
        assert await made.stored() == before
        site.published.sectors[self.SECTOR] = tuple(more)
        answer = await made.replace(redirect_uris=more, sector_identifier_uri=self.SECTOR)
        assert answer.json()["redirect_uris"] == more

    async def test_rg_01_nothing_is_fetched_for_who_may_not_register(self):
        site = await open_door(mode="token")
        body = {**MINIMAL, "sector_identifier_uri": self.SECTOR}
        assert (await send(site, "POST", REGISTER, body)).status == 401
        assert site.published.fetched == []


class TestMembers:
    """2: what each member may be."""

    @pytest.mark.parametrize(
        "metadata",
        [
            {"application_type": "native", "redirect_uris": ["com.example.app:/cb"]},
            {"application_type": "native", "redirect_uris": ["http://[::1]/cb"]},
            {"application_type": "web", "redirect_uris": [CALLBACK]},
        ],
    )
    async def test_2_application_type(self, metadata):
        site = await open_door()
        method = "none" if metadata["application_type"] == "native" else "client_secret_post"
        made = await register(site, token_endpoint_auth_method=method, **metadata)
        assert made.told["application_type"] == metadata["application_type"]

    async def test_2_application_type_is_worked_out(self):
        site = await open_door()
        made = await register(
            site, redirect_uris=["com.example.app:/cb"], token_endpoint_auth_method="none"
        )
        assert made.told["application_type"] == "native"

    @pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
    async def test_2_token_endpoint_auth_signing_alg(self, alg):
        site = await open_door()
        key = make_key(alg, 1).public_jwk
        metadata = {
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": alg,
            "jwks": {"keys": [key]},
        }
        assert (await register(site, **metadata)).told["token_endpoint_auth_signing_alg"] == alg

    async def test_2_token_endpoint_auth_signing_alg_that_is_none(self):
        site = await open_door()
        for alg in ("none", "HS256"):
            await refused(site, "invalid_client_metadata", token_endpoint_auth_signing_alg=alg)

    async def test_2_keys_without_their_private_halves(self):
        site = await open_door()
        key = make_key("ES256", 1).public_jwk
        jwks = {"keys": [{**key, "comment": "mine"}]}
        made = await register(site, token_endpoint_auth_method="private_key_jwt", jwks=jwks)
        assert made.told["jwks"] == {"keys": [key]}
        await refused(
            site,
            "invalid_client_metadata",
            token_endpoint_auth_method="private_key_jwt",
            jwks={"keys": [{**key, "d": "AAAA"}]},
        )
