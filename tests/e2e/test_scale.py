"""The benchmark of lists fills both engines, reads every list and says how long it took."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.process import clean_environment

ROOT = Path(__file__).resolve().parents[2]
SIZE = ("--organizations", "20", "--users", "300", "--events", "400")


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_report(engine):
    done = subprocess.run(
        [sys.executable, "-m", "bench.scale", "--database", engine, *SIZE],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    # Whether it was quick enough is for whoever measures to say.
    assert done.returncode in {0, 1}, done.stderr
    assert f"{engine}, filled in" in done.stdout
    rows = {}
    for line in done.stdout.splitlines():
        numbers = line.split()
        if len(numbers) > 3 and numbers[-1].replace(".", "").isdigit():
            rows[" ".join(numbers[:-3])] = int(numbers[-3])
    assert rows["users"] == 100
    assert rows["users who are locked"] == 3
    assert rows["events, newest"] == 100
    assert rows["roles of a person"] == 1
    assert rows["members of an organization"] == 100
    assert len(rows) > 40
