"""What a management operation can answer instead of a result.

Each error says what to change. The classes map to exit codes of the command line and to
status codes of the API.
"""

from collections.abc import Iterable
from itertools import islice
from typing import ClassVar

import msgspec

MAX_PROBLEMS = 50
"""Of what is wrong, so much is told at a time."""


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with what was asked for.

    `path` leads to the value, as in `redirect_uris[0]`; empty for the whole.
    """

    path: str
    message: str

    def __str__(self) -> str:
        """Return the problem as one line."""
        return f"{self.path}: {self.message}" if self.path else self.message


class AdminError(Exception):
    """A management operation that was not done."""

    code: ClassVar[str] = "failed"
    status: ClassVar[int] = 500

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        """Say what happened, and by `hint` what to do about it."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class NotFound(AdminError):
    """There is no such thing, or none that the actor may see."""

    code = "not_found"
    status = 404

    def __init__(self, what: str, key: str, *, hint: str | None = None) -> None:
        """`what` is the kind of thing in words, `key` what it was looked up by."""
        super().__init__(f"There is no {what} {key!r}.", hint=hint)


class AlreadyExists(AdminError):
    """The id or name is taken; by whom is not told."""

    code = "conflict"
    status = 409

    def __init__(self, what: str, key: str, *, path: str = "", hint: str | None = None) -> None:
        """`what` is the kind of key in words, such as "client_id"."""
        super().__init__(
            f"The {what} {key!r} is taken.",
            hint=hint or "Choose another one; ids are never given out twice.",
        )
        self.path = path


class InUse(AdminError):
    """The thing cannot be deleted while others rest on it."""

    code = "conflict"
    status = 409

    def __init__(self, what: str, key: str, others: str) -> None:
        """`others` are what is still there, in words."""
        super().__init__(
            f"The {what} {key!r} still has {others}.", hint=f"Delete its {others} first."
        )


class Contended(AdminError):
    """Somebody else changed the same thing at the same time, twice."""

    code = "conflict"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "Somebody else changed the same thing at the same time.",
            hint="Nothing was written. Look at it again, then repeat the change.",
        )


class Overtaken(AdminError):
    """What it is about was done or changed since."""

    code = "conflict"
    status = 409


class NotAllowed(AdminError):
    """The actor may not do this."""

    code = "not_allowed"
    status = 403


class Invalid(AdminError):
    """What was asked for breaks rules: those that were found, fifty at most, each with its path."""

    code = "invalid"
    status = 400

    def __init__(self, problems: Iterable[Problem], *, hint: str | None = None) -> None:
        self.problems = tuple(islice(problems, MAX_PROBLEMS))
        super().__init__("; ".join(map(str, self.problems)), hint=hint)

    @classmethod
    def at(cls, path: str, message: str, *, hint: str | None = None) -> "Invalid":
        """Make an error of a single problem."""
        return cls((Problem(path, message),), hint=hint)


def nested(problems: Iterable[Problem], prefix: str) -> tuple[Problem, ...]:
    """Put problems of a part under the path of the part."""
    return tuple(
        Problem(f"{prefix}.{one.path}" if one.path else prefix, one.message) for one in problems
    )
