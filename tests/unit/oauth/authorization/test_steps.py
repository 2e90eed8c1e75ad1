"""The table of steps."""

import inspect

import pytest

from ostiary.oauth import registry
from ostiary.oauth.authorization import hints, parameters
from ostiary.oauth.authorization.response import RENDERERS, default_mode
from ostiary.oauth.authorization.steps import STEPS


def test_every_step_that_exists_is_in_the_table_once():
    written = {
        function
        for module in (parameters, hints)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_") and name != "change"
    }
    listed = [step.run for step in STEPS]
    assert set(listed) == written
    assert len(set(listed)) == len(listed)


def test_every_step_names_where_its_rule_is_written():
    assert all(step.section and step.run.__doc__ for step in STEPS)


@pytest.mark.parametrize(
    "name",
    [
        *("response_type", "scope", "state", "nonce", "prompt", "max_age", "login_hint"),
        *("id_token_hint", "acr_values", "ui_locales", "claims", "response_mode", "resource"),
        *("code_challenge", "code_challenge_method", "request", "request_uri", "registration"),
    ],
)
def test_every_parameter_has_one_step(name):
    assert len([step for step in STEPS if name in step.parameters]) == 1


def test_duplicates_are_refused_first_and_nothing_is_read_before():
    assert STEPS[0].run is parameters.refuse_duplicates


def test_every_response_type_has_a_default_mode_that_exists():
    modes = {kind: default_mode(kind) for kind in registry.RESPONSE_TYPES}
    assert modes.pop("code") == "query"
    assert set(modes.values()) == {"fragment"}
    assert {"query", "fragment"} <= RENDERERS.keys()
