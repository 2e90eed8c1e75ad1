"""R-6: on a full disk writes are refused with 503, reads go on, and room is all that it takes."""

import asyncio
import contextlib
import os
import subprocess
from time import monotonic

import httpx
import pytest

from support import crowd, flows
from support.browser import Browser
from support.chaos.clients import describe
from support.engine import Sqlite
from support.server import Server

SIZE = "16m"
MOST_REQUESTS = 20_000
PATIENCE = 30


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here, which takes root: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def server(tmp_path, small_disk):
    engine = Sqlite(small_disk / "ostiary.db")
    with Server(tmp_path, database_url=engine.url, metrics={"listen": "off"}) as server:
        server.apply(crowd.declaration())
        yield server


def fill(place):
    """Take all the room that is left."""
    filler = place / "filler"
    descriptor = os.open(filler, os.O_CREAT | os.O_WRONLY)
    try:
        for size in (1 << 16, 1 << 12):
            with contextlib.suppress(OSError):
                while True:
                    os.write(descriptor, bytes(size))
    finally:
        os.close(descriptor)
    return filler


class Client:
    def __init__(self, server):
        self.http = httpx.Client(base_url=server.issuer, timeout=10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.close()

    def get_token(self):
        form = {"grant_type": "client_credentials"}
        answer = self.http.post(flows.TOKEN, data=form, headers=crowd.ES256.headers)
        assert answer.status_code in {200, 503}, answer.text
        return answer

    def tokens_until(self, status):
        """Get tokens until one is answered so; return the answers before."""
        answers = []
        while (answer := self.get_token()).status_code != status:
            answers.append(answer)
            assert len(answers) < MOST_REQUESTS, f"none of {len(answers)} answers was {status}"
        return answers

    def status(self, path, **headers):
        return self.http.get(path, headers=headers).status_code


def sign_in(server):
    """Return the access token of a person."""
    with Browser(crowd.WEB.redirect_uri) as browser:
        url = flows.authorization_url(crowd.WEB, VERIFIER, "state")
        arrived = browser.sign_in(server.issuer + url, crowd.USERS[0], crowd.PASSWORD).url
    form = {
        "grant_type": "authorization_code",
        "code": httpx.URL(arrived).params["code"],
        "redirect_uri": crowd.WEB.redirect_uri,
        "code_verifier": VERIFIER,
    }
    answer = httpx.post(server.issuer + flows.TOKEN, data=form, headers=crowd.WEB.headers)
    return answer.json()["access_token"]


VERIFIER = "v" * 43


async def test_full_disk_refuses_writes_and_nothing_else(server, small_disk):
    access_token = sign_in(server)
    with Client(server) as client:
        told = [client.get_token()]
        filler = fill(small_disk)
        told += client.tokens_until(503)
        refused = client.get_token()
        assert refused.json()["error"] == "temporarily_unavailable"
        assert "retry-after" in refused.headers
        assert client.status("/health/live") == 200
        assert client.status(flows.DISCOVERY) == 200
        assert client.status("/oauth/v2/keys") == 200
        assert client.status(flows.USERINFO, Authorization=f"Bearer {access_token}") == 200

        filler.unlink()
        deadline = monotonic() + PATIENCE
        while client.get_token().status_code != 200:
            assert monotonic() < deadline, "writes are still refused, with room on the disk"
            await asyncio.sleep(0.1)
        told.append(client.get_token())
    assert server.stop() == 0

    engine = Sqlite(small_disk / "ostiary.db")
    rows = await engine.query("SELECT target FROM events WHERE type = 'token.issued'")
    issued = {jti for (jti,) in rows}
    acknowledged = {describe(answer.json()["access_token"])["jti"] for answer in told}
    assert acknowledged <= issued
    assert await engine.check() == []
