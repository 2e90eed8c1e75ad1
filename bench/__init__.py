"""Benchmarks against this machine's own limits: `python -m bench --help`."""

import sys
from pathlib import Path

# The real server process, browser and database that the tests use are used here as well.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
