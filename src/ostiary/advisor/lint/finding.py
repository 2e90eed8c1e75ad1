"""What a rule of lint is, and what it finds."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from ostiary.advisor.references import Severity

F = TypeVar("F")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that could be better.

    `target` is what it is about, where a rule can find several things; `values` are for its
    words. `mend` is the change of metadata, or of policies, that ends it; None where a person
    has to decide, or to do something elsewhere.
    """

    rule: str
    severity: Severity
    target: str = ""
    values: Mapping[str, Any] = {}
    mend: Mapping[str, Any] | None = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule has to say of one finding; the rest is the rule's."""

    target: str = ""
    values: Mapping[str, Any] = {}
    mend: Mapping[str, Any] | None = None


class LintRule(msgspec.Struct, Generic[F], frozen=True, kw_only=True):
    """One rule. `member` is what it looks at; `references` are who says so."""

    id: str
    severity: Severity
    member: str
    references: tuple[str, ...]
    find: Callable[[F], Iterable[Found]]


_WORST_FIRST = {severity: place for place, severity in enumerate(reversed(Severity))}


def apply(rules: Iterable[LintRule[F]], facts: F) -> tuple[Finding, ...]:
    """Return what the rules find, the worst first."""
    found = [
        Finding(
            rule=rule.id,
            severity=rule.severity,
            target=one.target,
            values=one.values,
            mend=one.mend,
        )
        for rule in rules
        for one in rule.find(facts)
    ]
    return tuple(sorted(found, key=lambda one: _WORST_FIRST[one.severity]))
