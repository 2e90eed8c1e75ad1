"""Quick starts: the programs of `examples/`, with an application's own values."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from ostiary.admin.errors import Invalid, NotFound
from ostiary.advisor.quickstart import File, Quickstart, fitting, render, values_of
from ostiary.advisor.stacks import STACKS, Stack
from ostiary.clock import Entropy
from ostiary.model.client import Client
from ostiary.oauth.handle import random_text

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
