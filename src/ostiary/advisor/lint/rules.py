"""The table of lint: every rule about applications, and every rule about policies."""

from ostiary.advisor.lint import credential_rules, flow_rules, policy_rules, registration_rules
from ostiary.advisor.lint.evidence import Evidence
from ostiary.advisor.lint.finding import Finding, LintRule, apply
from ostiary.model.policy import Policies

APPLICATION_RULES: dict[str, LintRule[Evidence]] = {
    rule.id: rule
    for rule in (*flow_rules.RULES, *registration_rules.RULES, *credential_rules.RULES)
}
"""Rules about one application, by their id."""

POLICY_RULES: dict[str, LintRule[Policies]] = {rule.id: rule for rule in policy_rules.RULES}
"""Rules about the policies of an instance or an organization, by their id."""


def examine(evidence: Evidence) -> tuple[Finding, ...]:
    """Return what could be better about an application, the worst first."""
    return apply(APPLICATION_RULES.values(), evidence)


def examine_policies(policies: Policies) -> tuple[Finding, ...]:
    """Return what could be better about policies, the worst first."""
    return apply(POLICY_RULES.values(), policies)
