import pytest

from ostiary.advisor.additions import ADDITIONS
from ostiary.advisor.advice import advise
from ostiary.advisor.answers import settle
from ostiary.advisor.capabilities import CAPABILITIES
from ostiary.advisor.references import SOURCES, WARNINGS, Severity
from ostiary.advisor.registration import Inputs, complete, example
from ostiary.advisor.rule import Sender
from ostiary.advisor.rules import RULES


def advice_for(**given: str):
    standing = settle(given)
    assert standing.next is None, standing.next
    return advise(standing.known)


def person(where: str, purpose: str = "apis", **further: str):
    return advice_for(who="person", where=where, purpose=purpose, **further)


@pytest.mark.parametrize(
    ("where", "further", "rule"),
    [
        ("server", {}, "web"),
        ("browser", {"backend": "yes"}, "bff"),
        ("browser", {"backend": "no"}, "spa"),
        ("app", {}, "native"),
        ("terminal", {"browser": "yes"}, "cli"),
        ("terminal", {"browser": "no"}, "device"),
        ("device", {}, "device"),
    ],
)
def test_s0_16_code_with_pkce_wherever_there_is_a_browser(where, further, rule) -> None:
    advice = person(where, **further)
    assert advice.rule.id == rule
    assert advice.missing == ()
    if rule != "device":
        assert advice.rule.flow == "code-pkce"
        assert "pkce-always" in advice.reasons


def test_s0_17_it_is_preferred_to_every_other_way() -> None:
    assert [one for one in RULES["web"].fallbacks if not RULES[one].legacy] == []


def test_s0_18_a_machine_signs_with_its_key() -> None:
    advice = advice_for(who="nobody", credential="key")
    assert advice.method == "private_key_jwt"
    assert "zitadel-machine" in advice.sources
    assert advice_for(who="nobody", credential="file").rule.flow == "jwt-bearer"


def test_s2_09_who_signs_people_in_asks_for_openid() -> None:
    for rule in RULES.values():
        if rule.people and not rule.legacy:
            assert "openid" in rule.reasons, rule.id
    assert "openid" in person("server").settings["allowed_scopes"]
    assert "allowed_scopes" not in advice_for(who="nobody", credential="secret").settings


def test_s2_06_web_technology_in_an_app_is_native() -> None:
    advice = person("app")
    assert "web-view" in advice.warnings
    assert "baier-native" in advice.sources


def test_s2_25_an_app_of_ones_own_has_no_password_form() -> None:
    assert "no-password-form" in person("app").warnings
    assert not any(RULES[one].flow == "password" for one in RULES["native"].fallbacks)


def test_s2_11_a_backend_for_the_frontend_comes_before_tokens_in_the_browser() -> None:
    assert person("browser", backend="no").fallbacks[0] == "bff"
    assert "tokens-on-server" in person("browser", backend="yes").reasons


def test_s2_04_what_of_implicit_travels_through_the_browser_is_said() -> None:
    advice = person("browser", backend="no", legacy="implicit")
    assert advice.rule.id == "legacy-token"
    assert "token-in-front" in advice.warnings
    assert WARNINGS["token-in-front"].severity is Severity.DANGER


def test_s2_20_the_ranking_is_told_with_what_overrules_it() -> None:
    assert "baier-ranking" in RULES["legacy-hybrid"].sources
    assert "baier-hybrid" in person("server").sources
    assert SOURCES["baier-hybrid"].overruled_by == "RFC 9700, 2.1.1"
    assert SOURCES["baier-implicit"].overruled_by == "RFC 9700, 2.1.2"


def test_s0_04_s2_23_what_is_old_is_warned_of() -> None:
    for rule in RULES.values():
        if rule.legacy:
            assert "legacy" in rule.warnings
            assert "zitadel-unfit" in rule.sources
    assert WARNINGS["legacy"].severity is Severity.DANGER


def test_s1_50_s1_52_state_is_to_be_checked_and_tokens_kept_well() -> None:
    for where, further in (("server", {}), ("browser", {"backend": "no"})):
        assert {"check-answer", "storage"} <= set(person(where, **further).warnings)


def test_s3_12_code_alone_protects_little() -> None:
    advice = person("server", legacy="no-pkce")
    assert "interception" in advice.warnings
    assert advice.settings["require_pkce"] is False


def test_refresh_tokens_follow_the_purpose() -> None:
    assert person("server").refresh is None
    away = person("server", "away")
    assert away.settings["grant_types"] == ["authorization_code", "refresh_token"]
    assert "offline_access" in away.settings["allowed_scopes"]
    assert person("app").refresh is not None
    assert person("app", "login").refresh is None


def test_an_agent_is_asked_each_time_and_briefly() -> None:
    advice = advice_for(who="agent", where="app", purpose="away")
    assert advice.rule.id == "native"
    assert "agent" in advice.additions
    assert advice.settings["require_consent"] is True
    assert advice.settings["access_token_lifetime"] == 600
    assert advice.refresh.absolute == 30 * 86400


def test_high_risk_asks_for_what_is_there_and_names_what_is_not() -> None:
    advice = person("server", risk="high")
    assert advice.rule is advice.now
    assert advice.settings["require_pushed_authorization_requests"] is True
    assert advice.method == "private_key_jwt"
    assert advice.sender is Sender.REQUIRED
    assert advice.missing == tuple(
        one for one in ADDITIONS["high"].needs if not CAPABILITIES[one]()
    )
    assert "public-high" in person("app", risk="high").warnings


def test_high_risk_leaves_no_secret() -> None:
    advice = advice_for(who="nobody", credential="secret", risk="high")
    assert advice.rule.id == "m2m-key"


def test_what_is_not_there_names_the_nearest(monkeypatch) -> None:
    monkeypatch.setitem(CAPABILITIES, "mtls", lambda: False)
    advice = advice_for(who="nobody", credential="certificate")
    assert (advice.rule.id, advice.now.id) == ("m2m-mtls", "m2m-key")
    assert advice.missing == ("mtls",)
    assert advice.settings["token_endpoint_auth_method"] == "private_key_jwt"


def test_what_arrives_is_advised(monkeypatch) -> None:
    monkeypatch.setitem(CAPABILITIES, "dpop", lambda: True)
    monkeypatch.setitem(CAPABILITIES, "fapi", lambda: True)
    advice = person("server", risk="high")
    assert advice.missing == ()
    assert advice.settings["dpop_bound_access_tokens"] is True


def test_whoever_brings_keys_proves_itself_by_them() -> None:
    keys = {"keys": [{"kty": "EC"}]}
    inputs = Inputs(name="Shop", redirect_uris=("https://shop.test/cb",), jwks=keys)
    metadata = complete(person("server"), inputs)
    assert metadata["token_endpoint_auth_method"] == "private_key_jwt"
    assert metadata["jwks"] == keys
    # A single-page application has nothing to keep a key in.
    assert "jwks" not in complete(person("browser", backend="no"), inputs)


def test_the_example_has_the_address_of_the_framework() -> None:
    assert example(person("server"), "django")["redirect_uris"] == [
        "http://localhost:8000/oidc/callback/"
    ]
