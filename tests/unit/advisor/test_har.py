"""Exchanges as an HTTP Archive: as the format wants it, and no more than is kept."""

import msgspec
import pytest

from ostiary.advisor.har import archive
from ostiary.model.event import Result
from ostiary.model.trace import Endpoint, Trace

ISSUER = "https://id.test"
ASKED = Trace(
    id="asked",
    at=1_800_000_000,
    endpoint=Endpoint.AUTHORIZATION,
    outcome=Result.SUCCESS,
    client_id="web",
    session_id="session-1",
    grant_id="grant-1",
    method="GET",
    parameters={"client_id": "web", "state": "22 characters"},
    answer={"code": "43 characters"},
    origin="https://app.test",
    ip="192.0.2.1",
    user_agent="Firefox",
    duration=1_500,
)
REFUSED = Trace(
    id="refused",
    at=1_800_000_001,
    endpoint=Endpoint.TOKEN,
    outcome=Result.FAILURE,
    client_id="web",
    status=400,
    authentication="client_secret_basic",
    parameters={"grant_type": "authorization_code", "code": "43 characters"},
    error="invalid_grant",
    rule="code-replayed",
    section="RFC 6749, 4.1.2",
    description="The code was used before.",
)


def entries() -> list[dict]:
    return archive((ASKED, REFUSED), ISSUER)["entries"]


def test_har_1_2_every_member_that_readers_need_is_there() -> None:
    log = archive((ASKED, REFUSED), ISSUER)
    assert log["version"] == "1.2"
    assert {"name", "version"} <= set(log["creator"])
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
        assert {"send", "wait", "receive"} <= set(entry["timings"])
        common = {"httpVersion", "cookies", "headers", "headersSize", "bodySize"}
        assert {*common, "method", "url", "queryString"} <= set(entry["request"])
        assert {*common, "status", "statusText", "content", "redirectURL"} <= set(entry["response"])
        assert {"size", "mimeType"} <= set(entry["response"]["content"])


def test_a_request_of_the_browser() -> None:
    asked, _ = entries()
    assert asked["startedDateTime"] == "2027-01-15T08:00:00.000+00:00"
    assert (asked["time"], asked["timings"]["wait"]) == (1.5, 1.5)
    assert asked["request"]["method"] == "GET"
    assert asked["request"]["url"] == f"{ISSUER}/oauth/v2/authorize"
    assert {"name": "state", "value": "22 characters"} in asked["request"]["queryString"]
    assert "postData" not in asked["request"]
    assert {"name": "User-Agent", "value": "Firefox"} in asked["request"]["headers"]
    assert asked["response"]["status"] == 200
    assert msgspec.json.decode(asked["response"]["content"]["text"]) == {"code": "43 characters"}


def test_a_request_that_was_refused_is_explained() -> None:
    _, refused = entries()
    assert refused["request"]["postData"]["params"][0] == {
        "name": "grant_type",
        "value": "authorization_code",
    }
    assert refused["request"]["queryString"] == []
    assert (refused["response"]["status"], refused["response"]["statusText"]) == (
        400,
        "Bad Request",
    )
    assert "redeemed before" in refused["comment"]
    assert refused["_failure"]["rule"] == "code-replayed"
    assert "invalid_grant" in refused["response"]["content"]["text"]


def test_lx_02_nobody_is_found_by_it() -> None:
    written = msgspec.json.encode(entries()).decode()
    for told in ("192.0.2.1", "session-1", "grant-1"):
        assert told not in written


@pytest.mark.parametrize("endpoint", Endpoint)
def test_every_endpoint_has_an_address(endpoint: Endpoint) -> None:
    (entry,) = archive((msgspec.structs.replace(REFUSED, endpoint=endpoint),), ISSUER)["entries"]
    assert entry["request"]["url"].startswith(f"{ISSUER}/o")
