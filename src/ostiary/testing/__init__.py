"""The test kit: a real server within a test process, for those whose applications sign in by it.

`pip install ostiary[testing]` brings it, and pytest finds it by itself: a test that has a
parameter `ostiary` gets a server of its own. This module is what pytest loads for every
test run, so that it imports next to nothing.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ostiary.testing.browser import Browser, Stuck
    from ostiary.testing.kit import Ostiary
    from ostiary.testing.refusal import NotForTests
    from ostiary.testing.server import Template, run_ostiary
    from ostiary.testing.things import Application, LogoutNotice, Mail, Person, Tokens

__all__ = [
    "Application",
    "Browser",
    "LogoutNotice",
    "Mail",
    "NotForTests",
    "Ostiary",
    "Person",
    "Stuck",
    "Tokens",
    "run_ostiary",
]

_PLACES = {
    "Application": "things",
    "Browser": "browser",
    "LogoutNotice": "things",
    "Mail": "things",
    "NotForTests": "refusal",
    "Ostiary": "kit",
    "Person": "things",
    "Stuck": "browser",
    "Tokens": "things",
    "run_ostiary": "server",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for (PEP 562)."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - as the docstring of the module says

    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)


@pytest.fixture(scope="session")
def _ostiary_template(tmp_path_factory: pytest.TempPathFactory) -> "Template":
    """Make a database with keys once; each server begins with a copy."""
    from ostiary.testing.server import make_template  # noqa: PLC0415 - likewise

    return make_template(tmp_path_factory.mktemp("ostiary-template"))


@pytest.fixture
def ostiary(
    _ostiary_template: "Template", tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[Ostiary]":
    """Run a server for one test: nothing of another test is in it."""
    from ostiary.testing.server import run_ostiary  # noqa: PLC0415 - likewise

    with run_ostiary(tmp_path_factory.mktemp("ostiary"), template=_ostiary_template) as running:
        yield running
