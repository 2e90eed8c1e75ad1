"""`ostiary events`: found, gone on with, exported line by line, and followed."""

import json
import queue
import signal
import subprocess
import sys
import threading

import pytest

from support.process import clean_environment


@pytest.fixture
def told(instance):
    """An instance in which something happened, with the id of a user of it."""
    instance("org", "create", "--id", "acme")
    user = instance("user", "create", "alice", "--organization", "acme").data["id"]
    instance("user", "lock", "alice")
    return user


def types(ran):
    return [one["type"] for one in ran.data]


def lines(ran):
    return [json.loads(line) for line in ran.out.splitlines()]


@pytest.mark.usefixtures("told")
class TestList:
    def test_the_newest_first_and_on_before_a_position(self, instance):
        found = instance("events", "list")
        assert types(found)[:3] == ["account.locked", "account.created", "organization.created"]
        page = instance("events", "list", "--limit", "1")
        (newest,) = page.data
        assert page.answer["warnings"] == [
            f"There may be more: go on by --before {newest['position']}"
        ]
        rest = instance("events", "list", "--before", newest["position"], "--limit", "1")
        assert types(rest) == ["account.created"]

    def test_by_each_filter(self, instance, told):
        assert types(instance("events", "list", "--type", "account.*")) == [
            "account.locked",
            "account.created",
        ]
        assert types(instance("events", "list", "--type", "account.locked")) == ["account.locked"]
        of_user = types(instance("events", "list", "--user", told))
        assert of_user == ["account.locked", "account.created"]
        of_acme = types(instance("events", "list", "--organization", "acme"))
        assert of_acme == ["account.locked", "account.created", "organization.created"]
        assert types(instance("events", "list", "--result", "failure")) == []
        for option in ("--client", "--session", "--actor", "--trace", "--ip"):
            assert types(instance("events", "list", option, "203.0.113.9")) == []

    def test_by_time(self, instance):
        assert "account.locked" in types(instance("events", "list", "--since", "1h"))
        assert types(instance("events", "list", "--until", "1h")) == []
        assert types(instance("events", "list", "--since", "2999-01-01")) == []

    def test_in_words(self, ostiary, told):
        ran = ostiary("events", "list", "--type", "account.locked")
        assert ran.code == 0
        assert "account.locked" in ran.out
        assert told in ran.out
        assert "There are no events." in ostiary("events", "list", "--since", "2999-01-01").out

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (("--since", "yesterday"), "--since wants a span"),
            (("--until", "then"), "--until wants a span"),
            (("--type", "nothing.of.the.kind"), "nothing.of.the.kind"),
        ],
    )
    def test_what_is_wrong_is_said(self, instance, given, said):
        ran = instance("events", "list", *given)
        assert ran.code == 2
        assert said in str(ran.error)


@pytest.mark.usefixtures("told")
class TestExport:
    def test_all_of_them_the_oldest_first(self, ostiary):
        ran = ostiary("events", "export")
        found = lines(ran)
        positions = [one["position"] for one in found]
        assert positions == sorted(positions)
        assert [one["type"] for one in found][-2:] == ["account.created", "account.locked"]
        assert f"{len(found)} events. To go on later: --after {positions[-1]}" in ran.err

    def test_whoever_goes_on_misses_none_and_gets_none_twice(self, ostiary, instance):
        last = lines(ostiary("events", "export"))[-1]["position"]
        nothing = ostiary("events", "export", "--after", last)
        assert nothing.out == ""
        assert f"0 events. To go on later: --after {last}" in nothing.err
        instance("user", "unlock", "alice")
        assert [one["type"] for one in lines(ostiary("events", "export", "--after", last))] == [
            "account.unlocked"
        ]

    def test_by_filters(self, ostiary, told):
        ran = ostiary("events", "export", "--user", told, "--type", "account.locked")
        assert [one["type"] for one in lines(ran)] == ["account.locked"]
        assert ostiary("events", "export", "--until", "1h").out == ""

    def test_only_lines_of_json(self, instance):
        ran = instance("events", "export", "--format", "csv")
        assert ran.code == 2
        assert "--format can only be jsonl" in ran.error["message"]


# Whoever starts the tests in the background may have interrupts ignored, also by all below.
INTERRUPTIBLE = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("ostiary", run_name="__main__", alter_sys=True)
"""


def test_what_comes_is_shown_as_it_comes_until_interrupted(told, instance, configured):
    """By a process of its own, as somebody watches it."""
    command = [sys.executable, "-c", INTERRUPTIBLE, "events", "list", "--follow"]
    watching = subprocess.Popen(
        [*command, "--type", "account.*", "--config", str(configured)],
        cwd=configured.parent,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    seen: queue.Queue[bytes] = queue.Queue()

    def read():
        for line in watching.stdout:
            seen.put(line)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        # It begins where the trail ends when it starts: something happens until it is there.
        for _ in range(120):
            instance("user", "unlock", "alice")
            try:
                line = seen.get(timeout=1)
            except queue.Empty:
                continue
            break
        else:
            pytest.fail("nothing was shown")
        assert json.loads(line)["type"] == "account.unlocked"
        watching.send_signal(signal.SIGINT)
        assert watching.wait(30) != 0
        assert b"Traceback" not in watching.stderr.read()
    finally:
        watching.kill()
        watching.wait()
        reader.join()
        watching.stdout.close()
        watching.stderr.close()


@pytest.mark.parametrize(
    "arguments",
    [
        ("events", "list", "--before"),
        ("events", "export", "--after"),
        ("webhook", "replay", "siem", "--after"),
    ],
)
@pytest.mark.parametrize("position", ["-1", str(2**63)])
def test_a_position_that_no_trail_has_is_refused(instance, arguments, position):
    ran = instance(*arguments, position)
    assert (ran.code, ran.error["code"]) == (2, "usage")
