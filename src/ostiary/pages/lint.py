"""Lint in words: findings, and what an application is nearest to, in a language."""

from typing import Any

import msgspec

from ostiary.admin.lint import Judged, Report
from ostiary.advisor.lint.finding import Finding, LintRule
from ostiary.advisor.lint.likeness import Likeness
from ostiary.advisor.lint.rules import APPLICATION_RULES, POLICY_RULES
from ostiary.pages.languages import Language

RULES: dict[str, LintRule[Any]] = {**APPLICATION_RULES, **POLICY_RULES}


class ShownFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that could be better.

    `mend` is the change that ends it, null where a person has to decide; `silenced` is why it
    is accepted as it is.
    """

    rule: str
    target: str
    severity: str
    member: str
    title: str
    why: str
    todo: str
    references: tuple[str, ...]
    mend: dict[str, Any] | None
    silenced: str | None


class ShownDeviation(msgspec.Struct, frozen=True, kw_only=True):
    """A setting that the advisor would choose otherwise."""

    member: str
    registered: Any
    advised: Any


class ShownLikeness(msgspec.Struct, frozen=True, kw_only=True):
    """The rule of the advisor that an application is nearest to, and what differs."""

    rule: str
    title: str
    answers: dict[str, str]
    deviations: tuple[ShownDeviation, ...]


class Words:
    """Words lint in a language."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def say(self, key: str, **values: object) -> str:
        """Return a text of lint, as plain text."""
        return self._language.plain(f"lint.{key}", **values)

    def judged(self, one: Judged) -> ShownFinding:
        """Word a finding about an application."""
        return self.finding(one.finding, one.silence.reason if one.silence else None)

    def finding(self, finding: Finding, silenced: str | None = None) -> ShownFinding:
        """Word a finding."""
        rule = RULES[finding.rule]
        values = {"target": finding.target, **finding.values}
        return ShownFinding(
            rule=finding.rule,
            target=finding.target,
            severity=finding.severity.value,
            member=rule.member,
            title=self.say(f"rule.{finding.rule}.title", **values),
            why=self.say(f"rule.{finding.rule}.why", **values),
            todo=self.say(f"rule.{finding.rule}.do", **values),
            references=rule.references,
            mend=None if finding.mend is None else dict(finding.mend),
            silenced=silenced,
        )

    def findings(self, report: Report) -> tuple[ShownFinding, ...]:
        """Word everything that there is to say about an application."""
        return tuple(map(self.judged, report.findings))

    def likeness(self, likeness: Likeness | None) -> ShownLikeness | None:
        """Word what an application is nearest to."""
        if likeness is None:
            return None
        return ShownLikeness(
            rule=likeness.rule,
            title=self._language.plain(f"advisor.rule.{likeness.rule}.title"),
            answers=dict(likeness.answers),
            deviations=tuple(
                ShownDeviation(member=one.member, registered=one.registered, advised=one.advised)
                for one in likeness.deviations
            ),
        )
