"""Branding: what an organization or an application may change about the pages."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from ostiary.admin import texts, uris
from ostiary.admin.decode import Request, shown
from ostiary.admin.errors import Problem
from ostiary.model.branding import Branding
from ostiary.model.colours import (
    CARD,
    CARD_DARK,
    READABLE,
    contrast,
    is_colour,
    make_readable,
)

MAX_HEADINGS = 20
Text = str | UnsetType | None


class BrandingFields(Request, frozen=True, kw_only=True):
    """What is to change about a branding; null puts it back to what it is elsewhere."""

    logo: Text = UNSET
    accent: Text = UNSET
    accent_dark: Text = UNSET
    background: Text = UNSET
    background_dark: Text = UNSET
    headings: dict[str, str] | UnsetType | None = UNSET
    support_uri: Text = UNSET
    privacy_uri: Text = UNSET
    terms_uri: Text = UNSET


def merge(
    present: Branding, given: BrandingFields | UnsetType | None, problems: list[Problem]
) -> Branding:
    """Return a branding after a change; problems are added to the list, under `branding`."""
    if given is UNSET:
        return present
    if given is None:
        return Branding()
    values: dict[str, Any] = {}
    for name in given.__struct_fields__:
        value = getattr(given, name)
        if value is None:
            values[name] = {} if name == "headings" else None
        elif value is not UNSET and (name != "logo" or value != present.logo):
            values[name] = value.lower() if name in _COLOURS else value
    wrong = _check(values)
    problems.extend(Problem(f"branding.{one.path}", one.message) for one in wrong)
    return msgspec.structs.replace(present, **values)


# Colours, and the card that they have to be readable on where they are for text.
_COLOURS = {
    "accent": CARD,
    "accent_dark": CARD_DARK,
    "background": None,
    "background_dark": None,
}
_LINKS = ("support_uri", "privacy_uri", "terms_uri")


def _check(values: dict[str, Any]) -> list[Problem]:
    problems = []
    for name, card in _COLOURS.items():
        if values.get(name) is not None and (wrong := _check_colour(values[name], card)):
            problems.append(Problem(name, wrong))
    problems += [
        Problem(name, wrong)
        for name in _LINKS
        if values.get(name) is not None and (wrong := _check_link(values[name]))
    ]
    if values.get("logo") is not None and (wrong := _check_logo(values["logo"])):
        problems.append(Problem("logo", wrong))
    headings = values.get("headings") or {}
    if len(headings) > MAX_HEADINGS:
        problems.append(Problem("headings", f"must have at most {MAX_HEADINGS} entries"))
    for tag, text in list(headings.items())[:MAX_HEADINGS]:
        path = f"headings.{shown(tag)}"
        if wrong := texts.check_locale(tag) or texts.check_name(text):
            problems.append(Problem(path, wrong))
    return problems


def _check_colour(text: str, card: str | None) -> str | None:
    if not is_colour(text):
        return "must be a colour written #rrggbb, such as #2a57c7"
    if card is None:
        return None
    ratio = contrast(text, card)
    if ratio >= READABLE:
        return None
    better = make_readable(text, card, "#000000" if card == CARD else "#ffffff")
    return (
        f"is hard to read: its contrast against the card, {card}, is {ratio:.1f} to 1, and must"
        f" be at least {READABLE} to 1 (WCAG 2.2, 1.4.3); {better} would do"
    )


def _check_link(text: str) -> str | None:
    if text.startswith("mailto:"):
        return texts.check_email(text.removeprefix("mailto:"))
    return _refusal(text)


def _check_logo(text: str) -> str | None:
    try:
        uris.parse_secure_link(text)
    except uris.Refused as refused:
        return f"{refused}; a file is given by the command `ostiary org set-logo`"
    return None


def _refusal(text: str) -> str | None:
    try:
        uris.parse_link(text)
    except uris.Refused as refused:
        return str(refused)
    return None
