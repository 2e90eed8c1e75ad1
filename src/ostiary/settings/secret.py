"""A value that is never written out by accident."""

import hmac
from typing import Generic, NoReturn, TypeVar

Value = TypeVar("Value", str, bytes)


class Secret(Generic[Value]):
    """Text or bytes that `repr`, `str`, formatting, pickling and encoders do not show.

    An empty one means that nothing was set, and is false.
    """

    __slots__ = ("_value",)

    def __init__(self, value: Value) -> None:
        self._value: Value = value

    def reveal(self) -> Value:
        """Return the value itself. Call it where the value is used, and pass it no further."""
        return self._value

    def __bool__(self) -> bool:
        """Tell whether anything was set."""
        return bool(self._value)

    def __repr__(self) -> str:
        """Tell only whether anything was set."""
        return "Secret(hidden)" if self._value else "Secret(unset)"

    def __eq__(self, other: object) -> bool:
        """Compare without telling by time where two values differ."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_octets(self._value), _octets(other.reveal()))

    def __hash__(self) -> int:
        """Hash by value."""
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied."""
        raise TypeError("a secret is not serialised")


def _octets(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
