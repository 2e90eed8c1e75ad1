"""docs/reference/endpoints.md names every path that is served, with its methods."""

import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from ostiary.app import assemble
from ostiary.settings import load
from ostiary.web.api.endpoint import Resource
from ostiary.web.routes import routes

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/endpoints.md"
ROW = re.compile(r"^\| `(/[^`]*)` \| ([A-Z, ]+) \|", re.MULTILINE)


@pytest.fixture
async def served(tmp_path):
    """Each path of a running instance with its methods, but for those that follow from them."""
    settings = load(
        None,
        {
            "OSTIARY_PUBLIC_URL": "http://localhost:8080",
            "OSTIARY_DATABASE_URL": f"sqlite:///{tmp_path}/ostiary.db",
            "OSTIARY_KEY_ENCRYPTION_KEY": "A" * 43,
        },
    )
    async with AsyncExitStack() as stack:
        idp = await assemble(settings, stack)
        yield {
            path: {name[3:].upper() for name in dir(resource) if name.startswith("on_")}
            - {"HEAD", "OPTIONS"}
            for path, resource in routes(idp)
            # The operations of the management API have a page of their own, which is generated.
            if not isinstance(resource, Resource)
        }


def test_every_endpoint_is_documented(served):
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    documented = {path: set(methods.split(", ")) for path, methods in rows}
    assert documented == served
