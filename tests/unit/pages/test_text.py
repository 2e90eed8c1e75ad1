"""Names from outside, as pages show them."""

import pytest

from ostiary.model.client import Client
from ostiary.pages.text import in_language, shown_name


def client(name="Shop", **localized):
    texts = {f"client_name#{tag.replace('_', '-')}": text for tag, text in localized.items()}
    return Client(client_id="shop-1", organization_id="acme", client_name=name, localized=texts)


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        (None, "Shop"),
        ("en", "Shop"),
        ("de", "Laden"),
        ("DE", "Laden"),
        ("de-AT", "Laden"),
        ("de-CH", "L\u00e4deli"),
        ("fr", "Boutique"),
        ("f", "Shop"),
    ],
)
def test_the_closest_language_is_taken(tag, name):
    named = client(de="Laden", de_CH="L\u00e4deli", fr_CA="Boutique")
    assert shown_name(named, tag) == name


def test_of_several_kinds_of_a_language_the_first_stands_for_the_others():
    assert shown_name(client(de_AT="Greisslerei", de_CH="L\u00e4deli"), "de") == "Greisslerei"


def test_names_in_other_languages_are_made_fit_as_well():
    assert shown_name(client(de="\u202eLaden\u0007  2" + "x" * 90), "de") == (
        "Laden 2" + "x" * 56 + "\u2026"
    )


def test_without_any_name_the_id_is_shown():
    assert shown_name(client("", de="\u200b"), "de") == "shop-1"
    assert shown_name(client("", de="Laden"), "en") == "shop-1"


def test_other_members_have_languages_of_their_own():
    named = client(de="Laden")
    assert in_language(named, "client_uri", "de") is None
