"""What the test kit does where something goes wrong; what it is for is in tests/e2e."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from ostiary.admin.errors import AdminError
from ostiary.testing import Application, LogoutNotice, Person, Stuck, Tokens, run_ostiary
from ostiary.testing.things import read_claims

CALLBACK = "http://localhost:8000/callback"


@pytest.fixture
def kit(tmp_path):
    with run_ostiary(tmp_path) as running:
        yield running


def test_a_name_that_is_taken_is_told(kit) -> None:
    kit.add_user("alice")
    with pytest.raises(AdminError, match="taken"):
        kit.add_user("alice")


def test_metadata_that_break_a_rule_are_told(kit) -> None:
    with pytest.raises(AdminError, match=r"redirect_uris\[0\]"):
        kit.add_application("http://shop.example.com/callback")


def test_a_request_that_the_server_refuses_is_shown(kit) -> None:
    alice, application = kit.add_user("alice"), kit.add_application(CALLBACK)
    with pytest.raises(Stuck, match="redirect_uri"):
        kit.tokens(application, alice, redirect_uri="http://localhost:8000/elsewhere")
    with pytest.raises(Stuck, match="invalid_scope"):
        kit.tokens(application, alice, scope="openid phone")


def test_a_machine_that_asks_for_too_much_is_told(kit) -> None:
    with pytest.raises(Stuck, match="invalid_scope"):
        kit.tokens(kit.add_application(), scope="orders.read")


def test_nobody_signs_in_to_a_machine(kit) -> None:
    with pytest.raises(Stuck, match="no redirect URI"):
        kit.tokens(kit.add_application(), kit.add_user())


def test_the_clock_expires_what_was_issued_and_comes_back(kit) -> None:
    alice, application = kit.add_user("alice"), kit.add_application(CALLBACK)
    tokens = kit.tokens(application, alice)
    userinfo = f"{kit.issuer}/oidc/v1/userinfo"
    with kit.clock.moved(tokens.expires_in + 1):
        assert httpx.get(userinfo, headers=tokens.headers).status_code == 401
    assert httpx.get(userinfo, headers=tokens.headers).json()["sub"] == alice.id
    kit.clock.move(tokens.expires_in + 1)
    assert httpx.get(userinfo, headers=tokens.headers).status_code == 401
    kit.clock.reset()
    assert httpx.get(userinfo, headers=tokens.headers).status_code == 200


def test_only_what_one_application_has_is_revoked(kit) -> None:
    alice = kit.add_user("alice")
    shop, blog = kit.add_application(CALLBACK), kit.add_application(CALLBACK)
    of_shop, of_blog = kit.tokens(shop, alice), kit.tokens(blog, alice)
    kit.revoke(alice, shop)
    userinfo = f"{kit.issuer}/oidc/v1/userinfo"
    assert httpx.get(userinfo, headers=of_shop.headers).status_code == 401
    assert httpx.get(userinfo, headers=of_blog.headers).status_code == 200


def test_a_browser_that_comes_back_is_signed_in(kit) -> None:
    alice, application = kit.add_user("alice"), kit.add_application(CALLBACK)
    request = httpx.QueryParams(
        response_type="code",
        client_id=application.client_id,
        redirect_uri=CALLBACK,
        scope="openid",
        code_challenge="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        code_challenge_method="S256",
    )
    with kit.browser() as browser:
        first = browser.sign_in(
            f"{kit.issuer}/oauth/v2/authorize?{request}", alice.username, alice.password
        )
        again = browser.visit(f"{kit.issuer}/oauth/v2/authorize?{request.set('prompt', 'none')}")
    assert first.arrived
    assert again.arrived
    assert "code" in parse_qs(urlsplit(again.url).query)


def test_what_comes_by_form_post_is_in_the_query(kit) -> None:
    alice, application = kit.add_user("alice"), kit.add_application(CALLBACK)
    assert kit.tokens(application, alice, response_mode="form_post").claims["sub"] == alice.id


def test_two_servers_run_beside_each_other(tmp_path) -> None:
    with (
        run_ostiary(tmp_path / "one") as one,
        run_ostiary(tmp_path / "two", host="127.0.0.1") as two,
    ):
        assert one.issuer != two.issuer
        assert one.add_user("alice").id != two.add_user("alice").id
        for kit in (one, two):
            assert httpx.get(kit.discovery_url).json()["issuer"] == kit.issuer


def test_no_secret_is_in_what_a_failing_test_prints() -> None:
    person = Person(id="1", username="a", password="hidden", email=None, organization="o")
    application = Application(
        issuer="http://localhost",
        client_id="shop",
        client_secret="hidden",
        redirect_uris=(),
        metadata={"client_secret": "hidden"},
    )
    tokens = Tokens(access_token="hidden", token_type="Bearer", expires_in=1)
    notice = LogoutNotice(url="http://localhost/bcl", logout_token="hidden")
    assert "hidden" not in f"{person} {application} {tokens} {notice}"


def test_what_is_no_signed_token_is_told() -> None:
    with pytest.raises(ValueError, match="no signed token"):
        read_claims("a.b.c.d.e")
