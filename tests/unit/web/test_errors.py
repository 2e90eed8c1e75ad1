import pytest

from ostiary.oauth.authorization.pending import TooManyPending
from ostiary.oauth.errors import InvalidClient, InvalidRequest, TemporarilyUnavailable
from ostiary.pages.languages import load_languages
from ostiary.web.body import ContentTooLarge, UnsupportedMediaType
from ostiary.web.errors import describe, is_page
from ostiary.web.links import safe_link


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (InvalidRequest("x"), 400, "request_invalid"),
        (InvalidClient("x"), 400, "request_invalid"),
        (ContentTooLarge("x"), 413, "too_large"),
        (UnsupportedMediaType("x"), 415, "media_type"),
        (TooManyPending("x"), 429, "crowded"),
        (TemporarilyUnavailable("x"), 503, "unavailable"),
    ],
)
def test_errors_that_cannot_be_told_to_the_client(error, status: int, reason: str) -> None:
    failure = describe(error)
    assert (failure.status, failure.reason) == (status, reason)
    assert load_languages()["en"].has(f"error.{reason}.title")
    assert (failure.retry_after is not None) is (status in {429, 503})


def test_an_error_names_the_parameter_and_what_to_change() -> None:
    error = InvalidRequest("The redirect_uri is not registered.", received="https://evil.test/")
    failure = describe(error)
    assert failure.code == "invalid_request"
    assert failure.parameter == "redirect_uri"
    assert failure.description == "The redirect_uri is not registered."


def test_ad_15_a_description_that_repeats_what_was_received_is_not_shown() -> None:
    error = InvalidRequest("Send each parameter once: call-555-0100.", received="call-555-0100")
    failure = describe(error)
    assert failure.description is None
    assert failure.parameter is None


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://shop.test/", True),
        ("http://localhost:3000/", True),
        ("javascript:alert(1)", False),
        ("JAVASCRIPT:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.test", False),
        ("com.example.app:/", False),
        ("", False),
        (None, False),
    ],
)
def test_only_web_addresses_are_linked_to(url: str | None, link: bool) -> None:
    assert (safe_link(url) is not None) is link


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/login", True),
        ("/", True),
        ("/no/such/page", True),
        ("/oauth/v2/authorize", True),
        ("/oauth/v2/authorize/continue", True),
        ("/oidc/v1/end_session", True),
        ("/oauth/v2/token", False),
        ("/oidc/v1/userinfo", False),
        ("/.well-known/openid-configuration", False),
        ("/api/v1/users", False),
        ("/health/live", False),
    ],
)
def test_people_get_pages_and_programs_json(path: str, page: bool) -> None:
    assert is_page(path) is page
