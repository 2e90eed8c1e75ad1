"""Nothing that could be secret is kept of a request, wherever it was put."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.clock import SystemEntropy
from ostiary.oauth import handle, redaction
from ostiary.oauth.message import Form, parse_form
from ostiary.oauth.redaction import (
    MAX_PARAMETERS,
    scrub,
    show_answer,
    show_parameters,
)

ENTROPY = SystemEntropy()
SECRET_NAMES = (
    *("client_secret", "password", "code", "code_verifier", "refresh_token", "access_token"),
    *("token", "client_assertion", "assertion", "id_token_hint", "subject_token", "actor_token"),
    *("device_code", "user_code", "request", "username", "login_hint", "state", "nonce"),
    *("claims", "logout_hint", "anything_else"),
)
PLAIN_NAMES = ("client_id", "redirect_uri", "scope", "resource", "grant_type")
LETTERS = string.ascii_letters + string.digits + "-_~"


def form(**values: str) -> Form:
    return Form(values)


@pytest.mark.parametrize("name", SECRET_NAMES)
@given(value=st.text(min_size=1, max_size=80))
def test_of_what_could_be_secret_the_length_alone_is_told(name, value):
    unit = "character" if len(value) == 1 else "characters"
    assert show_parameters(form(**{name: value})) == {name: f"{len(value)} {unit}"}


@pytest.mark.parametrize("name", PLAIN_NAMES)
@given(
    secret=st.text(LETTERS, min_size=40, max_size=90),
    before=st.text(max_size=20),
    after=st.text(" ./?&=:", max_size=3),
)
def test_a_token_in_the_wrong_parameter_is_cut_out(name, secret, before, after):
    shown = show_parameters(form(**{name: before + " " + secret + after}))[name]
    assert secret not in shown
    assert shown.isascii() or "…" in shown
    assert len(shown) <= 300


@pytest.mark.parametrize("kind", handle.Kind)
def test_every_kind_of_token_is_cut_out(kind):
    token = handle.make(kind, ENTROPY)
    assert token not in scrub(f"https://a.test/cb?x={token}")
    assert token[:12] not in scrub(token)
    assert handle.random_text(ENTROPY)[:40] not in scrub(f"x {handle.random_text(ENTROPY)}")


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://u:p@a.test/cb", "https://…@a.test/cb"),
        ("https://a.test/cb?code=abc&x=1", "https://a.test/cb?code=…&x=1"),
        ("https://a.test/#access_token=abc", "https://a.test/#access_token=…"),
        ("https://a.test/cb?Password=hunter2", "https://a.test/cb?Password=…"),
        ("https://a.test/callback/", "https://a.test/callback/"),
        (
            "https://shop-git-a-branch-with-a-long-name-of-the-team.preview.test:8443/cb",
            "https://shop-git-a-branch-with-a-long-name-of-the-team.preview.test:8443/cb",
        ),
        ("https://a.test/" + "a1-" * 14, "https://a.test/[42 characters]"),
        ("https://" + "aB3" * 14 + ".test/", "https://[42 characters].test/"),
        ("https://" + "a" * 42, "https://[42 characters]"),
        ("eyJhbGciOiJub25lIn0.e30.", "[24 characters]"),
    ],
)
def test_addresses(uri, shown):
    assert scrub(uri) == shown


def test_a_challenge_is_told_only_in_part_and_only_where_it_is_one():
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    hashed = show_parameters(form(code_challenge=challenge, code_challenge_method="S256"))
    assert hashed["code_challenge"] == "E9Melhoa… (43 characters)"
    for method in ({}, {"code_challenge_method": "plain"}):
        assert show_parameters(form(code_challenge=challenge, **method))["code_challenge"] == (
            "43 characters"
        )


def test_lx_01_of_a_body_that_is_no_form_nothing_is_kept():
    body = b'{"client_secret":"hunter2hunter2==","client_id":"app"}'
    assert show_parameters(parse_form(body)) == {"[name of 32 characters]": "21 characters"}


def test_pushed_requests_are_not_named():
    text = "urn:ietf:params:oauth:request_uri:" + handle.random_text(ENTROPY)
    assert show_parameters(form(request_uri=text)) == {
        "request_uri": "urn:ietf:params:oauth:request_uri:…"
    }
    assert show_answer({"request_uri": text, "expires_in": 60}) == {
        "request_uri": "urn:ietf:params:oauth:request_uri:…",
        "expires_in": "60",
    }


@given(
    st.dictionaries(st.text(max_size=90), st.text(max_size=400), max_size=100),
    st.lists(st.text(max_size=90), max_size=100),
)
def test_whatever_comes_is_bounded_and_printable(values, duplicates):
    shown = show_parameters(Form(values, {}, tuple(duplicates)))
    assert len(shown) <= 2 * MAX_PARAMETERS + 1
    for name, value in shown.items():
        assert len(name) <= 40
        assert len(value) <= 300
        assert (name + value).replace("…", "").isprintable()


def test_repeated_values_are_told_together():
    repeated = Form(
        {"resource": "https://b.test"}, {"resource": ("https://a.test", "https://b.test")}
    )
    assert show_parameters(repeated) == {"resource": "https://a.test https://b.test"}
    assert show_parameters(Form({"scope": "a"}, {}, ("scope",))) == {"scope": "sent more than once"}


def test_answers_name_what_was_given():
    answer = {
        "access_token": "secret",
        "token_type": "Bearer",
        "expires_in": 300,
        "active": True,
        "act": {"sub": "alice"},
    }
    assert show_answer(answer) == {
        "access_token": "6 characters",
        "token_type": "Bearer",
        "expires_in": "300",
        "active": "true",
    }


@given(st.text(LETTERS, min_size=40, max_size=60), st.integers(1900, 2100))
def test_a_token_that_is_cut_in_two_is_not_half_shown(secret, position):
    shown = scrub("x " * (position // 2) + secret)
    assert not any(secret[:length] in shown for length in (12, 20, 39))


def test_many_tokens_in_a_row_are_all_cut_out():
    tokens = [handle.random_text(ENTROPY) for _ in range(200)]
    shown = scrub(" ".join(tokens))
    assert not any(token[:8] in shown for token in tokens)


@pytest.mark.parametrize("end", ["!", "a", " eyJabcdefgh", "…"])
def test_a_long_text_is_cut_behind_its_last_whole_word(end):
    word = "b" * 30
    text = ("a." * 900 + "/" + word * 40)[:2000] + end * 30
    assert word not in scrub(text)


def test_no_pattern_is_searched_for_that_has_to_end_with_the_text():
    """Searched for in what a stranger sent, such a one takes the square of its length."""
    patterns = [one.pattern for one in vars(redaction).values() if isinstance(one, re.Pattern)]
    assert patterns
    assert [one for one in patterns if one.endswith((r"\Z", "$"))] == []
