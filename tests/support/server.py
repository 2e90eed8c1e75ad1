"""A real `ostiary serve` process on a port and a database of its own."""

import base64
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import httpx

from support.process import Process, clean_environment, free_port

OSTIARY = [sys.executable, "-m", "ostiary"]


class Server:
    """A server process, its configuration file, and the commands that work on its database.

    `database_url` defaults to a SQLite file in `folder`. Whatever else is in `settings` goes
    into the configuration file as it is.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str | None = None,
        workers: int = 1,
        **settings: Any,
    ) -> None:
        self.folder = folder
        self.port = free_port()
        # `localhost`, while the tests' applications live on 127.0.0.1: to a browser the two
        # are different sites, as a provider and its applications usually are.
        self.issuer = f"http://localhost:{self.port}"
        self.database_url = database_url or f"sqlite:///{folder / 'ostiary.db'}"
        self.configuration = folder / "ostiary.toml"
        self._applied = 0
        values = {
            "public_url": self.issuer,
            "listen": f"127.0.0.1:{self.port}",
            "database_url": self.database_url,
            "key_encryption_key": base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("="),
            "workers": workers,
            # Several servers run at the same time, and its default port is fixed.
            "metrics": {"listen": "off"},
        } | settings
        folder.mkdir(parents=True, exist_ok=True)
        self.configuration.touch(mode=0o600)  # it holds a key
        self.configuration.write_text(to_toml(values), encoding="utf-8")
        self.process = Process(
            [*OSTIARY, "serve", "--config", self.configuration],
            folder=folder,
            environment=clean_environment(NO_COLOR="1"),
            name="serve",
        )

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.process.stop()
            raise

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, *, seconds: float = 30) -> Self:
        """Start the server and wait until it says that it is ready."""
        self.process.start()
        deadline = time.monotonic() + seconds
        with httpx.Client() as http:
            while not self._ready(http):
                code = self.process.exit_code
                if code is not None or time.monotonic() > deadline:
                    ended = f"ended with code {code}" if code is not None else "is not ready"
                    raise AssertionError(f"the server {ended}; its log:\n{self.output()}")
                time.sleep(0.02)
        return self

    def _ready(self, http: httpx.Client) -> bool:
        try:
            return http.get(f"{self.issuer}/health/ready").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def stop(self) -> int | None:
        """Stop the server as an operator would, and return its exit code."""
        return self.process.stop()

    def kill(self) -> None:
        """Kill the server with all its workers, as a power failure would."""
        self.process.kill()

    def output(self) -> str:
        """Return what the server has written."""
        return self.process.output()

    def run(self, *arguments: str | Path) -> Any:
        """Run an `ostiary` command on this server's database and return its `data`."""
        command = [*OSTIARY, *map(str, arguments), "--config", str(self.configuration), "--json"]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.process.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        said = f"`ostiary {' '.join(map(str, arguments))}` said:\n{done.stdout}{done.stderr}"
        assert done.returncode == 0, said
        envelope = json.loads(done.stdout)
        assert envelope["ok"] is True, said
        return envelope.get("data")

    @staticmethod
    def parse(written: str) -> Any:
        """Return the `data` that a command wrote."""
        return json.loads(written)["data"]

    def apply(self, document: dict[str, Any]) -> Any:
        """Apply declarative configuration, as `ostiary apply FILE` does."""
        self._applied += 1
        path = self.folder / f"applied-{self._applied}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return self.run("apply", path)


def to_toml(values: dict[str, Any]) -> str:
    """Write settings as TOML; a dictionary becomes a section."""
    plain = [(key, value) for key, value in values.items() if not isinstance(value, dict)]
    sections = [(key, value) for key, value in values.items() if isinstance(value, dict)]
    # A JSON string, number, boolean or list of these is TOML as well.
    lines = [f"{key} = {json.dumps(value)}" for key, value in plain]
    for key, section in sections:
        lines += ["", f"[{key}]", to_toml(section)]
    return "\n".join(lines) + "\n"
