"""The page about authorization requests lists what the code reads, with the code's limits."""

import re
from pathlib import Path

import pytest

from ostiary.oauth import claims_request, registry, scope
from ostiary.oauth.authorization import hints, parameters, pending, steps
from ostiary.oauth.authorization.interaction import Reason

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/authorization-requests.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROWS = {
    name: row
    for row in re.findall(r"^\| (`.*) \|$", TEXT.partition("## Where")[0], re.MULTILINE)
    for name in re.findall(r"`(\w+)`", row.partition("|")[0])
}


def test_every_parameter_is_documented_and_nothing_else():
    read = {name for step in steps.STEPS for name in step.parameters}
    assert set(ROWS) == read | {"client_id", "redirect_uri"}


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("client_id", steps.MAX_CLIENT_ID),
        ("state", parameters.MAX_STATE),
        ("nonce", parameters.MAX_NONCE),
        ("code_challenge", parameters.CHALLENGE_LENGTH),
        ("scope", scope.MAX_SCOPES),
        ("max_age", hints.MAX_AGE),
        ("login_hint", hints.MAX_LOGIN_HINT),
        ("acr_values", hints.MAX_VALUES),
        ("ui_locales", hints.MAX_VALUES),
        ("claims", claims_request.MAX_BYTES),
        ("claims", claims_request.MAX_CLAIMS),
    ],
)
def test_limits(name, limit):
    assert re.search(rf"\b{limit}\b", ROWS[name].rpartition("|")[2])


@pytest.mark.parametrize("value", registry.RESPONSE_MODES)
def test_response_modes(value):
    assert f"`{value}`" in ROWS["response_mode"]


@pytest.mark.parametrize("value", registry.PROMPTS)
def test_prompts(value):
    assert f"`{value}`" in ROWS["prompt"]


@pytest.mark.parametrize("reason", Reason)
def test_everything_that_a_person_is_asked_for_is_explained(reason):
    told = {
        Reason.SECOND_FACTOR: "| somebody has a second factor",
        Reason.SELECT_ORGANIZATION: "| somebody belongs to several organizations",
    }
    assert told.get(reason, f"prompt={reason}`") in TEXT


def test_bounds_of_flows():
    assert f"for {pending.LIFETIME // 60} minutes" in TEXT
    assert f"At most {pending.MAX_PER_PEER} requests" in TEXT
    assert f"{pending.MAX_TOTAL} in all" in TEXT
    assert f"from {pending.CROWDED} on, {pending.MAX_PER_PEER_CROWDED} for one" in TEXT
