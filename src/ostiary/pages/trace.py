"""The page that explains one exchange: why it failed, what mends it, and its other hops."""

from typing import ClassVar

import msgspec

from ostiary.advisor.explanations import Explanation
from ostiary.model.event import Result
from ostiary.model.sentence import Sentence
from ostiary.model.trace import Trace
from ostiary.oauth.paths import TRACES
from ostiary.pages.console import ConsolePage, Copy
from ostiary.pages.sequence import Sequence


class Mending(msgspec.Struct, frozen=True, kw_only=True):
    """What mends it here: with a token, whoever looks may do it by a button."""

    title: Sentence
    token: str | None = None
    # Of the application as it was looked at.
    version: str = ""
    # Where it is done, if not by a button.
    url: str | None = None
    copies: tuple[Copy, ...] = ()


class TracePage(ConsolePage, frozen=True, kw_only=True):
    """One exchange."""

    template: ClassVar[str] = "console/trace.html"
    entry: ClassVar[str] = "traces"

    trace: Trace
    explanation: Explanation | None
    hops: tuple[Trace, ...]
    sequence: Sequence
    client_url: str | None = None
    mending: Mending | None = None

    @property
    def failed(self) -> bool:
        """Whether there is something to explain."""
        return self.trace.outcome is Result.FAILURE

    @property
    def action(self) -> str:
        """Where the form goes that mends it."""
        return self.link(self.trace)

    @property
    def export_url(self) -> str:
        """Where the exchanges of the sign-in are a file."""
        return f"{self.link(self.trace)}/export"

    def link(self, hop: Trace) -> str:
        """Return the address of the page of an exchange."""
        return TRACES + hop.id
