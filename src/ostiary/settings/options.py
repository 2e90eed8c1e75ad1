"""The table of all settings, derived from the tree: for the parser and for documentation."""

from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from ostiary.settings.secret import Secret
from ostiary.settings.tree import Section, Settings

_TYPE_LABELS = {str: "text", int: "number", bool: "true or false", tuple: "list", Secret: "text"}


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One setting: where it stands, what it takes and what it means.

    `kind` is str, int, bool, tuple (of texts) or Secret; `choices`, where there are any,
    are the only texts allowed, and the bounds are those of a number.
    """

    section: str
    key: str
    kind: type
    default: Any
    meaning: str
    example: Any
    choices: tuple[str, ...] = ()
    at_least: int = 0
    at_most: int = 0

    @property
    def name(self) -> str:
        """The key with its section, as in `smtp.host`."""
        return f"{self.section}.{self.key}" if self.section else self.key

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "OSTIARY_" + self.name.replace(".", "_").upper()

    @property
    def secret(self) -> bool:
        """Tell whether the value must not be shown."""
        return self.kind is Secret

    @property
    def type_label(self) -> str:
        """The type in words."""
        return " | ".join(self.choices) if self.choices else _TYPE_LABELS[self.kind]


def _list_options(tree: type[Section], section: str = "") -> list[Option]:
    options: list[Option] = []
    hints = get_type_hints(tree, include_extras=True)
    for field in msgspec.structs.fields(tree):
        hint = hints[field.name]
        if isinstance(hint, type):
            options += _list_options(hint, field.encode_name)
            continue
        plain, meta = get_args(hint)
        origin = get_origin(plain) or plain
        options.append(
            Option(
                section=section,
                key=field.encode_name,
                kind=origin if isinstance(origin, type) else str,
                default=field.default,
                meaning=meta.description,
                example=_choose_example(origin, meta.examples) or field.default,
                choices=() if isinstance(origin, type) else get_args(plain),
                at_least=meta.ge or 0,
                at_most=meta.le or 0,
            )
        )
    return options


def _choose_example(kind: Any, examples: list[Any] | None) -> Any:
    if not examples:
        return None
    return tuple(examples) if kind is tuple else examples[0]


OPTIONS: tuple[Option, ...] = tuple(_list_options(Settings))
