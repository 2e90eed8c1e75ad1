"""The shop's own tests, as its developers write them: with pytest and the fixture `ostiary`.

Their name keeps them out of the tests of Ostiary itself, which run them in a process of their
own, with nothing but what the package gives to everybody.
"""

import pytest
from shop import make_shop
from starlette.testclient import TestClient

SHOP = "http://localhost:8000"


@pytest.fixture
def alice(ostiary):
    return ostiary.add_user("alice")


@pytest.fixture
def application(ostiary):
    return ostiary.add_application(
        f"{SHOP}/callback", backchannel_logout_uri=f"{SHOP}/bcl", require_consent=True
    )


@pytest.fixture
def client(application):
    shop = make_shop(application.issuer, application.client_id, application.client_secret)
    with TestClient(shop, base_url=SHOP) as client:
        yield client


def sign_in(ostiary, client, person, **how):
    off = client.get("/login", follow_redirects=False)
    return client.get(ostiary.sign_in(off.headers["location"], person, **how))


def test_alice_signs_in(ostiary, client, alice):
    assert client.get("/").status_code == 401
    assert sign_in(ostiary, client, alice).text == "Hello, Alice Example"


def test_alice_says_no(ostiary, client, alice):
    answer = sign_in(ostiary, client, alice, decision="deny")
    assert (answer.status_code, answer.text) == (403, "You are not signed in: access_denied")


def test_alice_stays_signed_in_until_the_provider_says_otherwise(ostiary, client, alice):
    sign_in(ostiary, client, alice)
    (notice,) = ostiary.sign_out(alice)
    assert notice.claims["sub"] == alice.id
    assert client.get("/").status_code == 200
    assert client.post(notice.path, data=notice.form).status_code == 200
    assert client.get("/").status_code == 401
    assert ostiary.logout_notices() == []


def test_a_refresh_token_is_over_when_alice_takes_the_shop_back(ostiary, client, alice):
    sign_in(ostiary, client, alice)
    assert client.get("/refresh").text == "refreshed"
    ostiary.revoke(alice)
    assert client.get("/refresh").text == "invalid_grant"


def test_a_refresh_token_is_over_after_a_month(ostiary, client, alice):
    sign_in(ostiary, client, alice)
    with ostiary.clock.moved(31 * 86400):
        assert client.get("/refresh").text == "invalid_grant"


def test_the_shop_takes_a_token_that_a_new_key_signed(ostiary, client, alice):
    before = ostiary.add_application(f"{SHOP}/callback")
    sign_in(ostiary, client, alice)
    kids = ostiary.rotate_keys("RS256")
    assert len(kids) == 1
    tokens = ostiary.tokens(before, alice)
    assert client.get("/orders", headers=tokens.headers).json()["sub"] == alice.id
    assert sign_in(ostiary, client, alice).text == "Hello, Alice Example"


def test_a_machine_calls_the_api(ostiary, client):
    ostiary.add_api("https://orders.example", "orders.read")
    robot = ostiary.add_application(allowed_scopes=["orders.read"])
    tokens = ostiary.tokens(robot, scope="orders.read")
    claims = client.get("/orders", headers=tokens.headers).json()
    assert (claims["sub"], claims["aud"]) == (robot.client_id, "https://orders.example")


def test_roles_of_an_organization_are_in_the_token(ostiary):
    acme = ostiary.add_organization("acme", name="ACME")
    bob = ostiary.add_user("bob", organization=acme, email=None)
    ostiary.give_roles(bob, "clerk", project=acme)
    desk = ostiary.add_application(f"{SHOP}/cb", project=acme, id_token_role_assertion=True)
    assert ostiary.tokens(desk, bob).claims["roles"] == ["clerk"]


def test_alice_gets_a_mail_for_a_forgotten_password(ostiary, client, alice):
    begun = client.get("/login", follow_redirects=False).headers["location"]
    with ostiary.browser() as browser:
        page = browser.visit(begun)
        assert "password" in page.form(username="").fields
        page = browser.visit(page.url.replace("/login", "/login/forgot", 1))
        browser.submit(page, page.form(username=""), username=alice.username)
    (mail,) = ostiary.mails(to=alice.email)
    assert any(link.startswith(ostiary.issuer) for link in mail.links)


def test_the_audit_trail_tells_what_happened(ostiary, alice):
    (made,) = ostiary.events("account.created")
    assert made.user_id == alice.id


def test_a_document_is_applied(ostiary):
    ostiary.apply({"organizations": [{"id": "acme", "users": [{"username": "carol"}]}]})
    assert ostiary.events("organization.created")[-1].organization_id == "acme"


async def test_a_test_may_be_a_coroutine(ostiary, alice):
    application = ostiary.add_application(
        f"{SHOP}/callback", token_endpoint_auth_method="none", type="OIDC_APP_TYPE_NATIVE"
    )
    assert ostiary.tokens(application, alice).claims["sub"] == alice.id


def test_nothing_of_another_test_is_there(ostiary):
    assert ostiary.events("account.created") == []
    assert ostiary.mails() == []
