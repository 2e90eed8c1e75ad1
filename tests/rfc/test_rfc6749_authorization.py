"""RFC 6749 at the authorization endpoint: sections 3.1, 3.3 and 4.1."""

import pytest

from ostiary.model.client import ClientState
from ostiary.model.organization import State
from ostiary.oauth.authorization.request import AuthorizationRequest, ReplyTo
from ostiary.oauth.authorization.response import Redirection, reply, reply_error
from ostiary.oauth.authorization.steps import RedirectUriMismatch, UnknownClient
from ostiary.oauth.errors import (
    InvalidRequest,
    InvalidScope,
    InvalidTarget,
    UnauthorizedClient,
    UnsupportedResponseType,
)
from support.authorization import (
    APIS,
    ISSUER,
    NAT,
    ORGANIZATION,
    WEB,
    change,
    parameters,
    prove_request,
    query,
    read_reply,
    verify_request,
)


def test_4_1_1_a_request_with_everything():
    request = verify_request(scope="openid profile", resource="https://orders.test")

    assert request == AuthorizationRequest(
        client_id="web",
        redirect_uri="https://app.test/cb",
        response_mode="query",
        response_type="code",
        state="af0ifjsldkj",
        nonce="n-0S6_WzA2Mj",
        scopes=("openid", "profile"),
        resources=("https://orders.test",),
        code_challenge=parameters()["code_challenge"],
    )


def test_3_1_unknown_parameters_are_ignored():
    assert verify_request(display="wap", foo="bar", hd="x") == verify_request()


def test_3_1_an_empty_value_counts_as_omitted():
    assert verify_request(prompt="", max_age="", claims="") == verify_request()


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_3_1_client_and_redirect_uri_given_twice_are_not_redirected(name):
    value = parameters()[name].encode()
    with pytest.raises(InvalidRequest) as refusal:
        prove_request(query() + b"&" + name.encode() + b"=" + value)
    assert refusal.value.rule == "parameter-repeated"


@pytest.mark.parametrize("name", ["scope", "nonce", "response_type", "prompt", "foo"])
def test_3_1_other_parameters_given_twice_are_told_to_the_client(name):
    with pytest.raises(InvalidRequest) as refusal:
        verify_request(raw=query(foo="1", prompt="login") + b"&" + name.encode() + b"=code")
    assert refusal.value.rule == "parameter-repeated"
    assert name in refusal.value.description


def test_3_1_of_two_states_none_is_echoed():
    assert prove_request(query() + b"&state=other").reply_to.state is None


def test_3_1_of_two_response_modes_none_is_used():
    raw = query(response_mode="fragment") + b"&response_mode=form_post"
    assert prove_request(raw).reply_to.response_mode == "query"


def test_3_1_1_the_response_type_is_required():
    with pytest.raises(InvalidRequest) as refusal:
        verify_request(response_type=None)
    assert refusal.value.rule == "response-type-missing"


@pytest.mark.parametrize(
    "kind", ["none", "code none", "CODE", "code ", "code code", "code  token", "id-token"]
)
def test_3_1_1_other_response_types_do_not_exist(kind):
    with pytest.raises(UnsupportedResponseType):
        verify_request(response_type=kind)


@pytest.mark.parametrize(
    "registered", [{"response_types": ()}, {"grant_types": ("client_credentials",)}]
)
def test_4_1_2_1_a_client_that_is_not_registered_for_code(registered):
    with pytest.raises(UnauthorizedClient) as refusal:
        verify_request(change(WEB, **registered))
    assert not isinstance(refusal.value, UnknownClient)


def test_3_1_2_3_a_single_redirect_uri_may_be_left_out_of_a_plain_oauth_request():
    request = verify_request(redirect_uri=None, scope="orders.read")

    assert request.redirect_uri == "https://app.test/cb"
    assert not request.redirect_uri_sent


def test_3_1_2_3_one_of_several_redirect_uris_must_be_named():
    client = change(WEB, redirect_uris=("https://app.test/cb", "https://app.test/other"))
    with pytest.raises(RedirectUriMismatch) as refusal:
        verify_request(client, redirect_uri=None, scope="orders.read")
    assert refusal.value.rule == "redirect-uri-missing"


def test_core_3_1_2_1_an_openid_request_must_name_its_redirect_uri():
    with pytest.raises(RedirectUriMismatch) as refusal:
        prove_request(query(redirect_uri=None, scope="profile openid"))
    assert refusal.value.section == "OpenID Connect Core 3.1.2.1"


def test_4_1_2_1_a_client_must_be_named():
    with pytest.raises(InvalidRequest) as refusal:
        prove_request(query(client_id=None))
    assert refusal.value.rule == "client-id-missing"


@pytest.mark.parametrize(
    ("client", "organization"),
    [
        (None, None),
        (change(WEB, state=ClientState.INACTIVE), ORGANIZATION),
        (change(WEB, state=ClientState.DELETED), ORGANIZATION),
        (WEB, change(ORGANIZATION, state=State.INACTIVE)),
        (WEB, None),
    ],
)
def test_4_1_2_1_nothing_tells_an_unknown_client_from_one_that_is_switched_off(
    client, organization
):
    with pytest.raises(UnknownClient) as refusal:
        prove_request(query(), client, organization)
    with pytest.raises(UnknownClient) as unknown:
        prove_request(query(), None, None)
    assert str(refusal.value) == str(unknown.value)
    assert refusal.value.description == unknown.value.description
    assert refusal.value.rule == unknown.value.rule


def test_a_client_id_longer_than_any_is_not_looked_up():
    with pytest.raises(UnknownClient):
        prove_request(query(client_id="x" * 256))


def test_3_3_unknown_scopes_are_ignored():
    request = verify_request(scope="openid profile nonsense email")
    assert request.scopes == ("openid", "profile", "email")


def test_3_3_a_scope_that_exists_but_is_not_allowed():
    with pytest.raises(InvalidScope) as refusal:
        verify_request(scope="openid orders.write")
    assert "orders.write" in refusal.value.description


@pytest.mark.parametrize("scope", ["nonsense", "OPENID", "nonsense more"])
def test_3_3_nothing_is_left_of_unknown_scopes(scope):
    with pytest.raises(InvalidScope) as refusal:
        verify_request(scope=scope)
    assert refusal.value.rule == "scope-unknown"


@pytest.mark.parametrize("scope", ["openid  profile", " openid", 'a"b', "ä", "a\\b", "a\tb"])
def test_3_3_scope_syntax(scope):
    with pytest.raises(InvalidScope) as refusal:
        verify_request(scope=scope)
    assert refusal.value.rule == "scope-syntax"


def test_3_3_without_scope_a_client_gets_what_it_may_do_with_apis_and_no_identity():
    assert verify_request(scope=None).scopes == ("orders.read",)


def test_3_3_without_scope_the_named_resource_narrows_the_default():
    client = change(WEB, allowed_scopes=("openid", "orders.read", "bills.read"))
    assert verify_request(client, scope=None).scopes == ("orders.read", "bills.read")
    request = verify_request(client, scope=None, resource="https://bills.test")
    assert request.scopes == ("bills.read",)


def test_3_3_without_scope_an_api_that_is_called_like_an_identity_scope_is_left_out():
    apis = (change(APIS[0], scopes=("openid", "profile", "orders.read")),)
    assert verify_request(scope=None, apis=apis).scopes == ("orders.read",)


def test_3_3_without_scope_and_without_anything_to_fall_back_on():
    with pytest.raises(InvalidScope) as refusal:
        verify_request(change(WEB, allowed_scopes=("openid", "profile")), scope=None)
    assert refusal.value.rule == "scope-missing"


@pytest.mark.parametrize("resource", ["https://other.test", "https://bills.test"])
def test_rfc_8707_2_a_resource_that_no_scope_of_the_client_reaches(resource):
    with pytest.raises(InvalidTarget) as refusal:
        verify_request(resource=resource)
    assert refusal.value.rule == "resource-unknown"


@pytest.mark.parametrize(
    "resource",
    [
        "https://orders.test#f",
        "https://orders.test#",
        "orders",
        "/orders",
        "//orders",
        "https://[o",
        "https://orders.\u0301\u0316",
    ],
)
def test_rfc_8707_2_a_resource_is_an_absolute_uri_without_fragment(resource):
    with pytest.raises(InvalidTarget) as refusal:
        verify_request(resource=resource)
    assert refusal.value.rule == "resource-syntax"


def test_rfc_8707_2_several_resources():
    client = change(WEB, allowed_scopes=("openid", "orders.read", "bills.read"))
    names = (
        b"&resource=https://orders.test&resource=https://bills.test&resource=https://orders.test"
    )
    request = verify_request(client, raw=query() + names)
    assert request.resources == ("https://orders.test", "https://bills.test")


@pytest.mark.parametrize(("name", "limit"), [("state", 4096), ("nonce", 1024), ("login_hint", 512)])
def test_values_that_are_repeated_or_kept_are_bounded(name, limit):
    verify_request(**{name: "x" * limit})
    with pytest.raises(InvalidRequest) as refusal:
        verify_request(**{name: "x" * (limit + 1)})
    assert refusal.value.rule == "parameter-length"
    assert name in refusal.value.description


def test_an_endless_state_is_not_echoed():
    assert prove_request(query(state="x" * 4097)).reply_to.state is None


def test_4_1_2_the_response_keeps_the_query_of_the_redirect_uri():
    to = ReplyTo("web", "https://app.test/cb?tenant=7", "query", "s")
    assert reply(to, {"code": "c"}, ISSUER) == Redirection(
        "https://app.test/cb?tenant=7&code=c&state=s&iss=https%3A%2F%2Fid.test"
    )


@pytest.mark.parametrize("uri", ["https://app.test/cb?", "https://app.test/cb?a=b&"])
def test_4_1_2_the_response_joins_an_open_query(uri):
    answer = reply(ReplyTo("web", uri, "query"), {"code": "c"}, ISSUER)
    assert isinstance(answer, Redirection)
    assert answer.location == uri + "code=c&iss=https%3A%2F%2Fid.test"


@pytest.mark.parametrize("state", ["a b", "ä€𝄞", '"><script>', "a&b=c#d", "%20+", "\u2028"])
@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_4_1_2_state_comes_back_as_it_was_sent(state, mode):
    request = prove_request(query(state=state, response_mode=mode))
    answer = reply(request.reply_to, {"code": "c"}, ISSUER)
    assert read_reply(answer)["state"] == state


def test_appendix_b_a_space_is_percent_encoded():
    answer = reply(ReplyTo("web", NAT.redirect_uris[2], "query", "a b"), {"code": "c"}, ISSUER)
    assert isinstance(answer, Redirection)
    assert answer.location.startswith("com.example.app:/cb?code=c&state=a%20b&iss=")


def test_4_1_2_1_an_error_response():
    answer = reply_error(
        ReplyTo("web", "https://app.test/cb", "query", "s"), InvalidScope("Ask for less."), ISSUER
    )
    assert read_reply(answer) == {
        "error": "invalid_scope",
        "error_description": "Ask for less.",
        "state": "s",
        "iss": ISSUER,
    }


def test_4_1_2_1_without_state_there_is_none_in_the_response():
    answer = reply_error(
        ReplyTo("web", "https://app.test/cb", "query"), InvalidScope("No."), ISSUER
    )
    assert "state" not in read_reply(answer)
