"""The READMEs of examples/, and the page that leads to them, from the table of stacks."""

from collections.abc import Callable

from ostiary.advisor.frameworks import FRAMEWORKS
from ostiary.advisor.stacks import STACKS, Stack

RECIPE = (
    "A recipe: its libraries cannot be had where Ostiary is built, so that nobody has run it there."
)
INTRODUCTION = """\
For each framework there is a small program that signs people in and does nothing else. It is told
all that it has to know by variables: nothing in it is to be edited. With one command the
application is registered, and its program written out with its own values:

```console
$ ostiary app create --preset fastapi --name Shop --folder shop
$ cd shop
$ cat .env
```

`ostiary advise --create NAME --folder FOLDER` asks first which framework, and whether that is the
way at all. For an application that is registered already there is
`ostiary app quickstart CLIENT_ID`; the management API has the same as
`GET /api/v1/applications/{client_id}/quickstart`. The secret is in
`.env` only when the application was just made: afterwards nobody knows it any more. Without a
command line, the console has it all: the [advisor](choose-a-flow.md) at `/advisor` leads to the
form of the application, and that to the program, to download.

The programs stand in [`examples/`](../../examples)."""
WAITING = """\
## See that it works

```console
$ ostiary app verify CLIENT_ID --wait 300
```

It ticks off each step as the server sees it: the request, PKCE, the tokens; then what an
application may do besides, reading the keys, asking for userinfo, refreshing, signing out. It says
*verified* once everything was seen that an application cannot do without, and what failed last
until then. The request and the tokens show at once, the others within half a minute. The times stay
as proof: `GET /api/v1/applications/{client_id}/verification` has the same, and so has the console,
on the page *Quick start* of an application.

The keys belong to nobody: that an application reads them is known where the same address comes with
its tokens. An application that gets its ID token straight from here may leave them (OpenID Connect
Core 3.1.3.7)."""


def readme(stack: Stack) -> str:
    """Write the README of an example."""
    framework = FRAMEWORKS[stack.id]
    create = f"ostiary app create --preset {stack.id} --folder program"
    port = str(stack.port)
    commands = ["cd program", *stack.install, *(one.format(port=port) for one in stack.run)]
    parts = [
        f"# {framework.title}",
        "<!-- Written by `make docs` from the code: change it there. -->",
        *(() if stack.tested else (RECIPE,)),
        "Register an application, and have this program written out with its values:",
        f"```console\n$ {create}\n```",
        "Run it:",
        "```console\n" + "\n".join(f"$ {one}" for one in commands) + "\n```",
    ]
    if framework.redirect_uris and stack.kind in {"web", "browser"}:
        origin = "/".join(framework.redirect_uris[0].split("/")[:3])
        parts.append(f"Then open {origin}/ in a browser.")
    if stack.note:
        parts.append(stack.note)
    return "\n\n".join(parts) + "\n"


def readmes() -> dict[str, str]:
    """Return the README of every example by its folder."""
    found: dict[str, str] = {}
    for stack in STACKS.values():
        # Of several that share a program, the one that it is called after.
        if stack.folder not in found or stack.id == stack.folder:
            found[stack.folder] = readme(stack)
    return found


def guide(page: Callable[..., str], table: Callable[..., str]) -> str:
    """Write the page that leads to all of them."""
    rows = [
        (
            f"[{FRAMEWORKS[stack.id].title}](../../examples/{stack.folder}/README.md)",
            f"`{stack.id}`",
            "yes" if stack.tested else "a recipe",
        )
        for stack in STACKS.values()
    ]
    return page(
        "Begin with a framework",
        INTRODUCTION,
        table(("built with", "preset", "run by Ostiary's own tests"), *rows),
        WAITING,
    )
