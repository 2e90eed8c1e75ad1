"""The setup page in every language, with every problem that it can tell."""

import pytest

from ostiary.identity.password_policy import Fault
from ostiary.pages.languages import choose_language
from ostiary.pages.render import Pages
from ostiary.pages.views import Problem, SetupPage
from ostiary.web.new_password import _FAULTS

PAGES = Pages(lambda name: f"/static/{name}")
KEYS = [*_FAULTS.values(), "username_invalid", "username_taken", "email_invalid"]


def test_every_fault_of_a_password_has_words():
    assert set(_FAULTS) == set(Fault)


@pytest.mark.parametrize("tag", ["en", "de"])
@pytest.mark.parametrize("key", KEYS)
def test_problems(tag, key):
    page = SetupPage(
        site="<id>", action="/setup", min_length=15, username="<b>", problem=Problem(key=key)
    )
    text = PAGES.render(page, choose_language((tag,))).decode()
    assert f'lang="{tag}"' in text
    assert "<b>" not in text.replace("<bdi>", "")
    assert "15" in text


@pytest.mark.parametrize("tag", ["en", "de"])
def test_done(tag):
    page = SetupPage(site="id.test", action="/setup", min_length=15, username="root", done=True)
    text = PAGES.render(page, choose_language((tag,))).decode()
    assert "root" in text
    assert "<form" not in text
