"""A PostgreSQL server of the tests' own: real, on a free port, gone with the block.

Run as root it runs as the user `postgres`, since PostgreSQL refuses to run as root.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from support.process import free_port

USER = "postgres"

# Small, so that several can run side by side.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "autovacuum_naptime": "5s",
    "log_min_duration_statement": "1s",
    "logging_collector": "off",
}


class Cluster:
    """One PostgreSQL server with a data folder of its own.

    Further settings override those above; durability is PostgreSQL's default, which is on.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "server.log"
        self._settings = _SETTINGS | settings
        self._data = folder / "data"
        self._created = 0

    def url(self, database: str) -> str:
        """Return the setting `database_url` for one of its databases."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    @property
    def root(self) -> int:
        """The first of the server's processes."""
        return int((self._data / "postmaster.pid").read_text().partition("\n")[0])

    def prepare(self) -> None:
        """Make the data folder."""
        self._run(
            "initdb", "--auth=trust", f"--username={USER}", "--encoding=UTF8", "--locale=C.UTF-8",
            "--no-sync", f"--pgdata={self._data}",
        )  # fmt: skip
        lines = [f"{name} = '{value}'\n" for name, value in self._settings.items()]
        lines.append(f"unix_socket_directories = '{self.folder}'\n")
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.writelines(lines)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._control("start", f"--log={self.log}", f"--options=-p {self.port}")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server: `smart`, `fast`, or `immediate`, which is like a crash."""
        self._control("stop", f"--mode={mode}")

    def kill(self) -> None:
        """End all of the server's processes at once, as by a loss of power."""
        root = psutil.Process(self.root)
        doomed = [root, *root.children(recursive=True)]
        for one in doomed:
            one.suspend()
        for one in doomed:
            one.kill()
        psutil.wait_procs(doomed)

    def freeze(self) -> None:
        """Stop all of the server's processes where they are: it takes requests, and is mute."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._signal(signal.SIGCONT)

    def create(self, template: str = "template0") -> str:
        """Make a database, and return its name."""
        self._created += 1
        name = f"test_{self._created}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str, database: str = "postgres") -> str:
        """Run a statement past the store, and return what `psql` prints of its rows."""
        return self._run(
            "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url(database)
        )

    def _signal(self, number: signal.Signals) -> None:
        root = psutil.Process(self.root)
        for one in (root, *root.children(recursive=True)):
            one.send_signal(number)

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", f"--pgdata={self._data}", "--wait", "--timeout=60", *arguments)

    def _run(self, program: str, *arguments: str) -> str:
        options: dict[str, Any] = {}
        if os.geteuid() == 0:
            account = pwd.getpwnam(USER)
            options = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        # A server that is started keeps the output open: a pipe would never end.
        with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
            code = subprocess.run(
                [_program(program), *arguments],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=90,
                **options,
            ).returncode
            output.seek(0)
            text = output.read()
        assert code == 0, f"{program} {' '.join(arguments)} failed:\n{text}\n{self._tail()}"
        return text

    def _tail(self) -> str:
        return self.log.read_text(errors="replace")[-5000:] if self.log.exists() else ""


@contextmanager
def cluster(**settings: str) -> Iterator[Cluster]:
    """Start a server, and remove it and all it holds with the end of the block."""
    # Not below pytest's folders: PostgreSQL's own user could not enter them.
    folder = Path(tempfile.mkdtemp(prefix="ostiary-postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, USER, USER)
        running = Cluster(folder, **settings)
        running.prepare()
        running.start()
        try:
            yield running
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                running.stop("immediate")
    finally:
        shutil.rmtree(folder)


def _program(name: str) -> Path:
    """Find one of PostgreSQL's programs; Debian keeps most of them out of the path."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3])
    )
    if found:
        return found[-1]
    on_path = shutil.which(name)
    assert on_path, f"PostgreSQL's {name} is missing: run scripts/set-up database"
    return Path(on_path)
