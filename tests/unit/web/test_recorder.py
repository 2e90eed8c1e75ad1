"""Traces never stand in the way of an answer, and nobody can make too many of them."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
import structlog

from ostiary.model.event import Result
from ostiary.model.trace import Endpoint, Trace
from ostiary.oauth.effects import Insert, Unavailable
from ostiary.store.reads.traces import TraceFilter
from ostiary.web import recorder
from ostiary.web.ration import Ration
from ostiary.web.recorder import Clues, Recorder
from support.instance import ISSUER, NOW, open_instance
from support.integrator import CALLBACK, SECRET, VERIFIER, answer_of, open_integrator


@pytest.fixture
async def instance(tmp_path):
    async with open_instance(tmp_path) as opened:
        yield opened


@pytest.fixture
async def traces(instance):
    made = make(instance)
    yield made
    await made.aclose()


def make(instance, *, everything=False):
    return Recorder(
        instance.store, instance.idp.keys, instance.clock, ISSUER, everything=everything
    )


def trace(id_="t", **fields):
    made = Trace(id=id_, at=NOW, endpoint=Endpoint.TOKEN, outcome=Result.FAILURE, ip="192.0.2.1")
    return msgspec.structs.replace(made, **fields)


async def kept(instance):
    return await instance.store.list_traces(TraceFilter(), None, 10_000)


async def test_writes_soon_and_by_itself(instance, traces, monkeypatch):
    written = asyncio.Event()
    apply = instance.store.apply

    async def noted(effects):
        await apply(effects)
        written.set()

    monkeypatch.setattr(instance.store, "apply", noted)
    assert traces.note(trace(), Clues(client_id="shop"))
    await written.wait()
    (found,) = await kept(instance)
    assert (found.client_id, found.project_id) == ("shop", "store")


async def test_writes_what_is_left_when_it_ends(instance, traces):
    traces.note(trace(), Clues())
    await traces.aclose()
    assert [one.id for one in await kept(instance)] == ["t"]


async def test_many_are_one_commit(instance, traces, monkeypatch):
    steps = []
    apply = instance.store.apply

    async def noted(effects):
        steps.append(effects)
        await apply(effects)

    monkeypatch.setattr(instance.store, "apply", noted)
    for n in range(30):
        traces.note(trace(f"t{n}"), Clues())
    await traces.flush()
    assert [len(step) for step in steps] == [30]
    await traces.flush()
    assert len(steps) == 1


async def test_one_network_cannot_cause_too_many_of_a_client(instance, traces):
    noted = [traces.note(trace(f"t{n}"), Clues(client_id="shop")) for n in range(100)]
    assert noted.count(True) == recorder.FAILURES_PER_MINUTE
    # Another network, another client and another minute have their own.
    assert traces.note(trace("a", ip="198.51.100.1"), Clues(client_id="shop"))
    assert traces.note(trace("b"), Clues(client_id="blog"))
    assert traces.note(trace("c", at=NOW + 60), Clues(client_id="shop"))
    await traces.flush()
    assert len(await kept(instance)) == recorder.FAILURES_PER_MINUTE + 3


async def test_all_networks_together_cannot_either(traces):
    noted = [
        traces.note(trace(f"t{n}", ip=f"2001:db8:{n:x}::1"), Clues(client_id=f"c{n}"))
        for n in range(recorder.TOTAL_PER_MINUTE + 500)
    ]
    assert noted.count(True) <= min(recorder.CAPACITY, recorder.TOTAL_PER_MINUTE)


async def test_a_network_that_names_many_clients_leaves_room_for_others(traces):
    made_up = [
        traces.note(trace(f"t{n}"), Clues(client_id=f"c{n}")) for n in range(recorder.CAPACITY)
    ]
    assert made_up.count(True) == recorder.NETWORK_PER_MINUTE
    # Nor by what succeeds, such as a logout that names nobody.
    fine = trace("fine", outcome=Result.SUCCESS)
    assert not traces.note(fine, Clues(client_id="c"))
    assert traces.note(trace("a", ip="198.51.100.1"), Clues(client_id="shop"))


async def test_a_network_that_goes_on_does_not_push_out_what_others_caused(instance, traces):
    traces.note(trace("theirs", ip="198.51.100.1"), Clues(client_id="shop"))
    start = NOW - NOW % 3600
    for minute in range(60):
        for n in range(recorder.FAILURES_PER_MINUTE):
            at = start + 60 * minute
            traces.note(trace(f"t{minute}x{n}", at=at), Clues(client_id="shop"))
        await traces.flush()
    found = [one.id for one in await kept(instance)]
    assert "theirs" in found
    # Of each minute some are seen nevertheless.
    assert "t59x0" in found


async def test_many_networks_do_not_either_at_once(instance, traces):
    traces.note(trace("theirs", ip="198.51.100.1"), Clues(client_id="shop"))
    for n in range(600):
        traces.note(trace(f"t{n}", ip=f"2001:db8:{n % 30:x}::1"), Clues(client_id="shop"))
    # Each network is heard nevertheless, and each client.
    assert traces.note(trace("own", ip="203.0.113.1"), Clues(client_id="shop"))
    assert traces.note(trace("other", ip="203.0.113.1"), Clues(client_id="blog"))
    await traces.flush()
    found = [one.id for one in await kept(instance)]
    assert {"theirs", "own", "other"} <= set(found)
    assert len(found) <= recorder.TOGETHER_PER_HOUR + 2 * 32


async def test_nor_by_what_succeeds_after_each_failure(instance, traces):
    """A public client's pushed requests succeed for anybody."""
    traces.note(trace("theirs", ip="198.51.100.1"), Clues(client_id="shop"))
    start, clues = NOW - NOW % 3600, Clues(client_id="shop")
    for n in range(recorder.KEPT_OF_CLIENT):
        at = start + n // 5
        traces.note(trace(f"f{n}", at=at), clues)
        for m in range(recorder.SUCCESSES_PER_HOUR):
            if traces.wants("shop", at):
                fine = trace(f"s{n}x{m}", at=at, outcome=Result.SUCCESS)
                traces.note(fine, clues)
        await traces.flush()
    found = [one.id for one in await kept(instance)]
    assert "theirs" in found
    assert len(found) < recorder.KEPT_OF_CLIENT


async def test_whoever_names_another_client_is_in_the_traces_of_none(tmp_path):
    """The rations are those of the client that was named: a token is no way round them."""
    async with open_integrator(tmp_path) as integrator:
        await integrator.sign_in()
        answer = await integrator.redeem(await integrator.code())
        token = answer.json()["access_token"]
        asked = {"token": token, "client_id": "made-up", "client_secret": "x"}
        refused = await integrator.http.post("/oauth/v2/introspect", data=asked)
        assert refused.status_code == 401
        await integrator.traces.flush()
        newest = (await kept(integrator.instance))[0]
        assert (newest.endpoint, newest.client_id) == (Endpoint.INTROSPECTION, None)


async def test_of_a_client_the_newest_are_kept(instance, traces, monkeypatch):
    monkeypatch.setattr(recorder, "KEPT_OF_CLIENT", 20)
    for n in range(3):
        for m in range(50):
            traces.note(trace(f"t{n}x{m}", at=NOW + 60 * n), Clues(client_id="shop"))
        await traces.flush()
    found = await kept(instance)
    assert len(found) == 20
    assert {one.at for one in found} == {NOW + 120}


async def test_what_succeeds_is_noted_for_the_first_few_of_an_hour(traces):
    wanted = [traces.wants("shop", NOW) for _ in range(50)]
    assert wanted.count(True) == recorder.SUCCESSES_PER_HOUR
    assert traces.wants("blog", NOW)
    assert traces.wants("shop", NOW + 3600)


async def test_after_a_failure_what_succeeds_is_noted_again(traces):
    while traces.wants("shop", NOW):
        pass
    traces.note(trace(), Clues(client_id="shop"))
    assert traces.wants("shop", NOW)


async def test_in_development_everything_is_noted(instance):
    traces = make(instance, everything=True)
    assert all(traces.wants("shop", NOW) for _ in range(100))


class TestRecording:
    """What succeeds at an application that is recorded is kept, however much there is of it."""

    @pytest.fixture
    async def integrator(self, tmp_path, monkeypatch):
        async with open_integrator(tmp_path) as opened:
            monkeypatch.setattr(opened.traces, "_everything", False)
            monkeypatch.setattr(recorder, "SUCCESSES_PER_HOUR", 0)
            yield opened

    async def sign_in(self, integrator):
        """Sign in by a page, get tokens and refresh them; return what is kept of it."""
        browser = integrator.browser
        asked = await integrator.authorize()
        flow = parse_qs(urlsplit(asked.headers["location"]).query)["flow"][0]
        answer = await browser.sign_in(flow=flow)
        while not answer.headers["location"].startswith(CALLBACK):
            answer = await browser.get(answer.headers["location"])
        tokens = await integrator.redeem(answer_of(answer)["code"])
        refresh_token = tokens.json()["refresh_token"]
        await integrator.ask(
            "/oauth/v2/token", grant_type="refresh_token", refresh_token=refresh_token
        )
        await integrator.traces.flush()
        found = await kept(integrator.instance)
        return [one.endpoint.value for one in found if one.client_id == "store-web"]

    async def record(self, integrator, state="on"):
        path = "/applications/store-web/recording"
        return await integrator.world.call("PUT", path, integrator.token, {"state": state})

    async def test_without_it_nothing_more_is_kept(self, integrator):
        assert await self.sign_in(integrator) == []

    async def test_the_whole_of_the_next_sign_in(self, integrator):
        assert (await self.record(integrator)).json()["until"] == "2027-01-15T08:15:00Z"
        expected = ["authorization", "authorization", "token", "token"]
        assert sorted(await self.sign_in(integrator)) == expected
        trace = await integrator.newest(client_id="store-web")
        assert [one["endpoint"] for one in trace["hops"]] == expected

    async def test_it_ends_by_itself(self, integrator):
        await self.record(integrator)
        integrator.instance.clock.time += 900
        assert await self.sign_in(integrator) == []

    async def test_it_ends_when_told(self, integrator):
        await self.record(integrator)
        assert (await self.record(integrator, "off")).json()["until"] is None
        assert await self.sign_in(integrator) == []

    async def test_of_other_applications_nothing_more(self, integrator):
        await integrator.register("other")
        path = "/applications/other/recording"
        assert (
            await integrator.world.call("PUT", path, integrator.token, {"state": "on"})
        ).status_code == 200
        assert await self.sign_in(integrator) == []

    async def test_it_leaves_the_rations_of_failures_alone(self, instance, traces, monkeypatch):
        monkeypatch.setattr(traces, "_recorded", Ration(2))
        assert [
            traces.note(
                trace(f"t{n}", outcome=Result.SUCCESS), Clues(client_id="shop"), tentative=True
            )
            for n in range(3)
        ] == [True, True, False]
        assert traces.note(trace("failed"), Clues(client_id="shop"))
        await traces.flush()
        assert [one.id for one in await kept(instance)] == ["failed"]


@pytest.mark.parametrize("error", [Unavailable(), ValueError("text"), RuntimeError("bug")])
async def test_what_cannot_be_written_is_lost_and_told(instance, traces, monkeypatch, error):
    async def fail(_effects):
        raise error

    with monkeypatch.context() as patched, structlog.testing.capture_logs() as logs:
        patched.setattr(instance.store, "apply", fail)
        traces.note(trace(), Clues())
        await traces.flush()
    assert [log["event"] for log in logs] == ["traces_lost", "traces_dropped"]
    # And the next one is kept.
    traces.note(trace("u"), Clues())
    await traces.flush()
    assert [one.id for one in await kept(instance)] == ["u"]


async def test_an_id_twice_is_lost_and_told(instance, traces):
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            traces.note(trace(), Clues())
            await traces.flush()
    assert "traces_lost" in [log["event"] for log in logs]
    assert len(await kept(instance)) == 1


async def test_one_that_cannot_be_written_loses_no_other(instance, traces):
    """Whatever it is that a database does not take, what was noted with it stays."""
    traces.note(trace("taken"), Clues())
    await traces.flush()
    with structlog.testing.capture_logs() as logs:
        for name in ("before", "taken", "after"):
            traces.note(trace(name), Clues())
        await traces.flush()
    assert {one.id for one in await kept(instance)} == {"before", "taken", "after"}
    assert [log["count"] for log in logs if log["event"] == "traces_lost"] == [1]


async def test_what_cannot_be_trimmed_is_kept_and_told(instance, traces, monkeypatch):
    async def fail(*_given):
        raise Unavailable

    monkeypatch.setattr(recorder, "_TRIM_EVERY", 1)
    monkeypatch.setattr(instance.store, "trim_traces", fail)
    with structlog.testing.capture_logs() as logs:
        traces.note(trace(), Clues())
        await traces.flush()
    assert [log["event"] for log in logs] == ["traces_untrimmed"]
    assert len(await kept(instance)) == 1


@pytest.mark.parametrize("client_id", ["x" * 300, "a\0b", "nobody", ""])
async def test_whatever_names_no_client_is_nobodys(instance, traces, client_id):
    traces.note(trace(), Clues(client_id=client_id))
    await traces.flush()
    (found,) = await kept(instance)
    assert (found.client_id, found.organization_id) == (None, None)


async def test_our_own_pages_have_no_traces(instance, traces):
    traces.note(trace(), Clues(client_id="ostiary:account"))
    await traces.flush()
    assert await kept(instance) == ()


async def test_clues_are_never_shown():
    assert "secret" not in repr(Clues(access_token="secret"))


async def test_a_token_request_costs_no_commit_more(tmp_path, monkeypatch):
    """Its trace is written after the answer, in a step of its own."""
    async with open_integrator(tmp_path) as integrator:
        await integrator.sign_in()
        code = await integrator.code()
        await integrator.traces.flush()
        steps = []
        apply = integrator.instance.store.apply

        async def noted(effects):
            steps.append([type(one) for one in effects if isinstance(one, Insert)])
            await apply(effects)

        monkeypatch.setattr(integrator.instance.store, "apply", noted)
        answer = await integrator.redeem(code)
        assert answer.status_code == 200
        assert len(steps) == 1
        await integrator.traces.flush()
        assert len(steps) == 2


async def test_a_full_buffer_keeps_nobody_from_an_answer(tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "CAPACITY", 0)
    async with open_integrator(tmp_path) as integrator:
        await integrator.sign_in()
        assert (await integrator.redeem(await integrator.code())).status_code == 200
        refused = await integrator.redeem("x" * 43)
        # What is not kept is not referred to.
        assert set(refused.json()) == {"error", "error_description"}


async def test_a_basic_header_is_as_good_a_name_as_a_parameter(tmp_path):
    async with open_integrator(tmp_path) as integrator:
        await integrator.redeem("x" * 43, code_verifier=VERIFIER)
        trace = await integrator.newest(client_id="store-web")
        assert trace["authentication"] == "client_secret_basic"
        assert SECRET not in str(trace)


async def test_made_up_clients_do_not_fill_the_memory(traces):
    for n in range(20):
        traces.note(trace(f"t{n}"), Clues(client_id="x" * 100_000 + str(n)))
    assert all(len(key) < 1000 for key, _ in traces._failures._counts)
    for n in range(20):
        traces.wants("x" * 100_000 + str(n), NOW)
    assert all(len(key) < 1000 for key in traces._successes)


async def test_every_endpoint_tells_how_long_it_took(tmp_path):
    async with open_integrator(tmp_path) as integrator:
        await integrator.sign_in()
        tokens = (await integrator.redeem(await integrator.code())).json()
        pushed = integrator.request(client_id=None)
        asked = {"token": tokens["access_token"]}
        for origin in ({}, {"Origin": "https://elsewhere.test"}):
            # A page of another site is answered by the framework, and others without it.
            for path in ("introspect", "revoke", "par", "device_authorization"):
                fields = pushed if path == "par" else asked
                await integrator.ask(f"/oauth/v2/{path}", headers=origin, **fields)
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        await integrator.http.get("/oidc/v1/userinfo", headers=bearer)
        for method in ("GET", "POST"):
            await integrator.browser.http.request(method, "/oidc/v1/end_session")
        await integrator.traces.flush()
        found = await kept(integrator.instance)
        assert {one.endpoint for one in found} == set(Endpoint)
        assert all(one.duration is not None and one.duration >= 0 for one in found)
