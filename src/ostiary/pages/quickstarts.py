"""Quick starts: the programs of `examples/`, with an application's own values."""

import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO

from ostiary.admin.errors import Invalid, NotFound
from ostiary.advisor.quickstart import ENV, File, Quickstart, fitting, render, values_of
from ostiary.advisor.stacks import STACKS, Stack
from ostiary.clock import Entropy
from ostiary.model.client import Client
from ostiary.oauth.handle import random_text

_PRIVATE, _PLAIN = 0o100600, 0o100644
# What installing and running leaves behind.
_LEFT = frozenset({"node_modules", "__pycache__", ".venv", ".env", "run", "package-lock.json"})


def choose_stack(client: Client, wanted: str | None) -> Stack:
    """Return the stack that is wanted, or the likeliest.

    Raises:
        NotFound: no program fits the application.
        Invalid: the one that is wanted does not.
    """
    found = fitting(client)
    if not found:
        raise NotFound(
            "quick start for the application",
            client.client_id,
            hint="There are some for the authorization code flow, the device flow and client"
            " credentials, with a secret or without any.",
        )
    if wanted is None:
        return found[0]
    if STACKS.get(wanted) not in found:
        names = ", ".join(one.id for one in found)
        raise Invalid.at("stack", f"does not fit this application; {names} do")
    return STACKS[wanted]


def start(
    client: Client, issuer: str, stack: Stack, entropy: Entropy, secret: str | None = None
) -> Quickstart:
    """Return the quick start of an application; `secret` is its own, if it was just made."""
    own = [random_text(entropy) for _ in stack.secrets]
    return render(stack, values_of(client, issuer, secret), read_files(stack.folder), own)


def pack(made: Quickstart, now: int) -> bytes:
    """Return a program as a ZIP archive of its folder, made at `now`, in seconds."""
    moment = datetime.fromtimestamp(now, UTC).timetuple()[:6]
    written = BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in made.folder:
            entry = zipfile.ZipInfo(f"{made.stack}/{file.name}", moment)
            entry.create_system = 3  # Unix, whose permissions these are
            entry.external_attr = (_PRIVATE if file.name == ENV else _PLAIN) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.content)
    return written.getvalue()


@cache
def read_files(folder: str) -> tuple[File, ...]:
    """Return the files of an example, by name."""
    place = files("ostiary") / "examples" / folder
    return tuple(sorted(_read(place, ""), key=lambda one: one.name))


def _read(place: Traversable, path: str) -> Iterator[File]:
    for one in place.iterdir():
        if one.name in _LEFT:
            continue
        if one.is_dir():
            yield from _read(one, f"{path}{one.name}/")
        else:
            yield File(name=path + one.name, content=one.read_text(encoding="utf-8"))
