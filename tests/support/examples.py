"""The programs of examples/: registered, written out and run as people do it."""

import os
import sys
import time
from pathlib import Path

import httpx

from support.process import Process, clean_environment

NODE = Path(__file__).resolve().parents[1] / "e2e/node/node_modules"


def write_out(server, folder: Path, preset: str, redirect_uri: str | None) -> dict:
    """Register an application, and have its program written into a folder."""
    where = () if redirect_uri is None else ("--redirect-uri", redirect_uri)
    arguments = ("--preset", preset, "--project", "shop", "--folder", folder)
    return server.run("app", "create", *arguments, *where)


def install(folder: Path) -> None:
    """Stand in for the installation: the libraries are those of these tests, as pinned here."""
    if (folder / "package.json").exists():
        (folder / "node_modules").symlink_to(NODE)


def run(folder: Path, *commands: str) -> Process:
    """Run the commands that the quick start says, in a shell as people have it."""
    (folder / "log").mkdir(exist_ok=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    script = " && ".join([*commands[:-1], f"exec {commands[-1]}"])
    return Process(
        ["sh", "-c", f"cd '{folder}' && {script}"],
        folder=folder / "log",
        environment=clean_environment(PATH=path),
        name="example",
    )


def wait_for(url: str, process: Process, *, seconds: float = 60) -> None:
    """Wait until the program answers."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.exit_code is None, process.output()
        try:
            httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(process.output())


def commands_of(server, client_id: str, preset: str) -> list[str]:
    """Return the commands that the quick start says."""
    return server.run("app", "quickstart", client_id, "--stack", preset)["run"]
