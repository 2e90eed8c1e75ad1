"""The supervisor and its workers, as real processes."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter

import psutil
import pytest

from support.process import Conversation, free_port
from support.supervised import supervised, supervisor_process
from support.wire import PATIENCE, Wire, ask, wait_for

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
SIDE = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n')"


def get(path):
    return b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path


def worker_of(port):
    return json.loads(ask(port, GET).body)["pid"]


def workers(process):
    return [
        child.pid
        for child in psutil.Process(process.child.pid).children()
        if "ostiary.web.server.worker" in child.cmdline()
    ]


def ends(pid):
    wait_for(lambda: not psutil.pid_exists(pid) or is_zombie(pid), f"process {pid} to end")


def is_zombie(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until_refused(port):
    def is_refused():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    wait_for(is_refused, "connections to be refused")


def answers_in_turn(port):
    # A worker reads its connections in the order in which they have something to say: when
    # it answers this one, what was sent before has arrived.
    return ask(port, GET).status == 200


def test_two_workers_get_a_fair_share_of_connections(tmp_path):
    with supervised(tmp_path, settings={"workers": 2}) as (process, port):
        share = Counter(worker_of(port) for _ in range(300))
        assert sorted(share) == sorted(workers(process))
        # By chance alone, one of fair two gets less than 75 of 300 once in 10^17 runs.
        assert min(share.values()) >= 75


def test_a_killed_worker_is_replaced_and_no_connection_is_refused(tmp_path):
    with supervised(tmp_path) as (process, port):
        (first,) = workers(process)
        for sent in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV):
            (before,) = workers(process)
            os.kill(before, sent)
            ends(before)
            # It waits in the queue of the listening socket for the next worker.
            assert worker_of(port) != before
        assert worker_of(port) != first
        assert "worker 1 ended with signal 9; starting it again" in process.output()


def test_a_worker_that_leaves_by_itself_is_replaced(tmp_path):
    with supervised(tmp_path, settings={"workers": 2}) as (process, port):
        with Wire(port) as wire:
            assert wire.send(get(b"/leave")).closes()
        assert {worker_of(port) for _ in range(50)} <= set(workers(process))
        wait_for(lambda: len(workers(process)) == 2, "the second worker")
        assert "ended with exit code 3; starting it again" in process.output()


def test_a_worker_that_keeps_ending_is_kept_waiting_while_the_other_serves(tmp_path):
    with supervised(tmp_path, settings={"workers": 2}) as (process, port):
        steady, _ = workers(process)
        for ended in range(1, 6):
            wait_for(lambda: len(workers(process)) == 2, "the worker to be back")
            (other,) = set(workers(process)) - {steady}
            os.kill(other, signal.SIGKILL)
            wait_for(
                lambda ended=ended: process.output().count("ended with signal 9") == ended,
                "its end to be noticed",
            )
        # For as long as it is gone, its share goes to the other.
        assert Counter(worker_of(port) for _ in range(20)) == {steady: 20}
        wait_for(lambda: worker_of(port) != steady, "it to take its share again")


def test_a_request_in_flight_finishes_after_the_stop_signal(tmp_path):
    with supervised(tmp_path) as (process, port), Wire(port) as busy, Wire(port) as idle:
        idle.ask(GET)
        busy.send(get(b"/sleep/1.5"))
        assert answers_in_turn(port)
        process.child.send_signal(signal.SIGTERM)
        wait_until_refused(port)
        assert idle.closes()
        reply = busy.receive()
        assert (reply.status, reply.headers["connection"]) == (200, "close")
        assert process.child.wait(PATIENCE) == 0
    assert "Traceback" not in process.output()


def test_an_upload_in_flight_finishes_after_the_stop_signal(tmp_path):
    with supervised(tmp_path) as (process, port), Wire(port) as half, Wire(port) as begun:
        half.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
        begun.send(b"GET / HTTP/1.1\r\n")
        assert answers_in_turn(port)
        process.child.send_signal(signal.SIGTERM)
        wait_until_refused(port)
        assert json.loads(half.ask(b"world").body)["body"] == "helloworld"
        assert begun.ask(b"Host: a\r\n\r\n").headers["connection"] == "close"
        assert process.child.wait(PATIENCE) == 0


def test_requests_that_take_too_long_are_ended_after_the_grace(tmp_path):
    settings = {"limits.shutdown_seconds": 1}
    with supervised(tmp_path, settings=settings) as (process, port), Wire(port) as wire:
        wire.send(get(b"/sleep/600"))
        assert answers_in_turn(port)
        process.child.send_signal(signal.SIGTERM)
        assert wire.closes()
        assert process.child.wait(PATIENCE) == 0


def test_the_second_stop_signal_stops_at_once(tmp_path):
    with supervised(tmp_path) as (process, port), Wire(port) as wire:
        wire.send(get(b"/sleep/600"))
        assert answers_in_turn(port)
        process.child.send_signal(signal.SIGTERM)
        wait_until_refused(port)
        assert process.exit_code is None
        process.child.send_signal(signal.SIGTERM)
        assert process.child.wait(PATIENCE) == 1
        assert wire.closes()
        assert "which were told to stop at once" in process.output()


def test_interrupt_is_a_stop_signal_for_the_whole_terminal(tmp_path):
    with supervised(tmp_path) as (process, port), Wire(port) as wire:
        wire.send(get(b"/sleep/1"))
        assert answers_in_turn(port)
        os.killpg(process.child.pid, signal.SIGINT)
        assert wire.receive().status == 200
        assert process.child.wait(PATIENCE) == 0
        assert "KeyboardInterrupt" not in process.output()


def test_hangup_is_reserved_except_in_development(tmp_path):
    with supervised(tmp_path) as (process, port):
        os.killpg(process.child.pid, signal.SIGHUP)
        assert ask(port, GET).status == 200
    folder = tmp_path / "dev"
    folder.mkdir()
    settings = {"dev": True, "listen": f"127.0.0.1:{free_port()}"}
    with supervised(folder, settings=settings) as (process, _):
        os.killpg(process.child.pid, signal.SIGHUP)
        assert process.child.wait(PATIENCE) == 0


def test_readiness_says_no_while_load_balancers_take_notice(tmp_path):
    settings = {"limits.shutdown_delay_seconds": 2}
    with supervised(tmp_path, settings=settings) as (process, port):
        assert json.loads(ask(port, GET).body)["draining"] is False
        process.child.send_signal(signal.SIGTERM)
        wait_for(lambda: json.loads(ask(port, GET).body)["draining"], "readiness to say no")
        assert ask(port, GET).headers["connection"] == "close"
        wait_until_refused(port)
        assert process.child.wait(PATIENCE) == 0


def test_no_worker_outlives_a_killed_supervisor(tmp_path):
    side = [("idler", ["-c", f"{SIDE}; sys.stdin.read()", str(tmp_path / "pids")])]
    with supervised(tmp_path, settings={"workers": 2}, side=side) as (process, port):
        with Wire(port) as wire:
            wire.send(get(b"/sleep/600"))
            wait_for((tmp_path / "pids").exists, "the side process")
            children = [child.pid for child in psutil.Process(process.child.pid).children()]
            assert len(children) == 3
            os.kill(process.child.pid, signal.SIGKILL)
            for pid in children:
                ends(pid)
            assert wire.closes()
        wait_until_refused(port)


def test_side_processes_start_when_all_is_ready_and_are_started_again(tmp_path):
    pids = tmp_path / "pids"
    side = [("jobs", ["-c", SIDE, str(pids)])]
    with supervised(tmp_path, side=side) as (process, port):
        wait_for(lambda: pids.exists() and len(pids.read_text().split()) >= 3, "three starts")
        assert ask(port, GET).status == 200
        assert "jobs ended with exit code 0; starting it again" in process.output()
    assert len(set(pids.read_text().split())) >= 3


def test_children_get_the_settings_over_their_line_and_not_from_the_environment(tmp_path):
    told = tmp_path / "told"
    program = (
        "import json, os, socket, sys\n"
        "from ostiary.settings import receive_settings\n"
        "line = socket.socket(fileno=0)\n"
        "settings = receive_settings(line)\n"
        "variables = [name for name in os.environ if name.startswith('OSTIARY_')]\n"
        "answer = [settings.public_url, settings.smtp.password.reveal(), variables]\n"
        "open(sys.argv[1] + '~', 'w').write(json.dumps(answer))\n"
        "os.rename(sys.argv[1] + '~', sys.argv[1])\n"
        "line.recv(1)\n"
    )
    settings = {
        "public_url": "https://login.example.com",
        "smtp.host": "mail.test",
        "smtp.from": "a@b.test",
        "smtp.username": "me",
        "smtp.password": "hunter2",
    }
    process = supervisor_process(
        tmp_path, settings=settings, side=[("told", ["-c", program, str(told)])]
    )
    process.environment["OSTIARY_LOG_LEVEL"] = "debug"
    with Conversation(process) as conversation:
        conversation.hear()
        wait_for(told.exists, "the side process to tell")
        assert json.loads(told.read_text()) == ["https://login.example.com", "hunter2", []]
        commands = [child.cmdline() for child in psutil.Process(process.child.pid).children()]
        assert not any("hunter2" in word for command in commands for word in command)


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        # Two workers write at the same time: only what is written in one piece stays together.
        ("support.echo:create_failing_app", "the echo cannot be made"),
        ("support.echo:create_unstartable_app", "the echo has lost its voice"),
        ("support.echo:nothing", "has no attribute 'nothing'"),
        ("support.nothing:create_app", "No module named 'support.nothing'"),
    ],
)
def test_a_worker_that_does_not_start_ends_everything(tmp_path, factory, message):
    with supervisor_process(tmp_path, factory=factory, settings={"workers": 2}) as process:
        assert process.child.wait(PATIENCE) == 1
    assert message in process.output()
    assert "before it was ready; see above why; giving up" in process.output()


def test_a_stop_signal_during_the_start_is_heeded(tmp_path):
    with supervisor_process(tmp_path) as process:
        wait_for(lambda: workers(process), "a worker")
        process.child.send_signal(signal.SIGTERM)
        assert process.child.wait(PATIENCE) in (0, 1)
    assert "Traceback" not in process.output()


def test_an_address_in_use_is_an_error_that_says_so(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with supervisor_process(tmp_path, settings={"listen": f"127.0.0.1:{port}"}) as process:
            assert process.child.wait(PATIENCE) == 1
        assert f"cannot listen on 127.0.0.1:{port}: another process does" in process.output()


def test_two_servers_do_not_share_a_port_unknowingly(tmp_path):
    with supervised(tmp_path) as (_, port):
        second = tmp_path / "second"
        second.mkdir()
        with supervisor_process(second, settings={"listen": f"127.0.0.1:{port}"}) as process:
            assert process.child.wait(PATIENCE) == 1
        assert "another process does" in process.output()


def test_log_lines_are_json_where_nobody_looks_and_text_where_asked(tmp_path):
    for form, line in (
        ("json", '{"level":"error","event":"cannot listen on 192.0.2.1: '),
        ("auto", '{"level":"error","event":"cannot listen on 192.0.2.1: '),
        ("text", "ostiary: cannot listen on 192.0.2.1: "),
    ):
        folder = tmp_path / form
        folder.mkdir()
        settings = {"listen": "192.0.2.1:1", "log.format": form}
        with supervisor_process(folder, settings=settings) as process:
            assert process.child.wait(PATIENCE) == 1
        assert process.output().startswith(line.replace("192.0.2.1: ", "192.0.2.1:1: "))


def test_the_supervisor_imports_nothing_heavy():
    code = (
        "import ostiary.web.server.supervisor, sys; "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    heavy = {"asyncio", "cryptography", "falcon", "rich", "ssl", "typer", "uvicorn", "uvloop"}
    assert not heavy & set(done.stdout.split())
