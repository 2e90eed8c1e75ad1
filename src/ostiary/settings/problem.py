"""What is wrong with the settings, and where."""

from collections.abc import Iterable

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """One thing to change: `place` is the key in the file, the variable or the option."""

    place: str
    message: str

    def __str__(self) -> str:
        """Write the place and what to change there, on one line."""
        return f"{self.place}: {self.message}"


class SettingsError(Exception):
    """The settings cannot be used; all that is wrong with them is told at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems in the order in which they were found."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
