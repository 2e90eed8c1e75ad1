"""The benchmark runs, proves its events and says what it measured, whatever that is."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.process import clean_environment

ROOT = Path(__file__).resolve().parents[2]
WORKS = (
    *("client-credentials-es256", "refresh", "code-flow", "userinfo-opaque"),
    *("jwt-bearer", "token-exchange", "password", "sign-in"),
)

pytestmark = [
    pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="server and load need a core each"),
    pytest.mark.skipif(not shutil.which("openssl"), reason="openssl measures the machine"),
]


def run(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--seconds", "0.3", "--connections", "4", *arguments],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_report(tmp_path):
    file = tmp_path / "figures.json"

    said = run(*(word for work in WORKS for word in ("--work", work)), "--json", str(file))

    figures = json.loads(file.read_text())
    works = {work["name"]: work for work in figures["works"]}
    assert tuple(works) == WORKS
    for work in works.values():
        assert work["count"] > 0
        assert work["per_cpu_second"] > 0
    assert works["code-flow"]["events"]["code.issued"] >= works["code-flow"]["count"]
    assert {process["role"] for process in figures["memory_bytes"]["idle"]} == {
        "supervisor",
        "worker",
        "jobs",
    }
    assert figures["limits_per_cpu_second"]["RS256"] > 0
    assert "password sign-in" in said


def test_profile():
    said = run("--profile", "client-credentials-es256")

    assert "for each of" in said
    assert "ostiary/web/server/worker.py:main" in said
