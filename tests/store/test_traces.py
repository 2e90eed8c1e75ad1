"""Traces are listed newest first, linked over their hops, and kept within bounds."""

import pytest

from ostiary.model.event import Result
from ostiary.model.trace import Endpoint
from ostiary.oauth.effects import Insert
from ostiary.store import purge
from ostiary.store.reads.traces import TraceFilter
from support import records
from support.records import DAY, NOW


async def fill(store, *traces):
    await store.apply(tuple(Insert(trace) for trace in traces))


async def ids(store, before=None, limit=100, **filters):
    found = await store.list_traces(TraceFilter(**filters), before, limit)
    return [trace.id for trace in found]


async def test_reads_what_was_written(store):
    trace = records.trace(
        parameters={"scope": "openid"}, received="a", readable=False, flow="f", session_id="s"
    )
    await fill(store, trace)
    assert await store.read_trace("trace") == trace
    assert await store.read_trace("other") is None


async def test_lists_the_newest_first_by_each_filter(store):
    await fill(
        store,
        records.trace("a", at=NOW),
        records.trace("b", at=NOW + 1, client_id="spa", project_id="other"),
        records.trace("c", at=NOW + 1, outcome=Result.SUCCESS),
        records.trace("d", at=NOW + 2, client_id=None, organization_id=None, project_id=None),
    )
    assert await ids(store) == ["d", "c", "b", "a"]
    assert await ids(store, client_id="web") == ["c", "a"]
    assert await ids(store, organization_id="acme") == ["c", "b", "a"]
    assert await ids(store, project_id="other") == ["b"]
    assert await ids(store, outcome=Result.SUCCESS) == ["c"]
    assert await ids(store, limit=2) == ["d", "c"]
    assert await ids(store, before=(NOW + 1, 0, "c")) == ["b", "a"]


class TestLinks:
    """PAR, authorization, code, tokens and logout are one story."""

    @pytest.fixture
    async def story(self, store):
        """A whole sign-in by `web`, and another application of the same session."""
        hop = records.trace
        traces = (
            hop("par", at=NOW, flow="f", endpoint=Endpoint.PUSHED_AUTHORIZATION),
            hop("ask", at=NOW, flow="f", endpoint=Endpoint.AUTHORIZATION, turn=2),
            hop(
                "code",
                at=NOW,
                flow="f",
                grant_id="g",
                session_id="s",
                endpoint=Endpoint.AUTHORIZATION,
                turn=3,
            ),
            hop("token", at=NOW, grant_id="g", session_id="s", turn=4),
            hop("refresh", at=NOW + 60, grant_id="g", session_id="s"),
            hop("logout", at=NOW + 90, session_id="s", endpoint=Endpoint.LOGOUT),
            hop("other", at=NOW + 30, grant_id="g2", session_id="s", client_id="spa"),
            hop("alone", at=NOW + 5),
        )
        # Not in the order of time.
        await fill(store, *reversed(traces))
        return {trace.id: trace for trace in traces}

    @pytest.mark.parametrize("name", ["par", "ask", "code", "token", "refresh", "logout"])
    async def test_lead_from_each_hop_to_all(self, store, story, name):
        found = await store.linked_traces(story[name])
        names = [trace.id for trace in found]
        if name == "logout":
            # What came before the grant is found through it.
            assert names == ["code", "token", "refresh", "logout"]
        else:
            assert names == ["par", "ask", "code", "token", "refresh", "logout"]

    async def test_do_not_lead_to_other_applications(self, store, story):
        assert [trace.id for trace in await store.linked_traces(story["other"])] == ["other"]
        assert [trace.id for trace in await store.linked_traces(story["alone"])] == ["alone"]


async def test_all_but_the_newest_of_a_client_are_trimmed(store):
    await fill(store, *(records.trace(f"t{n}", at=NOW + n) for n in range(9)))
    await fill(store, records.trace("mine", client_id="spa"))
    await fill(store, *(records.trace(f"s{n}", at=NOW + n, client_id=None) for n in range(3)))
    assert await store.trim_traces("web", 4, 100) == 5
    assert await ids(store, client_id="web") == ["t8", "t7", "t6", "t5"]
    assert await store.trim_traces(None, 1, 100) == 2
    assert await ids(store, before=(NOW + 4, 0, "")) == ["s2", "mine"]
    assert await store.trim_traces("web", 4, 100) == 0


async def test_the_oldest_go_where_there_are_too_many_in_all(store, monkeypatch):
    monkeypatch.setattr(purge, "MAX_TRACES", 3)
    await fill(store, *(records.trace(f"t{n}", at=NOW + n) for n in range(9)))
    assert (await store.purge(NOW + 9))["traces"] == 6
    assert await ids(store) == ["t8", "t7", "t6"]


async def test_purged_after_a_week(store):
    await fill(store, records.trace())
    assert (await store.purge(NOW + 7 * DAY - 1))["traces"] == 0
    assert (await store.purge(NOW + 7 * DAY))["traces"] == 1
