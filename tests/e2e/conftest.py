"""A running server for the clients to sign in with, and what it wrote when a test fails."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support import acme, node
from support.process import Conversation
from support.server import Server

Application = dict[str, Any]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server over SQLite with ACME in it."""
    with Server(tmp_path_factory.mktemp("server")) as running:
        running.apply(acme.organization())
        yield running


@pytest.fixture
def register(server: Server) -> Callable[..., Application]:
    """Register an application with the running server, as an administrator would."""

    def apply(application: Application) -> Application:
        server.apply(acme.organization(application))
        return application

    return apply


@pytest.fixture
def openid_client(tmp_path: Path) -> Conversation:
    """The client program on openid-client."""
    return node.client("openid_client", tmp_path)


@pytest.fixture
def oauth4webapi(tmp_path: Path) -> Conversation:
    """The client program on oauth4webapi."""
    return node.client("oauth4webapi", tmp_path)


@pytest.fixture(autouse=True)
def _no_traceback(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a client does, the server never runs into an error of its own."""
    servers = [
        value
        for name in request.fixturenames
        if name.endswith("server") and isinstance(value := request.getfixturevalue(name), Server)
    ]
    seen = {server: len(server.output()) for server in servers}
    yield
    for server, length in seen.items():
        assert "Traceback" not in server.output()[length:]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Show the end of the log of each server that a failed test used."""
    report = yield
    if report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            if isinstance(value, Server):
                report.sections.append((f"{name}: ostiary serve", value.output()[-20_000:]))
    return report
