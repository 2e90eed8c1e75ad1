"""The reference says what the code does: its generated pages are those that the code makes."""

import re
import runpy
from pathlib import Path

import pytest

from ostiary.model.event import Event
from ostiary.model.event_types import EVENT_TYPES
from ostiary.oauth.errors import OAuthError
from ostiary.settings import OPTIONS

ROOT = Path(__file__).resolve().parents[2]
GENERATED = runpy.run_path(str(ROOT / "scripts/write_reference.py"))
PAGES = GENERATED["pages"]()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_generated_page_is_the_committed_one(path):
    assert path.read_text(encoding="utf-8") == PAGES[path], "run `make docs`"


def subclasses(parent: type) -> set[type]:
    """Return the classes below a class, at any depth, that the package itself defines."""
    found = {child for child in parent.__subclasses__() if child.__module__ == parent.__module__}
    return found.union(*map(subclasses, found))


def test_every_setting_is_documented():
    text = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    variables = set(re.findall(r"`(OSTIARY_[A-Z_]+)` \|$", text, re.MULTILINE))
    assert variables == {option.variable for option in OPTIONS}


def test_every_error_code_is_documented():
    text = (ROOT / "docs/reference/errors.md").read_text(encoding="utf-8")
    codes = set(re.findall(r"^## `([a-z_]+)`$", text, re.MULTILINE))
    assert codes == {error_class.error for error_class in subclasses(OAuthError)}


def test_every_type_of_event_is_documented():
    text = (ROOT / "docs/reference/events.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z_.]+\.[a-z_]+)` \|", text, re.MULTILINE)) == set(EVENT_TYPES)
    fields = set(re.findall(r"`([a-z_]+)`", text.split("## Types", maxsplit=1)[0]))
    assert set(Event.__struct_fields__) <= fields
