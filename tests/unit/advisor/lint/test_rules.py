"""Each rule of lint finds what it is about, and nothing else; its mend ends what it found."""

import re

import msgspec
import pytest

from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.client_rules import Surroundings, settle
from ostiary.admin.decode import decode
from ostiary.admin.errors import Problem
from ostiary.admin.policies import merge
from ostiary.advisor.lint.evidence import Evidence
from ostiary.advisor.lint.finding import Found, LintRule
from ostiary.advisor.lint.rules import APPLICATION_RULES, POLICY_RULES, examine, examine_policies
from ostiary.advisor.references import Severity
from ostiary.model.client import Legacy
from ostiary.model.policy import (
    ClientRegistration,
    JoiningMode,
    LoginPolicy,
    MfaPolicy,
    MfaRequired,
    PasswordPolicy,
    Policies,
    RegistrationMode,
    TokenLifetimes,
    UserRegistration,
)
from ostiary.pages.languages import load_languages
from ostiary.store.reads.instance import merge_policies
from support.lint import CASES, evidence

FOUND = [(rule, one) for rule, (found, _) in CASES.items() for one in found]
CLEAN = [(rule, one) for rule, (_, clean) in CASES.items() for one in clean]
SURROUNDINGS = Surroundings(
    scopes=frozenset({"openid", "profile", "orders"}), algs=("RS256", "ES256")
)


def found(rule: str, facts: Evidence):
    return [one for one in examine(facts) if one.rule == rule]


def test_every_rule_has_cases():
    assert set(CASES) == set(APPLICATION_RULES)


@pytest.mark.parametrize(("rule", "facts"), FOUND)
def test_a_rule_finds_what_it_is_about(rule, facts):
    assert found(rule, facts)


@pytest.mark.parametrize(("rule", "facts"), CLEAN)
def test_a_rule_finds_nothing_else(rule, facts):
    assert found(rule, facts) == []


@pytest.mark.parametrize(("rule", "facts"), FOUND)
def test_a_mend_is_a_change_that_is_accepted_and_ends_the_finding(rule, facts):
    for finding in found(rule, facts):
        if finding.mend is None:
            continue
        values = settle(decode(ClientMetadata, dict(finding.mend)), facts.client, SURROUNDINGS)
        client = msgspec.structs.replace(facts.client, **values)
        assert client != facts.client
        left = found(rule, msgspec.structs.replace(facts, client=client))
        assert finding.target not in {one.target for one in left}


@pytest.mark.parametrize("rule", ["never-used", "nonce-never-sent", "secret-old", "native-secret"])
def test_what_a_person_has_to_decide_has_no_mend(rule):
    assert {one.mend for facts in CASES[rule][0] for one in found(rule, facts)} == {None}


@pytest.mark.parametrize(
    ("facts", "mend"),
    [
        (CASES["pkce-not-required"][0][0], None),
        (CASES["pkce-not-required"][0][1], {"require_pkce": True}),
        (
            CASES["legacy-unused"][0][1],
            {
                "grant_types": ["authorization_code"],
                "response_types": ["code"],
                "legacy": None,
            },
        ),
        (CASES["legacy-unused"][0][3], None),
        (CASES["legacy-unused"][0][4], None),
        (CASES["redirect-uri-unused"][0][0], {"redirect_uris": ["https://app.example/cb"]}),
        (CASES["type-contradicts-method"][0][1], None),
        (
            CASES["refresh-unused"][0][1],
            {"grant_types": ["authorization_code"], "refresh_token_always": False},
        ),
        (CASES["grant-unused"][0][3], {"grant_types": ["client_credentials"]}),
        (CASES["refresh-long"][0][1], {"refresh_idle_lifetime": 24 * 3600}),
    ],
)
def test_a_mend_changes_no_more_than_it_has_to(facts, mend):
    rule = next(rule for rule, (cases, _) in CASES.items() if facts in cases)
    (finding,) = found(rule, facts)
    assert finding.mend == mend


def test_the_worst_comes_first():
    facts = evidence(
        require_pkce=False,
        legacy=Legacy(reason="A portal.", until="2026-12-31"),
        allowed_scopes=("profile",),
    )
    severities = [one.severity for one in examine(facts)]
    assert severities == sorted(severities, key=list(Severity).index, reverse=True)
    assert severities[0] is Severity.DANGER


OPEN = {"mode": RegistrationMode.OPEN, "require_pkce": True}
POLICIES = {
    "policy-unsigned-id-tokens": Policies(
        client_registration=ClientRegistration(allow_unsigned_id_token=True)
    ),
    "policy-joining-unverified": Policies(
        user_registration=UserRegistration(mode=JoiningMode.OPEN, verify_email=False)
    ),
    "policy-registration-open": Policies(client_registration=ClientRegistration(**OPEN)),
    "policy-registration-legacy": Policies(
        client_registration=ClientRegistration(
            mode=RegistrationMode.TOKEN, require_pkce=True, legacy=Legacy(reason="A portal.")
        )
    ),
    "policy-registration-pkce": Policies(
        client_registration=ClientRegistration(mode=RegistrationMode.TOKEN)
    ),
    "policy-blocklist": Policies(password=PasswordPolicy(blocklist=False)),
    "policy-password-short": Policies(password=PasswordPolicy(min_length=8)),
    "policy-mfa": Policies(),
    "policy-access-token-long": Policies(token_lifetimes=TokenLifetimes(access_token=901)),
    "policy-code-long": Policies(token_lifetimes=TokenLifetimes(code=600)),
    "policy-cross-site-sessions": Policies(login=LoginPolicy(cross_site_sessions=True)),
    "policy-request-uris": Policies(fetch_request_uris=True),
}
CAREFUL = Policies(mfa=MfaPolicy(required=MfaRequired.ALWAYS))


def test_every_rule_about_policies_has_a_case():
    assert set(POLICIES) == set(POLICY_RULES)


def test_careful_policies_leave_nothing_to_say():
    assert examine_policies(CAREFUL) == ()
    short = msgspec.structs.replace(CAREFUL, password=PasswordPolicy(min_length=8))
    assert examine_policies(short) == ()


@pytest.mark.parametrize(("rule", "policies"), POLICIES.items())
def test_a_rule_about_policies_finds_what_it_is_about(rule, policies):
    if rule not in {"policy-mfa", "policy-password-short"}:
        policies = msgspec.structs.replace(policies, mfa=CAREFUL.mfa)
        assert [one.rule for one in examine_policies(policies)] == [rule]
    (finding,) = [one for one in examine_policies(policies) if one.rule == rule]
    if finding.mend is None:
        return
    problems: list[Problem] = []
    told = merge(msgspec.to_builtins(policies), dict(finding.mend), problems)
    assert problems == []
    assert rule not in {one.rule for one in examine_policies(merge_policies(told))}


@pytest.mark.parametrize("tag", ["en", "de"])
def test_every_finding_has_words(tag):
    language = load_languages()[tag]
    findings = [one for rule, facts in FOUND for one in found(rule, facts)]
    findings += [one for policies in POLICIES.values() for one in examine_policies(policies)]
    assert {one.rule for one in findings} == {*APPLICATION_RULES, *POLICY_RULES}
    for finding in findings:
        for part in ("title", "why", "do"):
            key = f"lint.rule.{finding.rule}.{part}"
            said = language.plain(key, target=finding.target, **finding.values)
            assert not re.search(r"[{}]", said)


@pytest.mark.parametrize("rule", [*APPLICATION_RULES.values(), *POLICY_RULES.values()])
def test_every_rule_says_what_it_looks_at_and_who_says_so(rule):
    assert isinstance(rule, LintRule)
    assert rule.references
    if rule.id in APPLICATION_RULES:
        assert rule.member in ClientMetadata.__struct_fields__
    else:
        assert rule.member in Policies.__struct_fields__
    assert Found() == Found(target="", values={}, mend=None)
