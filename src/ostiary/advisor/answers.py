"""From what somebody answered to what is known, and to the question that comes next."""

from collections.abc import Iterator, Mapping

import msgspec

from ostiary.advisor.conditions import Known, holds, holds_any
from ostiary.advisor.frameworks import FRAMEWORKS
from ostiary.advisor.questions import BY_ID, QUESTIONS, Question

FRAMEWORK = "framework"
"""The name of the answer that stands for several."""


class Wrong(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one answer.

    `kind` is one of `unknown_question`, `unknown_answer`, `not_asked`, `not_here`, `contradicts`;
    `choices` are what could stand in its place. `name` and `value` are what was received.
    """

    kind: str
    name: str
    value: str = ""
    choices: tuple[str, ...] = ()


class Refused(Exception):
    """Answers that nothing follows from."""

    def __init__(self, problems: tuple[Wrong, ...]) -> None:
        super().__init__(", ".join(f"{one.kind}: {one.name}" for one in problems))
        self.problems = problems


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody stands: what they answered, what is known by it, and what is asked next.

    With nothing to ask, every question that matters is in `known`.
    """

    given: Known
    known: Known
    framework: str | None = None
    next: Question | None = None


def settle(given: Mapping[str, str]) -> Standing:
    """Work out what is known by what was answered.

    Raises:
        Refused: an answer does not exist, does not fit here, or contradicts another one.
    """
    problems = [problem for name, value in given.items() if (problem := _look_at(name, value))]
    framework = given.get(FRAMEWORK)
    if problems:
        raise Refused(tuple(problems))
    answered = {name: value for name, value in given.items() if name != FRAMEWORK}
    if framework is not None:
        for name, value in FRAMEWORKS[framework].answers.items():
            if answered.setdefault(name, value) != value:
                problems.append(
                    Wrong(kind="contradicts", name=name, value=answered[name], choices=(value,))
                )
    if problems:
        raise Refused(tuple(problems))
    known, asked = _walk(answered)
    return Standing(given=dict(given), known=known, framework=framework, next=asked)


def _look_at(name: str, value: str) -> Wrong | None:
    """Look at one answer for itself."""
    if name == FRAMEWORK:
        if value in FRAMEWORKS:
            return None
        return Wrong(kind="unknown_answer", name=name, value=value, choices=tuple(FRAMEWORKS))
    question = BY_ID.get(name)
    if question is None:
        return Wrong(kind="unknown_question", name=name, choices=(*BY_ID, FRAMEWORK))
    if question.option(value) is None:
        choices = tuple(option.value for option in question.options)
        return Wrong(kind="unknown_answer", name=name, value=value, choices=choices)
    return None


def _walk(answered: Mapping[str, str]) -> tuple[dict[str, str], Question | None]:
    """Go through the questions; what is answered ahead of its turn waits for it.

    Raises:
        Refused: an answer does not fit to those before.
    """
    known: dict[str, str] = {}
    left = dict(answered)
    for question in QUESTIONS:
        if not holds(question.when, known):
            continue
        value = left.pop(question.id, question.default)
        if value is None:
            return known, question
        if value not in possible(question, known):
            raise Refused(
                (
                    Wrong(
                        kind="not_here",
                        name=question.id,
                        value=value,
                        choices=possible(question, known),
                    ),
                )
            )
        known[question.id] = value
    if left:
        raise Refused(
            tuple(Wrong(kind="not_asked", name=name, value=value) for name, value in left.items())
        )
    return known, None


def possible(question: Question, known: Known) -> tuple[str, ...]:
    """Return what can be answered, given what is known."""
    return tuple(option.value for option in question.options if holds_any(option.when, known))


def walk(known: Known | None = None) -> Iterator[dict[str, str]]:
    """Yield every way through the questions, doors included, from a point on."""
    known = known or {}
    for question in QUESTIONS:
        if question.id in known or not holds(question.when, known):
            continue
        for value in possible(question, known):
            yield from walk({**known, question.id: value})
        return
    yield dict(known)


def given_of(known: Known) -> dict[str, str]:
    """Return the answers that lead to what is known, without the doors that are closed."""
    return {name: value for name, value in known.items() if value != BY_ID[name].default}
