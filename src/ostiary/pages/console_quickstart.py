"""What the console's page of a quick start shows: a program, and how far the application is."""

from typing import ClassVar

import msgspec

from ostiary.pages.console import ConsolePage, Crumb


class ShownStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the first sign-in. `id` names a text below `console.step`."""

    id: str
    needed: bool
    # When it was seen first; None where it was not seen yet.
    at: int | None


class ShownFailure(msgspec.Struct, frozen=True, kw_only=True):
    """Something that failed, and where it is explained."""

    at: int
    type: str
    reason: str
    url: str | None


class QuickstartPage(ConsolePage, frozen=True, kw_only=True):
    """A program that signs in to an application, and what the server saw of it so far."""

    template: ClassVar[str] = "console/quickstart.html"
    entry: ClassVar[str] = "applications"

    crumbs: tuple[Crumb, ...]
    action: str
    verified: bool
    steps: tuple[ShownStep, ...]
    failures: tuple[ShownFailure, ...]
    # The stacks that fit, by id, with their titles; the one that is shown, if any fits.
    stacks: tuple[tuple[str, str], ...] = ()
    stack: str = ""
    tested: bool = False
    env: str = ""
    commands: str = ""
    files: tuple[tuple[str, str], ...] = ()
    url: str = ""
