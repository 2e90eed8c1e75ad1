"""RFC 8252, 7: redirect URIs of native applications."""

import pytest

from ostiary.model.client import AppType
from ostiary.oauth.redirect import redirect_uri_matches
from support.authorization import NAT, SPA, WEB, change


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/cb",
        "http://127.0.0.1:51004/cb",
        "http://127.0.0.1:1/cb",
        "http://127.0.0.1:65535/cb",
        "http://[::1]/cb",
        "http://[::1]:61023/cb",
        "com.example.app:/cb",
    ],
)
def test_7_3_any_port_of_a_loopback_address(uri):
    assert redirect_uri_matches(uri, NAT)


def test_7_3_a_registered_port_is_free_as_well():
    client = change(NAT, redirect_uris=("http://127.0.0.1:8080/cb",))
    assert redirect_uri_matches("http://127.0.0.1:9090/cb", client)
    assert redirect_uri_matches("http://127.0.0.1/cb", client)


def test_7_3_without_a_path():
    client = change(NAT, redirect_uris=("http://127.0.0.1",))
    assert redirect_uri_matches("http://127.0.0.1:51004", client)
    assert not redirect_uri_matches("http://127.0.0.1:51004/", client)


def test_7_3_query_and_path_must_be_equal():
    client = change(NAT, redirect_uris=("http://127.0.0.1/cb?a=1",))
    assert redirect_uri_matches("http://127.0.0.1:51004/cb?a=1", client)
    assert not redirect_uri_matches("http://127.0.0.1:51004/cb?a=2", client)
    assert not redirect_uri_matches("http://127.0.0.1:51004/cb", client)


def test_7_3_one_address_does_not_stand_for_the_other():
    client = change(NAT, redirect_uris=("http://127.0.0.1/cb",))
    assert not redirect_uri_matches("http://[::1]:51004/cb", client)


@pytest.mark.parametrize(
    "port", ["", "0", "00080", "080", "65536", "99999", "123456", "8o", "-1", "+80", "٣"]
)
def test_7_3_a_port_is_a_port(port):
    assert not redirect_uri_matches(f"http://127.0.0.1:{port}/cb", NAT)


@pytest.mark.parametrize("host", ["127.0.0.1.evil.test", "127.0.0.1@evil.test", "[::1]x"])
def test_7_3_a_host_that_only_begins_like_a_loopback_address(host):
    client = change(NAT, redirect_uris=(f"http://{host}/cb",))
    requested = f"http://{host}/cb".replace(".evil", ":80.evil").replace("@", ":80@")
    assert not redirect_uri_matches(requested.replace("]x", "]:80x"), client)


def test_8_3_localhost_has_no_free_port():
    client = change(NAT, redirect_uris=("http://localhost/cb",))
    assert redirect_uri_matches("http://localhost/cb", client)
    assert not redirect_uri_matches("http://localhost:51004/cb", client)


@pytest.mark.parametrize("kind", [kind for kind in AppType if kind is not AppType.NATIVE])
def test_7_3_only_native_applications_choose_their_port(kind):
    client = change(NAT, type=kind)
    assert redirect_uri_matches("http://127.0.0.1/cb", client)
    assert not redirect_uri_matches("http://127.0.0.1:51004/cb", client)


@pytest.mark.parametrize("client", [WEB, SPA])
def test_7_1_schemes_of_their_own_are_for_native_applications(client):
    registered = change(client, redirect_uris=("com.example.app:/cb",))
    assert not redirect_uri_matches("com.example.app:/cb", registered)


@pytest.mark.parametrize(
    "uri",
    ["com.example.app:/cb/", "com.example.app://cb", "COM.example.app:/cb", "com.example:/cb"],
)
def test_7_1_schemes_of_their_own_are_compared_exactly(uri):
    assert not redirect_uri_matches(uri, NAT)


def test_7_2_claimed_https_uris_are_compared_exactly():
    client = change(NAT, redirect_uris=("https://app.example.com/cb",))
    assert redirect_uri_matches("https://app.example.com/cb", client)
    assert not redirect_uri_matches("https://app.example.com:8443/cb", client)
