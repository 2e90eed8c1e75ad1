"""Every rule that can break is explained, and nothing dangerous is offered as a mend."""

import ast
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ostiary
from ostiary.advisor.explanations import _OFFERS, cause_of, compare, explain
from ostiary.advisor.failures import CAUSES
from ostiary.model.client import Client, ClientKind
from ostiary.model.event import Result
from ostiary.model.trace import Endpoint, Trace

SOURCES = Path(ostiary.__file__).parent
CLIENT = Client(
    client_id="web",
    organization_id="acme",
    project_id="shop",
    redirect_uris=("https://app.test/cb", "http://127.0.0.1/cb"),
    version=3,
)
# Of the registration and management endpoints, which have no traces.
ELSEWHERE = {"registration-ration", "management-"}


def rules() -> set[str]:
    """Return the rules that the protocol's refusals name."""
    found = set()
    folders = (SOURCES / "oauth", SOURCES / "login", SOURCES / "web" / "oauth")
    for folder in folders:
        for file in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.keyword)
                    and node.arg == "rule"
                    and isinstance(node.value, ast.Constant)
                    and node.value.value
                ):
                    found.add(str(node.value.value))
    return found


def failure(rule: str, **fields: object) -> Trace:
    made = Trace(id="t", at=1, endpoint=Endpoint.AUTHORIZATION, outcome=Result.FAILURE, rule=rule)
    return msgspec.structs.replace(made, **fields)


def test_every_rule_has_a_cause_and_a_mend():
    found = rules()
    assert len(found) > 90
    missing = {rule for rule in found if cause_of(rule) is None} - ELSEWHERE
    assert missing == set()


@pytest.mark.parametrize("rule", CAUSES)
def test_causes_and_mends_are_sentences(rule):
    for sentence in CAUSES[rule]:
        assert sentence[0].isupper()
        assert sentence.endswith(".")


def test_what_succeeded_needs_no_explanation():
    assert explain(failure("", outcome=Result.SUCCESS), CLIENT) is None


def test_an_unknown_rule_is_explained_by_its_description():
    why = explain(failure("new", description="The moon is full."), None)
    assert why.cause == "The moon is full."


@given(st.text(max_size=30), st.text(max_size=30))
def test_marking_loses_nothing(received, expected):
    for text, parts in zip((received, expected), compare(received, expected), strict=True):
        assert "".join(part.text for part in parts) == text
    if received == expected:
        assert not any(part.differs for part in compare(received, expected)[0])


def test_of_several_addresses_the_nearest_is_compared():
    trace = failure(
        "redirect-uri-mismatch",
        received="https://app.test/cb/",
        expected="https://other.test/ https://app.test/cb",
    )
    assert "".join(part.text for part in explain(trace, CLIENT).expected) == "https://app.test/cb"


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.test/cb",
        "https://app.test.evil.test/cb",
        "https://app.test@evil.test/cb",
        "http://app.test/cb",
        "https://app.test/go?to=https://evil.test",
        "javascript:alert(1)//app.test",
        "https://app.test/[43 characters]",
        "https://…@app.test/cb",
        "javascript://127.0.0.1/%0aalert(1)",
        "https://[/",
        "https://app.test/" + "x" * 200,
        "",
    ],
)
def test_no_address_is_offered_that_could_be_somebody_elses(uri):
    for rule in ("redirect-uri-mismatch", "logout-post_logout_redirect_uri"):
        assert explain(failure(rule, received=uri, expected="https://app.test/cb"), CLIENT)
        trace = failure(rule, received=uri, expected="https://app.test/cb")
        assert explain(trace, CLIENT).operation is None


@pytest.mark.parametrize("uri", ["https://app.test/cb/", "http://127.0.0.1:4000/callback"])
def test_an_address_of_a_known_host_is_offered(uri):
    trace = failure("redirect-uri-mismatch", received=uri, expected=" ".join(CLIENT.redirect_uris))
    operation = explain(trace, CLIENT).operation
    assert operation.body == {"redirect_uris": [*CLIENT.redirect_uris, uri]}
    assert (operation.path, operation.version) == ("/applications/web", 3)


def test_nothing_is_offered_for_what_was_done_meanwhile():
    trace = failure("redirect-uri-mismatch", received=CLIENT.redirect_uris[0], expected="x")
    assert explain(trace, CLIENT).operation is None


@pytest.mark.parametrize("rule", _OFFERS)
def test_nothing_is_offered_for_what_is_no_application(rule):
    account = msgspec.structs.replace(CLIENT, kind=ClientKind.SERVICE_ACCOUNT)
    trace = failure(rule, received="https://app.test/x", expected="x", detail="secret_mismatch")
    assert explain(trace, account).operation is None
    assert explain(trace, None).operation is None


@pytest.mark.parametrize("received", ["implicit", "password", None])
def test_no_legacy_grant_is_offered(received):
    trace = failure("grant-type-registered", received=received, expected="authorization_code")
    assert explain(trace, CLIENT).operation is None


def test_no_grant_is_offered_that_anybody_could_have_asked_for():
    public = msgspec.structs.replace(CLIENT, token_endpoint_auth_method="none")
    device = "urn:ietf:params:oauth:grant-type:device_code"
    trace = failure("grant-type-registered", received=device, expected="authorization_code")
    assert explain(trace, CLIENT).operation is not None
    assert explain(trace, public).operation is None


def test_no_scope_of_the_management_api_is_offered():
    trace = failure("scope-registered", received="openid urn:ostiary:api")
    assert explain(trace, CLIENT).operation is None


@pytest.mark.parametrize(
    ("rule", "received"),
    [("scope-registered", "openid orders.pay"), ("response-mode-registered", "fragment")],
)
def test_what_anybody_could_have_asked_for_is_offered_with_a_warning(rule, received):
    public = msgspec.structs.replace(CLIENT, token_endpoint_auth_method="none")
    for endpoint, client, proven in (
        (Endpoint.AUTHORIZATION, CLIENT, False),
        (Endpoint.PUSHED_AUTHORIZATION, CLIENT, True),
        (Endpoint.PUSHED_AUTHORIZATION, public, False),
        (Endpoint.DEVICE_AUTHORIZATION, public, False),
    ):
        why = explain(failure(rule, received=received, endpoint=endpoint), client)
        assert why.operation is not None
        assert ("anybody can send one" in why.mend) is not proven


@pytest.mark.parametrize("method", ["none", "private_key_jwt", None])
def test_no_weaker_authentication_is_offered(method):
    trace = failure("client-auth", authentication=method, detail="method_mismatch")
    assert explain(trace, CLIENT).operation is None


def test_of_what_nobody_may_be_asked_it_says_so():
    why = explain(failure("consent-never", error="consent_required"), CLIENT)
    assert "prompt=none" in why.cause
