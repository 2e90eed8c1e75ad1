"""What a running server saw of an application is there when it has stopped."""

import httpx
import pytest

from support.server import Server


@pytest.fixture
def server(tmp_path):
    """A server of its own, which is stopped in the middle."""
    with Server(tmp_path) as running:
        yield running


def test_what_was_seen_is_written_down_when_the_server_stops(server):
    machine = server.run("app", "create", "--preset", "m2m", "--client-id", "robot")
    idle = server.run("app", "create", "--preset", "m2m", "--client-id", "idle")
    answer = httpx.post(
        f"{server.issuer}/oauth/v2/token",
        auth=(machine["client_id"], machine["client_secret"]),
        data={"grant_type": "client_credentials"},
    )
    assert answer.status_code == 200, answer.text
    # A secret that is wrong shows nothing of whose name it comes under.
    wrong = httpx.post(
        f"{server.issuer}/oauth/v2/token",
        auth=(idle["client_id"], "x" * 40),
        data={"grant_type": "client_credentials"},
    )
    assert wrong.status_code == 401
    assert server.stop() == 0
    told = server.run("lint", "--fail-on", "never", "--application", "robot")
    assert told["applications"][0]["findings"] == []
    seen = {one["client_id"]: one["last_seen_at"] for one in told["applications"]}
    assert seen["robot"] is not None
    unseen = server.run("lint", "--fail-on", "never", "--application", "idle")
    assert unseen["applications"][0]["last_seen_at"] is None
