"""Typed requests from parsed values: every problem at once, each with its path."""

import pytest

from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.decode import decode
from ostiary.admin.errors import Invalid
from ostiary.admin.user_fields import UserFields


def problems(kind, value):
    with pytest.raises(Invalid) as refused:
        decode(kind, value)
    return {problem.path: problem.message for problem in refused.value.problems}


def test_unknown_keys_come_with_a_suggestion():
    assert problems(ClientMetadata, {"redirect_uri": []}) == {
        "redirect_uri": "is not a key that exists here; did you mean redirect_uris?"
    }


def test_unknown_keys_without_a_likeness_come_without():
    assert problems(ClientMetadata, {"zzz": 1}) == {"zzz": "is not a key that exists here"}


def test_keys_of_later_capabilities_are_refused_by_name():
    found = problems(ClientMetadata, {"dpop_bound_access_tokens": True})
    assert found == {"dpop_bound_access_tokens": "is not available in this version"}


@pytest.mark.parametrize("value", [None, False, [], {}])
def test_what_switches_nothing_on_is_accepted(value):
    assert decode(ClientMetadata, {"software_statement": value}) == ClientMetadata()


def test_all_problems_are_told_at_once():
    found = problems(
        ClientMetadata,
        {
            "client_name": 1,
            "redirect_uris": "https://app.test/",
            "grant_types": ["a", 2, None],
            "require_pkce": "yes",
            "clock_skew": True,
            "type": "web",
            "jwks": [],
        },
    )
    assert found == {
        "client_name": "must be text, not a number (put it in quotes)",
        "redirect_uris": "must be a list, not text",
        "grant_types[1]": "must be text, not a number (put it in quotes)",
        "grant_types[2]": "must be text, not nothing (null)",
        "require_pkce": "must be true or false, not text",
        "clock_skew": "must be a whole number, not true or false",
        "type": "must be one of OIDC_APP_TYPE_WEB, OIDC_APP_TYPE_USER_AGENT,"
        " OIDC_APP_TYPE_NATIVE, API, DEVICE",
        "jwks": "must be a mapping of keys to values, not a list",
    }


def test_paths_lead_into_parts():
    assert problems(UserFields, {"email": {"adress": "x"}, "metadata": {"plan": 1}}) == {
        "email.adress": "is not a key that exists here; did you mean address?",
        "email.address": "is missing",
        "metadata.plan": "must be text, not a number (put it in quotes)",
    }


@pytest.mark.parametrize("value", [None, 1, "x", [], True])
def test_what_is_no_mapping(value):
    assert list(problems(UserFields, value)) == [""]


def test_a_misspelt_choice_comes_with_a_suggestion():
    found = problems(ClientMetadata, {"type": "OIDC_APP_TYPE_NATIV"})
    assert found["type"].endswith("did you mean OIDC_APP_TYPE_NATIVE?")


def test_foreign_keys_are_shown_short_and_printable():
    (path,) = problems(ClientMetadata, {"a\x1b[31m\n" + "b" * 100_000: 1})
    assert path.isprintable()
    assert len(path) < 100


def test_at_most_fifty_problems_are_told():
    assert len(problems(ClientMetadata, {str(number): 1 for number in range(1000)})) == 50


def test_null_is_told_from_nothing():
    assert decode(ClientMetadata, {"client_uri": None}) != decode(ClientMetadata, {})


def test_passwords_are_not_in_the_text_of_a_request():
    request = decode(UserFields, {"username": "a", "password": {"plain": "correct horse"}})
    assert "correct horse" not in repr(request)
