import re
from pathlib import Path
from string import Formatter

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

import ostiary.pages
from ostiary.oauth.claims import USER_CLAIMS
from ostiary.oauth.scope import IDENTITY_SCOPES
from ostiary.pages.languages import (
    DEFAULT,
    PLURALS,
    Text,
    accepted_languages,
    choose_language,
    flatten,
    load_languages,
)

LANGUAGES = load_languages()
ENGLISH = LANGUAGES[DEFAULT]
FOLDER = Path(ostiary.pages.__file__).with_name("templates")
TEMPLATES = {
    file.relative_to(FOLDER).as_posix(): file.read_text(encoding="utf-8")
    for file in sorted(FOLDER.rglob("*.html"))
}
OTHERS = sorted(set(LANGUAGES) - {DEFAULT})


def placeholders(text: str | dict[str, str]) -> set[str]:
    forms = text.values() if isinstance(text, dict) else [text]
    return {name for form in forms for _, name, _, _ in Formatter().parse(form) if name}


def test_english_and_german_are_there() -> None:
    assert {"en", "de"} <= set(LANGUAGES)


def texts_of(tag: str) -> dict[str, Text]:
    """Return all texts but the sentences of rules, which are English where they are made."""
    texts = LANGUAGES[tag].texts
    return {key: text for key, text in texts.items() if not key.startswith("sentence.")}


@pytest.mark.parametrize("tag", OTHERS)
def test_a_language_has_every_text_and_no_other(tag: str) -> None:
    texts = texts_of(tag)
    assert set(ENGLISH.texts) - set(texts) == set(), "texts are missing"
    assert set(texts) - set(ENGLISH.texts) == set(), "texts that no page shows"


@pytest.mark.parametrize("tag", OTHERS)
def test_a_language_fills_in_the_same_values(tag: str) -> None:
    for key, text in texts_of(tag).items():
        assert placeholders(text) == placeholders(ENGLISH.texts[key]), key


@pytest.mark.parametrize("tag", sorted(LANGUAGES))
def test_a_language_has_the_plural_forms_that_it_needs(tag: str) -> None:
    needed = {*Locale.parse(tag, sep="-").plural_form.tags, "other"}
    for key, text in LANGUAGES[tag].texts.items():
        if isinstance(text, dict):
            assert set(text) == needed, key


@pytest.mark.parametrize("tag", sorted(LANGUAGES))
def test_a_language_tells_its_name_and_direction(tag: str) -> None:
    locale = Locale.parse(tag, sep="-")
    assert LANGUAGES[tag].direction == locale.text_direction
    assert LANGUAGES[tag].name == locale.get_display_name()


@pytest.mark.parametrize("tag", sorted(LANGUAGES))
def test_texts_are_texts(tag: str) -> None:
    for key, text in LANGUAGES[tag].texts.items():
        for form in text.values() if isinstance(text, dict) else [text]:
            assert isinstance(form, str), key
            assert form == form.strip() != "", key
            assert not re.search(r"[<>&]|\s{2}|!$", form), key


# The reference of the API is in English, as the API is.
@pytest.mark.parametrize("name", [name for name in TEMPLATES if name != "api.html"])
def test_a_template_has_no_words_of_its_own(name: str) -> None:
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", TEMPLATES[name], flags=re.DOTALL)
    named = re.findall(r'(?:alt|aria-label|placeholder|title)="([^"]*)"', text)
    text = re.sub(r"<(script|code)\b.*?</\1>", " ", text, flags=re.DOTALL)
    text = re.sub(r'[\w-]+="[^"]*"', " ", text)
    text = re.sub(r"<[^>]*>", " ", text)
    words = set(re.findall(r"[^\W\d_]{2,}", " ".join((text, *named))))
    # An attribute of a macro has no tag around it.
    assert words <= {"JSON", "required"}


def test_every_identity_scope_and_claim_has_words() -> None:
    assert all(ENGLISH.has(f"scope.{scope}") for scope in IDENTITY_SCOPES)
    assert all(ENGLISH.has(f"claim.{claim}") for claim in USER_CLAIMS)


@pytest.mark.parametrize(
    ("tag", "seconds", "said"),
    [
        ("en", 0, "1 second"),
        ("en", 1, "1 second"),
        ("en", 16, "16 seconds"),
        ("en", 59, "59 seconds"),
        ("en", 60, "1 minute"),
        ("en", 61, "2 minutes"),
        ("en", 900, "15 minutes"),
        ("en", 3600, "1 hour"),
        ("en", 7200, "2 hours"),
        ("en", 86400, "1 day"),
        ("en", 30 * 86400, "30 days"),
        ("de", 1, "1 Sekunde"),
        ("de", 900, "15 Minuten"),
        ("de", 30 * 86400, "30 Tage"),
    ],
)
def test_durations(tag: str, seconds: int, said: str) -> None:
    assert LANGUAGES[tag].duration(seconds) == said


def test_values_are_escaped() -> None:
    assert ENGLISH.text("login.lead", client="<b>&") == "to continue to &lt;b&gt;&amp;"


def test_values_are_never_read_as_formats() -> None:
    assert ENGLISH.text("login.lead", client="{x.__class__}") == "to continue to {x.__class__}"


def test_flatten() -> None:
    table = {"a": {"b": {"one": "x", "other": "y"}, "c": {"other": "z", "title": "t"}}}
    assert flatten(table) == {"a.b": {"one": "x", "other": "y"}, "a.c.other": "z", "a.c.title": "t"}
    assert "one" in PLURALS


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        (None, []),
        ("", []),
        ("de", ["de"]),
        ("de-CH, de;q=0.9, en;q=0.8", ["de-CH", "de", "en"]),
        ("en;q=0.2, de;q=0.9", ["de", "en"]),
        ("en;q=0, de", ["de"]),
        ("en;q=x, de;q=7, fr", ["fr"]),
        ("en;q=nan, de", ["de"]),
        ("*", ["*"]),
        (" de ; q=0.5 ", ["de"]),
        ("-" * 1000, []),
        ("de-" + "x" * 33 + ", en", ["en"]),
    ],
)
def test_rfc9110_accept_language(header: str | None, tags: list[str]) -> None:
    assert [tag for tag in accepted_languages(header) if tag] == tags


@given(st.text(max_size=2000))
def test_no_header_breaks_the_choice(header: str) -> None:
    assert len(accepted_languages(header)) <= 20
    assert choose_language(accepted_languages(header)).tag in LANGUAGES


@pytest.mark.parametrize(
    ("wanted", "tag"),
    [
        ([], "en"),
        (["de"], "de"),
        (["DE-ch"], "de"),
        (["de_AT"], "de"),
        (["fr", "de"], "de"),
        (["fr-CA"], "en"),
        (["*"], "en"),
        (["en-GB", "de"], "en"),
        (["", "de"], "de"),
    ],
)
def test_rfc4647_lookup(wanted: list[str], tag: str) -> None:
    assert choose_language(wanted).tag == tag
