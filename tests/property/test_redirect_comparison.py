"""Redirect URIs are compared octet by octet, whatever is sent."""

from hypothesis import example, given
from hypothesis import strategies as st

from ostiary.model.client import AppType, Client
from ostiary.oauth.redirect import explain_mismatch, redirect_uri_matches

LETTERS = "abAB01:/?#[]@!$&'()*+,;=%-._~\\ \t\nä\N{FULLWIDTH FULL STOP}"
TEXT = st.text(LETTERS, max_size=40)
REGISTERED = st.sampled_from(
    [
        "https://app.test/cb",
        "https://app.test:8443/cb?x=1",
        "http://127.0.0.1/cb",
        "http://127.0.0.1:8080/cb?a=b",
        "http://[::1]/cb",
        "http://[::1]",
        "http://localhost/cb",
        "com.example.app:/cb",
    ]
)
PIECES = st.one_of(TEXT, st.sampled_from([":80", "@", "//", "/..", "%2f", ".", "?x=1", "#"]))


def client(kind, *uris):
    return Client(client_id="c", organization_id="o", type=kind, redirect_uris=uris)


@given(REGISTERED, st.sampled_from(list(AppType)), PIECES, st.integers(0, 30))
def test_one_more_character_anywhere_never_matches_but_for_a_loopback_port(
    uri, kind, piece, position
):
    requested = uri[:position] + piece + uri[position:]
    if requested == uri:
        return
    if redirect_uri_matches(requested, client(kind, uri)):
        assert kind is AppType.NATIVE
        assert uri.startswith(("http://127.0.0.1", "http://[::1]"))
        origin = uri[: uri.index("1]") + 2] if "[" in uri else "http://127.0.0.1"
        assert requested.startswith(origin)
        assert strip_port(requested[len(origin) :]) == strip_port(uri[len(origin) :])


def strip_port(rest):
    """An independent reading: everything between `:` and the next `/` or `?` is the port."""
    if not rest.startswith(":"):
        return rest
    end = min((rest.find(mark) for mark in "/?" if mark in rest), default=len(rest))
    assert rest[1:end].isascii()
    assert 1 <= int(rest[1:end]) <= 65535
    return rest[end:]


@given(REGISTERED, st.integers(1, 65535))
def test_any_port_of_a_registered_loopback_address_matches(uri, port):
    if not uri.startswith(("http://127.0.0.1", "http://[::1]")):
        return
    origin = uri[: uri.index("1]") + 2] if "[" in uri else "http://127.0.0.1"
    requested = f"{origin}:{port}{strip_port(uri[len(origin) :])}"
    assert redirect_uri_matches(requested, client(AppType.NATIVE, uri))


@given(TEXT, st.sampled_from(list(AppType)))
@example("javascript:alert(1)", AppType.WEB)
@example("data:text/html,x", AppType.USER_AGENT)
def test_what_is_not_registered_never_matches(requested, kind):
    assert not redirect_uri_matches(requested, client(kind, "https://app.test/cb"))


@given(st.text(max_size=60), st.lists(REGISTERED, max_size=3))
def test_every_mismatch_is_explained_in_plain_characters(requested, registered):
    said = str(explain_mismatch(requested, tuple(registered)))
    assert said.isascii()
    assert said.endswith(".")


@given(st.lists(st.sampled_from(["http:", "//", "[", "]", "@", ":", "x", "%"]), max_size=12))
def test_odd_authorities_are_explained_too(parts):
    assert str(explain_mismatch("".join(parts), ("https://app.test/cb",))).endswith(".")
