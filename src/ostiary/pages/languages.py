"""Languages: one TOML file each in `locale/`, and the choice between them.

A file holds the language's name, its writing direction and the texts of sign-in. Further
texts are in folders by their subject, in a file of the same name. To add a language is to
add these files; a test tells which texts it lacks.

Sentences that rules make are English where they are made. Another language has them below
`sentence`, each under its English text.
"""

import functools
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, tzinfo
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from ostiary.model.sentence import Sentence

DEFAULT = "en"
_MAX_HEADER = 1000
_MAX_RANGES = 20
_MAX_TAG = 35  # RFC 5646, 4.4.1
_SENTENCE = "sentence."
# Microseconds from which on tenths of a millisecond say nothing.
_TENTHS = 9_950
_UNITS = ((86400, "days"), (3600, "hours"), (60, "minutes"))

PLURALS = frozenset({"zero", "one", "two", "few", "many", "other"})
Text = str | dict[str, str]


class Language(msgspec.Struct, frozen=True):
    """The texts of one language. A text with several forms is chosen by a number's plural."""

    tag: str
    name: str
    direction: str
    texts: dict[str, Text]

    def text(self, key: str, **values: object) -> Markup:
        """Return a text as HTML; values are escaped unless they are HTML already.

        Raises:
            KeyError: there is no such text.
        """
        return Markup(escape(self._form(key, values))).format(**values)  # noqa: S704 - escaped just before

    def plain(self, key: str, **values: object) -> str:
        """Return a text as it is, for whatever is no HTML.

        Raises:
            KeyError: there is no such text.
        """
        return self._form(key, values).format(**values)

    def _form(self, key: str, values: Mapping[str, object]) -> str:
        text = self.texts[key]
        if isinstance(text, dict):
            return text[_plural_category(self.tag, values["number"])]
        return text

    def has(self, key: str) -> bool:
        """Tell whether there is such a text."""
        return key in self.texts

    def said(self, sentence: Sentence | str) -> Markup:
        """Say a sentence of a rule as HTML, marked as English where this language lacks it.

        A text of a table is a sentence without values: its braces mean nothing.
        """
        english, values = (
            (sentence, {}) if isinstance(sentence, str) else (sentence.text, sentence.values)
        )
        text = self.texts.get(_SENTENCE + english)
        words = Markup(escape(english if text is None else text))  # noqa: S704 - escaped here
        if not isinstance(sentence, str):
            words = words.format(**{name: self._value(one) for name, one in values.items()})
        if text is None and self.tag != DEFAULT:
            return Markup('<span lang="{}">{}</span>').format(DEFAULT, words)
        return words

    def _value(self, value: str | int | Sentence) -> str | int:
        return self.said(value) if isinstance(value, Sentence) else value

    def duration(self, seconds: int) -> Markup:
        """Say a time span in its largest whole unit, rounded up."""
        for length, unit in _UNITS:
            if seconds >= length:
                return self.text(f"unit.{unit}", number=-(-seconds // length))
        return self.text("unit.seconds", number=max(seconds, 1))

    def moment(self, at: int, zone: str | None = None, length: str = "long") -> str:
        """Say a time, in seconds since the epoch, to the minute; in UTC where no zone is known.

        `length`: that of the date, long or medium.
        """
        known = find_zone(zone)
        shown, locale = datetime.fromtimestamp(at, known), Locale.parse(self.tag, sep="-")
        day, time = format_date(shown, length, locale), format_time(shown, "short", locale=locale)
        return f"{day}, {time} UTC" if known is UTC else f"{day}, {time}"

    def day(self, at: int, zone: str | None = None) -> str:
        """Say the day of a time, in seconds since the epoch; in UTC where no zone is known."""
        shown = datetime.fromtimestamp(at, find_zone(zone))
        return format_date(shown, "medium", Locale.parse(self.tag, sep="-"))

    def short_day(self, day: date) -> str:
        """Say a day of this year in numbers, as short as it goes."""
        return format_skeleton("Md", day, locale=Locale.parse(self.tag, sep="-"))

    def milliseconds(self, microseconds: int) -> str:
        """Say a short time in milliseconds, below ten of them to a tenth."""
        shape = "#,##0.0" if microseconds < _TENTHS else "#,##0"
        locale = Locale.parse(self.tag, sep="-")
        return f"{format_decimal(microseconds / 1000, format=shape, locale=locale)}\u00a0ms"


def find_zone(name: str | None) -> tzinfo:
    """Return a time zone by its name; UTC where there is none of the name."""
    try:
        return UTC if name is None else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _plural_category(tag: str, number: object) -> str:
    rule = Locale.parse(tag, sep="-").plural_form
    return rule(number)  # type: ignore[arg-type] # a number, by the text's own definition


def flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, Text]:
    """Name nested texts by dotted keys. A table of plural forms is one text."""
    texts: dict[str, Text] = {}
    for name, value in table.items():
        if isinstance(value, dict) and not PLURALS.issuperset(value):
            texts.update(flatten(value, f"{prefix}{name}."))
        else:
            texts[prefix + name] = value
    return texts


@functools.cache
def load_languages() -> dict[str, Language]:
    """Load every language there is, by its tag."""
    languages = {}
    entries = list(resources.files(__package__).joinpath("locale").iterdir())
    subjects = [entry for entry in entries if entry.is_dir()]
    for file in entries:
        if file.is_dir():
            continue
        tag = file.name.removesuffix(".toml")
        table = tomllib.loads(file.read_text("utf-8"))
        about = table.pop("language")
        texts = flatten(table)
        for part in (subject.joinpath(file.name) for subject in subjects):
            if part.is_file():
                texts |= flatten(tomllib.loads(part.read_text("utf-8")))
        languages[tag] = Language(tag, about["name"], about["direction"], texts)
    return languages


def accepted_languages(header: str | None) -> list[str]:
    """Read an Accept-Language header, most wanted first (RFC 9110, 12.5.4)."""
    ranges = []
    for part in (header or "")[:_MAX_HEADER].split(",")[:_MAX_RANGES]:
        tag, _, parameters = part.partition(";")
        weight = _weight(parameters)
        if weight > 0 and len(tag.strip()) <= _MAX_TAG:
            ranges.append((weight, tag.strip()))
    return [tag for _, tag in sorted(ranges, key=lambda found: -found[0])]


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0


def choose_language(wanted: Iterable[str]) -> Language:
    """Return the first wanted language that there is, by lookup (RFC 4647, 3.4), or English."""
    languages = load_languages()
    by_tag = {tag.lower(): language for tag, language in languages.items()}
    for tag in wanted:
        parts = tag.replace("_", "-").lower().split("-")
        while parts:
            found = by_tag.get("-".join(parts))
            if found is not None:
                return found
            parts.pop()
    return languages[DEFAULT]
