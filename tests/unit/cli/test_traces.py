"""`ostiary trace`: found, and explained."""

import asyncio

import msgspec
import pytest

from ostiary.clock import SystemClock
from ostiary.model.event import Result
from ostiary.model.trace import Endpoint, Trace
from ostiary.oauth.effects import Insert
from ostiary.store import open_store

URI = "https://app.test/cb"


@pytest.fixture
def traced(instance, folder):
    """An application, of which two requests failed and one succeeded."""
    instance("org", "create", "--id", "acme")
    instance("project", "create", "--organization", "acme", "--id", "shop")
    instance("app", "create", "--project", "shop", "--client-id", "web", "--redirect-uri", URI)
    failed = Trace(
        id="aaaa",
        at=1_800_000_000,
        endpoint=Endpoint.AUTHORIZATION,
        outcome=Result.FAILURE,
        client_id="web",
        organization_id="acme",
        project_id="shop",
        flow="f",
        error="invalid_request",
        rule="redirect-uri-mismatch",
        section="RFC 9700, 4.1.3",
        received=f"{URI}/",
        expected=URI,
    )
    change = msgspec.structs.replace
    traces = (
        failed,
        change(failed, id="bbbb", at=failed.at + 1, outcome=Result.SUCCESS, error=None, rule=None),
        change(failed, id="cccc", at=failed.at + 2, client_id="other", flow=None),
    )

    async def write():
        (database,) = folder.rglob("*.db")
        async with await open_store(f"sqlite:///{database}", SystemClock()) as store:
            await store.apply(tuple(Insert(one) for one in traces))

    asyncio.run(write())


def ids(ran):
    return [one["id"] for one in ran.data]


@pytest.mark.usefixtures("traced")
class TestTrace:
    def test_the_newest_first_and_on_after_one(self, instance):
        assert ids(instance("trace", "list")) == ["cccc", "bbbb", "aaaa"]
        page = instance("trace", "list", "--limit", "1")
        (hint,) = page.answer["warnings"]
        position = hint.rpartition(" ")[2]
        assert ids(instance("trace", "list", "--after", position)) == ["bbbb", "aaaa"]

    def test_by_each_filter(self, instance):
        assert ids(instance("trace", "list", "--client", "other")) == ["cccc"]
        assert ids(instance("trace", "list", "--outcome", "success")) == ["bbbb"]
        assert ids(instance("trace", "list", "--project", "shop")) == ["cccc", "bbbb", "aaaa"]
        assert ids(instance("trace", "list", "--organization", "acme", "--limit", "1")) == ["cccc"]

    def test_explained(self, instance):
        shown = instance("trace", "show", "aaaa").data
        assert "the slash at its end" in shown["explanation"]["cause"]
        assert shown["explanation"]["operation"]["body"] == {"redirect_uris": [URI, f"{URI}/"]}
        assert ids_of(shown["hops"]) == ["aaaa", "bbbb"]

    def test_in_words(self, ostiary):
        ran = ostiary("trace", "show", "aaaa")
        assert f"{URI}»/«" in ran.out
        assert "Register this redirect URI" in ran.out
        assert "bbbb" in ran.out

    def test_exported(self, instance, tmp_path):
        log = instance("trace", "export", "bbbb").data["log"]
        assert [one["_trace_id"] for one in log["entries"]] == ["aaaa", "bbbb"]
        file = tmp_path / "sign-in.har"
        assert instance("trace", "export", "bbbb", "--out", str(file)).data == {"file": str(file)}
        assert msgspec.json.decode(file.read_bytes()) == {"log": log}
        again = instance("trace", "export", "bbbb", "--out", str(file))
        assert again.error["code"] == "conflict"

    def test_recorded(self, instance, ostiary):
        assert instance("trace", "record", "web").data["until"].endswith("Z")
        assert "web is recorded until" in ostiary("trace", "record", "web").out
        ended = instance("trace", "record", "web", "--stop").data
        assert ended == {"client_id": "web", "until": None}

    def test_unknown(self, instance):
        assert instance("trace", "record", "nothing").error["code"] == "not_found"
        assert instance("trace", "export", "zzzz").error["code"] == "not_found"
        assert instance("trace", "show", "zzzz").error["code"] == "not_found"
        assert instance("trace", "list", "--project", "nothing").error["code"] == "not_found"
        assert instance("trace", "list", "--after", "nonsense").error["code"] == "usage"


def ids_of(hops):
    return [one["id"] for one in hops]
