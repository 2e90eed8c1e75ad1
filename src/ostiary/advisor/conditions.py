"""Conditions: which answers something holds for."""

from collections.abc import Iterable, Mapping

Known = Mapping[str, str]
"""Answers by the id of their question."""

Condition = Mapping[str, frozenset[str]]
"""Answers that a question must have, one of those that are named; all questions together."""


def on(**wanted: str | Iterable[str]) -> Condition:
    """Make a condition: `on(who="person", where=("app", "terminal"))`."""
    return {
        question: frozenset((values,) if isinstance(values, str) else values)
        for question, values in wanted.items()
    }


def holds(condition: Condition, known: Known) -> bool:
    """Tell whether every question that is named has one of its answers."""
    return all(known.get(question) in values for question, values in condition.items())


def holds_any(conditions: Iterable[Condition], known: Known) -> bool:
    """Tell whether one of several conditions holds."""
    return any(holds(condition, known) for condition in conditions)
