"""Sentences that rules make are said in every language, whatever rule makes them."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import ostiary
from ostiary.advisor.failures import CAUSES, FAMILIES, UNASKABLE
from ostiary.advisor.stacks import STACKS
from ostiary.model.sentence import Sentence
from ostiary.pages.languages import DEFAULT, load_languages
from ostiary.playground.breaks import BREAKS
from ostiary.playground.claims import HEADER, MEANINGS
from ostiary.playground.flows import FLOWS
from ostiary.playground.notes import NOTES
from ostiary.playground.steps import STEPS

SOURCES = Path(ostiary.__file__).parent
PREFIX = "sentence."
LANGUAGES = load_languages()
OTHERS = sorted(set(LANGUAGES) - {DEFAULT})
# Sentences that are made of a table, by the file and the expression: `tabled` reads the tables.
OF_TABLES = {
    ("advisor/explanations.py", "found.cause"),
    ("advisor/explanations.py", "found.mend"),
    ("advisor/explanations.py", "UNASKABLE.cause"),
    ("advisor/explanations.py", "UNASKABLE.mend"),
}


def calls() -> Iterator[tuple[str, ast.expr]]:
    """Find what every sentence of the sources is made of, with the file that it is in."""
    for file in sorted(SOURCES.rglob("*.py")):
        name = file.relative_to(SOURCES).as_posix()
        if name.startswith("examples/"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Sentence":
                yield name, node.args[0]


def literal(made_of: ast.expr) -> str | None:
    if isinstance(made_of, ast.Constant) and isinstance(made_of.value, str):
        return made_of.value
    return None


def tabled() -> Iterator[str]:
    """Read the tables whose texts are sentences."""
    for cause in (*CAUSES.values(), *FAMILIES.values(), UNASKABLE):
        yield from cause
    yield from (stack.note for stack in STACKS.values() if stack.note)
    for broken in BREAKS.values():
        yield from (broken.title, broken.means, broken.right)
    yield from (broken.before for broken in BREAKS.values() if broken.before)
    for told in (*FLOWS.values(), *STEPS.values()):
        yield from (told.title, told.text)
    for note in NOTES.values():
        yield from (note.why, note.without)
    yield from (*MEANINGS.values(), *HEADER.values())


def made() -> set[str]:
    """Return every sentence that there can be."""
    written = {text for _, made_of in calls() if (text := literal(made_of)) is not None}
    return written | set(tabled())


def sentences_of(tag: str) -> dict[str, str]:
    texts = LANGUAGES[tag].texts
    return {key.removeprefix(PREFIX): texts[key] for key in texts if key.startswith(PREFIX)}


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


def test_every_sentence_is_written_out_where_it_is_made() -> None:
    """What is put together nobody finds to translate: values belong into placeholders."""
    others = {(name, ast.unparse(one)) for name, one in calls() if literal(one) is None}
    assert others == OF_TABLES


@pytest.mark.parametrize("tag", OTHERS)
def test_a_language_has_every_sentence_and_no_other(tag: str) -> None:
    sentences = sentences_of(tag)
    assert made() - set(sentences) == set(), "sentences are not translated"
    assert set(sentences) - made() == set(), "sentences that no rule makes"


@pytest.mark.parametrize("tag", OTHERS)
def test_a_language_fills_the_same_values_into_its_sentences(tag: str) -> None:
    for english, sentence in sentences_of(tag).items():
        assert placeholders(sentence) == placeholders(english), english


@pytest.mark.parametrize("tag", OTHERS)
def test_codes_and_sentences_end_as_they_do_in_english(tag: str) -> None:
    for english, sentence in sentences_of(tag).items():
        assert sentence.count("`") == english.count("`"), english
        assert sentence.endswith(".") == english.endswith("."), english


def test_values_are_said_in_the_language_as_well() -> None:
    said = Sentence(
        "It differs from a registered one only in {difference}.",
        {"difference": Sentence("its port")},
    )
    assert str(said) == "It differs from a registered one only in its port."
    assert LANGUAGES["en"].said(said) == str(said)
    assert LANGUAGES["de"].said(said) == (
        "Von einer registrierten unterscheidet sie nur eines: der Port."
    )


def test_words_of_somebody_else_stay_as_they_are() -> None:
    said = Sentence.verbatim("{values} 100 % {0!r}")
    assert str(said) == "{values} 100 % {0!r}"
    assert LANGUAGES["en"].said(said) == str(said)


def test_values_are_never_read_as_formats() -> None:
    said = Sentence("Register this origin: {value}", {"value": "{value.__class__}"})
    assert LANGUAGES["de"].said(said) == "Diesen Origin registrieren: {value.__class__}"


def test_what_a_language_lacks_is_marked_as_english() -> None:
    said = Sentence.verbatim("The <moon> is full.")
    assert LANGUAGES["en"].said(said) == "The &lt;moon&gt; is full."
    assert LANGUAGES["de"].said(said) == '<span lang="en">The &lt;moon&gt; is full.</span>'
    nested = Sentence("Register this origin: {value}", {"value": said})
    assert (
        LANGUAGES["de"].said(nested).endswith('n: <span lang="en">The &lt;moon&gt; is full.</span>')
    )


def test_a_text_of_a_table_has_no_values() -> None:
    assert LANGUAGES["de"].said("its port") == "der Port"
    assert LANGUAGES["en"].said("{x.__class__} <b>") == "{x.__class__} &lt;b&gt;"
