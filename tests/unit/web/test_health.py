"""/health/live and /health/ready of a real server."""

import signal

import httpx

from support.server import Server
from support.wire import PATIENCE, wait_for


def test_a_stopping_server_is_alive_but_not_ready(tmp_path):
    with (
        Server(tmp_path, limits={"shutdown_delay_seconds": 2}) as server,
        httpx.Client(base_url=server.issuer) as client,
    ):
        assert client.get("/health/live").json() == {"status": "ok"}
        assert client.get("/health/ready").json() == {"status": "ok"}
        server.process.child.send_signal(signal.SIGTERM)
        wait_for(
            lambda: client.get("/health/ready").status_code == httpx.codes.SERVICE_UNAVAILABLE,
            "readiness to say no",
        )
        assert client.get("/health/live").status_code == httpx.codes.OK
        assert server.process.child.wait(PATIENCE) == 0
