"""What the console's page of policies shows, as values."""

from typing import ClassVar

import msgspec

from ostiary.pages.console import Action, ConsolePage, Copy, Crumb, Fact
from ostiary.pages.lint import ShownFinding


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """What lint says of a policy; with copies where one change ends it."""

    finding: ShownFinding
    copies: tuple[Copy, ...] = ()


class PolicyPanel(msgspec.Struct, frozen=True, kw_only=True):
    """A policy with its values; without a name those that have but one."""

    name: str
    facts: tuple[Fact, ...]
    opinions: tuple[Opinion, ...] = ()


class PoliciesPage(ConsolePage, frozen=True, kw_only=True):
    """The policies in force, with what could be better about each."""

    template: ClassVar[str] = "console/policies.html"

    nav: str
    crumbs: tuple[Crumb, ...] = ()
    panels: tuple[PolicyPanel, ...]
    actions: tuple[Action, ...]
    action: str
    # Whether whoever looks may change them; of the form, and the version that was shown.
    writable: bool
    token: str
    version: str

    @property
    def current(self) -> str:
        """The line of the navigation that the page belongs to."""
        return self.nav
