"""Reads the proofs that tables of the documentation point at: tests, by path and name."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPECIFICATIONS = ROOT / "docs/specifications"
_TEST = re.compile(r"`([^`]+)`")


def functions_of(path: Path) -> set[str]:
    """Return the tests of a file, those of classes as `Class::test`."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        found |= {
            prefix + member.name
            for member in members
            if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef)
            and member.name.startswith("test_")
        }
    return found


def missing(proof: str) -> list[str]:
    """Return what is wrong with a cell that names tests: those that do not exist, or all of it."""
    tests = _TEST.findall(proof)
    if not tests or _TEST.sub("", proof).replace("<br>", "").strip():
        return [proof]
    return [test for test in tests if not _exists(test)]


def _exists(test: str) -> bool:
    path, _, function = test.partition("::")
    file = ROOT / "tests" / path
    return file.is_file() and function in functions_of(file)
