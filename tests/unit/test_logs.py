"""LX-01, LX-04: what a log line may hold."""

import json

import pytest
import structlog

from ostiary.logs import configure_logs
from ostiary.settings import Log

PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def _restore():
    yield
    structlog.reset_defaults()


def fail_with(password):
    raise ValueError(f"not {len(password)} characters")


@pytest.mark.parametrize("form", ["json", "text"])
def test_lx_01_a_traceback_shows_no_local_variables(form, capsys):
    configure_logs(Log(format=form))
    try:
        fail_with(PASSWORD)
    except ValueError:
        structlog.get_logger().exception("failed")

    logged = capsys.readouterr().err
    assert "ValueError" in logged
    assert "fail_with" in logged
    assert PASSWORD not in logged


def test_wa_09_a_value_cannot_pass_for_a_line_of_its_own(capsys):
    configure_logs(Log(format="text"))
    structlog.get_logger().warning("renamed", name='x\n{"level": "info"}\x1b[31m')

    assert capsys.readouterr().err.count("\n") == 1


def test_values_are_cut_and_events_are_json(capsys):
    configure_logs(Log(format="json"))
    structlog.get_logger().warning("long", name="x" * 5000)

    line = json.loads(capsys.readouterr().err)
    assert line["event"] == "long"
    assert line["level"] == "warning"
    assert len(line["name"]) == 512


@pytest.mark.parametrize("form", ["json", "text"])
def test_of_a_traceback_the_end_is_kept(form, capsys):
    configure_logs(Log(format=form))
    frames = '  File "x.py", line 1, in f\n' * 1000
    structlog.get_logger().error("unexpected_error", traceback=f"{frames}ValueError: what it was")

    logged = capsys.readouterr().err
    assert "ValueError: what it was" in logged
    assert logged.count("\n") == 1
    assert len(logged) < 12_000


def test_quieter_levels_are_not_logged(capsys):
    configure_logs(Log(level="error", format="json"))
    structlog.get_logger().warning("hidden")

    assert not capsys.readouterr().err
