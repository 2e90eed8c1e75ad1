"""What the console's page of signing keys shows, as values."""

from typing import ClassVar

from ostiary.pages.console import ListPage
from ostiary.pages.key_timeline import KeyTimeline


class KeysPage(ListPage, frozen=True, kw_only=True):
    """The list of signing keys; without any there is nothing to draw."""

    template: ClassVar[str] = "console/keys.html"

    timeline: KeyTimeline | None
