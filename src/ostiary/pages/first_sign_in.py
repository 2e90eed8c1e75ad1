"""What the console shows of an application's way to its first sign-in, as values."""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from ostiary.advisor.frameworks import FRAMEWORKS
from ostiary.advisor.quickstart import Quickstart, fitting
from ostiary.advisor.verification import Verification
from ostiary.model.client import Client
from ostiary.pages.console import Cell, ConsolePage, Crumb, Fact, form_url
from ostiary.pages.languages import Language


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """A step by the name of its text, and when it was seen first, in seconds."""

    id: str
    needed: bool
    at: int | None


class Mishap(msgspec.Struct, frozen=True, kw_only=True):
    """Something that failed: when, in seconds, and what; `url` is where it is explained."""

    at: int
    type: str
    reason: str
    trace_id: str
    url: str | None = None


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """A quick start, as far as a page has room for it."""

    stack: str
    title: str
    tested: bool
    env_file: str
    # Whether a secret belongs into the variables, which nobody knows any more.
    secret: bool
    commands: tuple[str, ...]
    program: str
    code: str
    url: str
    note: str
    command: str


class FirstSignInPage(ConsolePage, frozen=True, kw_only=True):
    """How far an application is, and the program to begin with, where there is one.

    `others` are the other programs, by title and id. `steps_url` is where the steps are read
    again. `token` is that of the form that takes the program away; with it goes the secret of
    an application that was just made, which is shown this once.
    """

    template: ClassVar[str] = "console/first_sign_in.html"
    entry: ClassVar[str] = "applications"

    name: str
    address: str
    steps_url: str
    verified: bool
    ticks: tuple[Tick, ...]
    mishaps: tuple[Mishap, ...]
    beginning: Beginning | None
    token: str
    client_id: str
    client_secret: str = ""
    others: tuple[tuple[str, str], ...]
    crumbs: tuple[Crumb, ...] = ()

    def __repr__(self) -> str:
        """Leave the secret out."""
        return f"FirstSignInPage({self.client_id!r})"

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What is shown this once, for a program that is there already."""
        if not self.client_secret:
            return ()
        told = {"client_id": self.client_id, "client_secret": self.client_secret}
        return tuple(
            Fact(name=name, cell=Cell(kind="text", value=value)) for name, value in told.items()
        )

    @property
    def again_url(self) -> str:
        """Where the page is looked at again."""
        return self.address if self.beginning is None else self.of(self.beginning.stack)

    @property
    def secret_url(self) -> str:
        """Where the application gets another secret."""
        values = {"client_id": self.client_id}
        if self.beginning is not None:
            values["stack"] = self.beginning.stack
        return form_url("create_application_secret", values)

    def of(self, stack: str) -> str:
        """Return the address of the page with another program."""
        return f"{self.address}?stack={stack}"


def ticks_of(found: Verification) -> tuple[Tick, ...]:
    """Return the steps."""
    return tuple(Tick(id=one.id.value, needed=one.needed, at=one.at) for one in found.steps)


def mishaps_of(found: Verification, explained: Mapping[str, str]) -> tuple[Mishap, ...]:
    """Return what failed last; `explained` are the addresses of what is, by trace id."""
    return tuple(
        Mishap(
            at=one.at,
            type=one.type,
            reason=one.reason or "",
            trace_id=one.trace_id,
            url=explained.get(one.trace_id),
        )
        for one in found.failures
    )


def title_of(found: Verification, language: Language) -> str:
    """Say whether an application works."""
    return language.plain(f"first_sign_in.{'verified' if found.verified else 'waiting'}")


def seen_of(tick: Tick, language: Language, zone: str | None) -> str:
    """Say when a step was seen first, or that it was not."""
    if tick.at is not None:
        return language.moment(tick.at, zone)
    return language.plain(f"first_sign_in.{'not_yet' if tick.needed else 'optional'}")


def beginning_of(made: Quickstart, client_id: str) -> Beginning:
    """Return what a page shows of a quick start."""
    return Beginning(
        stack=made.stack,
        title=made.title,
        tested=made.tested,
        env_file=made.env_file,
        secret=any(line.startswith("# ") for line in made.env_file.splitlines()),
        commands=(*made.install, *made.run),
        program=made.program,
        code=next(one.content for one in made.files if one.name == made.program),
        url=made.url,
        note=made.note,
        command=f"ostiary app quickstart {client_id} --stack {made.stack} --folder {made.stack}",
    )


def others_of(client: Client, shown: str | None) -> tuple[tuple[str, str], ...]:
    """Return the other programs that fit, by title and id."""
    return tuple((FRAMEWORKS[one.id].title, one.id) for one in fitting(client) if one.id != shown)
