"""Parameters of a request, parsed once (RFC 6749, 3.1, 3.2 and appendix B)."""

from urllib.parse import unquote

import msgspec

from ostiary.oauth.errors import InvalidRequest, printable

MAX_PARAMETERS = 100
_MAX_LOCALES = 20
_MAX_LOCALE = 35
# May be given several times: RFC 8707, 2 and RFC 8693, 2.1.
REPEATABLE = frozenset({"resource", "audience"})


class Form(msgspec.Struct, frozen=True):
    """The parameters of a query string or form body. An empty value counts as omitted."""

    values: dict[str, str]
    repeated: dict[str, tuple[str, ...]] = {}
    # Names that were given twice though they must not be.
    duplicates: tuple[str, ...] = ()

    def get(self, name: str) -> str | None:
        """Return the value of a parameter, or None where it is omitted or empty."""
        return self.values.get(name)

    def all(self, name: str) -> tuple[str, ...]:
        """Return all values of a repeatable parameter."""
        return self.repeated.get(name, ())

    def require(self, name: str) -> str:
        """Return the value of a parameter that must be there.

        Raises:
            InvalidRequest: it is not.
        """
        value = self.values.get(name)
        if value is None:
            raise InvalidRequest(
                f"The parameter {name} is missing.",
                rule="parameter-missing",
                section="RFC 6749, 3.2",
            )
        return value

    def refuse_duplicates(self) -> None:
        """Hold the sender to giving each parameter once.

        Raises:
            InvalidRequest: a parameter was repeated.
        """
        if self.duplicates:
            names = ", ".join(printable(name, 40) for name in self.duplicates[:5])
            raise InvalidRequest(
                f"Send each parameter once; given several times: {names}.",
                rule="parameter-repeated",
                section="RFC 6749, 3.1 and 3.2",
                received=names,
            )


def _decode(part: str) -> str:
    if "+" in part:
        part = part.replace("+", " ")
    if "%" in part:
        part = unquote(part, errors="strict")
    return part


def parse_form(body: bytes) -> Form:
    """Parse `application/x-www-form-urlencoded` bytes, of a body or a query string.

    Raises:
        InvalidRequest: not UTF-8, more than 100 parameters, or a NUL character.
    """
    if not body:
        return Form({})
    values: dict[str, str] = {}
    repeated: dict[str, tuple[str, ...]] = {}
    duplicates: list[str] = []
    try:
        text = body.decode("utf-8")
        if "\0" in text or "%00" in text:
            raise InvalidRequest(
                "Parameters must not hold the NUL character.", rule="parameter-characters"
            )
        pairs = text.split("&", MAX_PARAMETERS)
        if len(pairs) > MAX_PARAMETERS:
            raise InvalidRequest(
                f"Send at most {MAX_PARAMETERS} parameters.", rule="parameters-too-many"
            )
        for pair in pairs:
            name, _, value = pair.partition("=")
            if not value:
                continue
            name, value = _decode(name), _decode(value)
            if name in REPEATABLE:
                repeated[name] = (*repeated.get(name, ()), value)
            elif name in values:
                duplicates.append(name)
                continue
            values[name] = value
    except UnicodeDecodeError:
        raise InvalidRequest(
            "Encode all parameters as UTF-8.", rule="parameter-encoding", section="RFC 6749, B"
        ) from None
    return Form(values, repeated, tuple(duplicates))


def read_locales(form: Form) -> tuple[str, ...]:
    """Return the language tags of `ui_locales`, the preferred one first, without odd ones."""
    return tuple(
        tag
        for tag in dict.fromkeys((form.get("ui_locales") or "").split())
        if len(tag) <= _MAX_LOCALE and tag.isascii() and tag.replace("-", "").isalnum()
    )[:_MAX_LOCALES]
