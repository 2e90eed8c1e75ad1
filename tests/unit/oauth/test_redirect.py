"""What a developer is told about a redirect URI that is not registered."""

import pytest

from ostiary.oauth.redirect import explain_mismatch

REGISTERED = ("https://app.test/cb", "https://app.test:8443/other?x=1")


@pytest.mark.parametrize(
    ("requested", "said"),
    [
        ("https://app.test/cb/", "the slash at its end"),
        (" https://app.test/cb", "white space"),
        ("http://app.test/cb", "http instead of https"),
        ("https://app.test/CB", "upper and lower case"),
        ("https%3A%2F%2Fapp.test%2Fcb", "percent-encoding"),
        ("https://app.test/c%62", "percent-encoding"),
        ("https://app.test:444/cb", "its port"),
        ("https://app.test:8443/other?x=2", "its query"),
        ("https://app.test/cb?x=1", "its query"),
        ("https://app.test/cb2", "its path"),
        ("myapp://app.test/cb", "its scheme"),
        ("https://other.test/cb", "its host"),
        ("https://app.test/x?y", "differs in more than one part"),
        ("https://app.test:1/x", "differs in more than one part"),
        ("https://evil.test/steal", "No registered one has this host"),
        ("https://app.test@evil.test/cb", "user name or password"),
        ("https://app.test/cb#x", "fragment"),
        ("https://app.test/cb\t", "characters"),
        ("https://app.test/cb\N{FULLWIDTH FULL STOP}", "characters"),
        ("/cb", "not an absolute URI"),
        ("cb", "not an absolute URI"),
        ("https://[::1/cb", "not an absolute URI"),
        ("https://app.test:x/cb", "not an absolute URI"),
        ("https://app.test/" + "x" * 2048, "longer"),
    ],
)
def test_the_difference_is_named(requested, said):
    assert said in str(explain_mismatch(requested, REGISTERED))


def test_localhost_and_the_loopback_address():
    said = str(explain_mismatch("http://localhost/cb", ("http://127.0.0.1/cb",)))
    assert "localhost is not 127.0.0.1" in said


@pytest.mark.parametrize(
    "requested", ["https://evil.test/<script>", "https://evil.test/steal", "javascript:alert(1)"]
)
def test_nothing_of_the_requested_uri_is_repeated(requested):
    said = str(explain_mismatch(requested, REGISTERED))
    assert "evil" not in said
    assert "script" not in said


def test_a_client_without_redirect_uris():
    assert str(explain_mismatch("https://app.test/cb", ())) == "No registered one has this host."
