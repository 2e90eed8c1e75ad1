"""The way out for logout notices in a test: they are kept for it."""

from urllib.parse import parse_qs

from ostiary.egress.wanted import Wanted
from ostiary.testing.things import LogoutNotice


class Notices:
    """Takes every notice, as an application that answers 200 does."""

    def __init__(self) -> None:
        self._taken: list[LogoutNotice] = []

    async def send(self, url: str, wanted: Wanted) -> None:
        """Keep a notice."""
        fields = parse_qs((wanted.form or b"").decode("ascii"), strict_parsing=True)
        (token,) = fields["logout_token"]
        self._taken.append(LogoutNotice(url=url, logout_token=token))

    def drain(self) -> list[LogoutNotice]:
        """Return what came since the last call."""
        taken, self._taken = self._taken, []
        return taken
