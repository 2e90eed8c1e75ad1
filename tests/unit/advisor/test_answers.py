import pytest

from ostiary.admin.client_metadata import ClientMetadata
from ostiary.advisor.advice import advise
from ostiary.advisor.answers import Refused, settle, walk
from ostiary.advisor.capabilities import CAPABILITIES
from ostiary.advisor.frameworks import FRAMEWORKS
from ostiary.cli.presets import PRESETS


def refusal(**given: str):
    with pytest.raises(Refused) as caught:
        settle(given)
    (problem,) = caught.value.problems
    return problem.kind, problem.name, problem.choices


def test_nothing_answered_asks_who() -> None:
    standing = settle({})
    assert standing.next.id == "who"
    assert standing.known == {}


def test_s0_03_confidentiality_and_technology_are_what_is_asked() -> None:
    assert settle({"who": "person"}).next.id == "where"
    assert settle({"who": "nobody"}).next.id == "credential"


def test_answers_ahead_of_their_turn_wait() -> None:
    standing = settle({"purpose": "login", "risk": "high"})
    assert standing.next.id == "who"
    done = settle({"purpose": "login", "risk": "high", "who": "person", "where": "server"})
    assert done.next is None
    assert done.known["risk"] == "high"


def test_s0_05_no_legacy_unless_somebody_says_so() -> None:
    done = settle({"who": "person", "where": "server", "purpose": "apis"})
    assert done.known["legacy"] == "none"
    assert done.known["risk"] == "normal"


def test_unknown_question() -> None:
    kind, name, choices = refusal(colour="red")
    assert (kind, name) == ("unknown_question", "colour")
    assert "who" in choices


def test_unknown_answer() -> None:
    assert refusal(who="everybody") == (
        "unknown_answer",
        "who",
        ("person", "nobody", "service", "agent"),
    )
    assert refusal(framework="cobol")[:2] == ("unknown_answer", "framework")


def test_an_answer_to_what_is_not_asked() -> None:
    kind, name, _ = refusal(who="nobody", credential="key", purpose="login")
    assert (kind, name) == ("not_asked", "purpose")


def test_an_answer_that_does_not_exist_here() -> None:
    kind, name, choices = refusal(who="agent", where="device")
    assert (kind, name) == ("not_here", "where")
    assert "device" not in choices
    assert refusal(who="person", where="app", purpose="login", legacy="hybrid") == (
        "not_here",
        "legacy",
        ("none",),
    )


def test_high_risk_opens_no_door_to_what_is_old() -> None:
    kind, name, choices = refusal(
        who="person", where="server", purpose="login", risk="high", legacy="no-pkce"
    )
    assert (kind, name, choices) == ("not_here", "legacy", ("none",))


def test_a_contradiction_to_the_framework() -> None:
    assert refusal(framework="fastapi", where="browser") == ("contradicts", "where", ("server",))
    assert settle({"framework": "fastapi", "where": "server"}).next.id == "purpose"


def test_every_framework_has_a_preset_of_a_kind_that_is_advised() -> None:
    assert list(FRAMEWORKS) == list(PRESETS)
    for name, framework in FRAMEWORKS.items():
        kinds = {advise(way).settings.get("type") for way in walk(dict(framework.answers))}
        assert PRESETS[name].metadata["type"] in kinds, name


@pytest.mark.parametrize(
    ("capability", "member"),
    [
        ("dpop", "dpop_bound_access_tokens"),
        ("mtls", "tls_client_auth_subject_dn"),
        ("ciba", "backchannel_token_delivery_mode"),
        ("fapi", "profile"),
    ],
)
def test_a_capability_is_there_when_its_metadata_is(capability: str, member: str) -> None:
    """What registration refuses as not available in this version is not there."""
    assert CAPABILITIES[capability]() is (member not in ClientMetadata.later)
