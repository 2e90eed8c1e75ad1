"""The page about the test kit, from its public names and what they say of themselves."""

import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from ostiary import testing
from ostiary.testing.clock import MovableClock

INTRODUCTION = """\
What a test can ask of its server. [Test an application](../how-to/test-an-application.md) says how
to begin."""

KINDS = (
    ("The fixture `ostiary`", testing.Ostiary),
    ("The clock", MovableClock),
    ("A browser", testing.Browser),
    ("A person", testing.Person),
    ("An application", testing.Application),
    ("Tokens", testing.Tokens),
    ("A mail", testing.Mail),
    ("A logout notice", testing.LogoutNotice),
)


def reference(page: Callable[..., str], table: Callable[..., str]) -> str:
    """Write the page."""
    parts = [INTRODUCTION]
    for title, kind in KINDS:
        rows = list(members(kind))
        parts += [f"## {title}", told(kind)]
        if fields := getattr(kind, "__struct_fields__", ()):
            parts.append(f"Fields: {', '.join(f'`{name}`' for name in fields)}.")
        if rows:
            parts.append(table(("name", "is or does"), *rows))
    parts += [
        "## Without the fixture",
        f"`run_ostiary{signature(testing.run_ostiary)}`: {told(testing.run_ostiary)}",
        "## Errors",
        table(
            ("error", "means"),
            *((f"`{one.__name__}`", told(one)) for one in (testing.Stuck, testing.NotForTests)),
        ),
    ]
    return page("The test kit", *parts)


def members(kind: type) -> Iterator[tuple[str, str]]:
    """Name the properties and methods in the order of the code."""
    for name, member in vars(kind).items():
        if name.startswith("_") or not member.__doc__:
            continue
        if isinstance(member, property):
            yield f"`{name}`", told(member)
        elif inspect.isfunction(member):
            yield f"`{name}{signature(member)}`", told(member)


def signature(function: Callable[..., Any]) -> str:
    """Write the parameters of a function, with their defaults and without their types."""
    found = inspect.signature(function)
    plain = [
        one.replace(annotation=inspect.Parameter.empty)
        for name, one in found.parameters.items()
        if name != "self"
    ]
    written = found.replace(parameters=plain, return_annotation=inspect.Signature.empty)
    return str(written).replace("'", '"')


def told(thing: Any) -> str:
    """Return what a docstring says, without the errors, as one paragraph."""
    text = textwrap.dedent(inspect.getdoc(thing) or "").partition("\nRaises:")[0]
    return " ".join(text.split())
