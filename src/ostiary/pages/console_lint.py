"""What the console's pages of lint show, as values."""

from typing import ClassVar

import msgspec

from ostiary.pages.console import ConsolePage, Crumb
from ostiary.pages.lint import ShownFinding, ShownLikeness


class ShownReport(msgspec.Struct, frozen=True, kw_only=True):
    """An application and what there is to say about it; accepted findings are not counted."""

    name: str
    url: str
    findings: tuple[ShownFinding, ...]


class ShownLegacy(msgspec.Struct, frozen=True, kw_only=True):
    """An application that may use flows that are no longer recommended."""

    name: str
    url: str
    uses: tuple[str, ...]
    reason: str
    until: str
    last_used: str


class ShownMend(msgspec.Struct, frozen=True, kw_only=True):
    """What was changed on the advice of lint; without an id it was undone already."""

    id: str | None
    title: str
    members: tuple[str, ...]
    at: int


class LintPage(ConsolePage, frozen=True, kw_only=True):
    """What could be better about everything that somebody sees, a page of applications a time.

    `watched_since` is since when use is looked at, in seconds.
    """

    template: ClassVar[str] = "console/lint.html"
    entry: ClassVar[str] = "lint"

    reports: tuple[ShownReport, ...]
    policies: tuple[ShownFinding, ...]
    legacy: tuple[ShownLegacy, ...]
    watched_since: int | None
    # Projects that can be chosen, by id, with their names, and the one that is.
    projects: tuple[tuple[str, str], ...] = ()
    project: str | None = None
    # Where findings about policies are beside these, by their rules.
    beside: dict[str, str] = {}
    more_url: str | None = None
    first_url: str | None = None


class ApplicationLintPage(ConsolePage, frozen=True, kw_only=True):
    """What could be better about one application, and what was mended of it."""

    template: ClassVar[str] = "console/lint_application.html"
    entry: ClassVar[str] = "lint"

    name: str
    action: str
    token: str
    version: int
    # Whether whoever looks may change it.
    writable: bool
    crumbs: tuple[Crumb, ...]
    findings: tuple[ShownFinding, ...]
    likeness: ShownLikeness | None
    mends: tuple[ShownMend, ...]
