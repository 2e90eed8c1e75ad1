"""The flow advisor: its questions and rules as data, and advice for answers.

Both are public: they hold nothing of anybody, and nothing changes by them.
"""

import hashlib
from functools import cache
from typing import Any

import msgspec

from ostiary.admin.decode import Request
from ostiary.admin.errors import Invalid, Problem
from ostiary.advisor.advice import advise
from ostiary.advisor.answers import FRAMEWORK, Refused, settle
from ostiary.advisor.capabilities import missing
from ostiary.advisor.conditions import Condition
from ostiary.advisor.frameworks import FRAMEWORKS
from ostiary.advisor.questions import BY_ID, QUESTIONS, Question
from ostiary.advisor.rule import Rule
from ostiary.advisor.rules import RULES
from ostiary.pages.advisor import ShownAdvice, ShownFlow, ShownQuestion, Speaker
from ostiary.pages.languages import DEFAULT, load_languages
from ostiary.web.api.route import Call, Reply, Route
from ostiary.web.api.views import View

_DIGEST_LETTERS = 24
When = dict[str, tuple[str, ...]]


class AdvisorAnswer(View, frozen=True, kw_only=True):
    """One answer, and where it can be chosen: wherever one of the conditions holds."""

    value: str
    text: str
    when: tuple[When, ...]


class AdvisorQuestion(View, frozen=True, kw_only=True):
    """One question. One with a default is never asked: it is a door beside the others."""

    id: str
    text: str
    hint: str
    when: When
    default: str | None
    options: tuple[AdvisorAnswer, ...]


class AdvisorFramework(View, frozen=True, kw_only=True):
    """What somebody builds with, and what is answered by it."""

    id: str
    title: str
    answers: dict[str, str]
    redirect_uris: tuple[str, ...]


class AdvisorRule(View, frozen=True, kw_only=True):
    """One rule. What is `missing` something leads to the rule that is `nearest`."""

    id: str
    title: str
    summary: str
    drawback: str
    flow: str
    when: tuple[When, ...]
    client_type: str
    methods: tuple[str, ...]
    makes: str
    settings: dict[str, Any]
    access_token_lifetime: int
    fallbacks: tuple[str, ...]
    missing: tuple[str, ...]
    nearest: str | None
    is_legacy: bool
    proof: tuple[str, ...]


class Advisor(View, frozen=True, kw_only=True):
    """Everything that the advisor goes by."""

    questions: tuple[AdvisorQuestion, ...]
    frameworks: tuple[AdvisorFramework, ...]
    rules: tuple[AdvisorRule, ...]
    flows: tuple[ShownFlow, ...]


class Advised(View, frozen=True, kw_only=True):
    """The advice, or the question that is left."""

    complete: bool
    answers: dict[str, str]
    next: ShownQuestion | None
    advice: ShownAdvice | None


class AdvisorAnswers(Request, frozen=True, kw_only=True):
    """Answers by the id of their question; `framework` stands for several."""

    answers: dict[str, str]


async def show(_call: Call) -> Reply:
    """Return the questions and the rules."""
    document, etag = _document()
    return Reply(body=document, etag=etag)


async def ask(call: Call) -> Reply:
    """Return what follows from answers."""
    return Reply(body=answer(call.body.answers, call.idp.issuer))


def answer(given: dict[str, str], issuer: str) -> Advised:
    """Return the advice, or the question that is left.

    Raises:
        Invalid: nothing follows from the answers.
    """
    speaker = _speaker()
    try:
        standing = settle(given)
    except Refused as refused:
        raise Invalid(
            # The name of what does not exist is a stranger's.
            Problem(
                f"answers.{one.name}" if one.name in {*BY_ID, FRAMEWORK} else "answers",
                speaker.problem(one),
            )
            for one in refused.problems
        ) from None
    left = standing.next
    return Advised(
        complete=left is None,
        answers=dict(standing.given),
        next=None if left is None else speaker.question(left, standing.known),
        advice=speaker.advice(advise(standing.known), standing, issuer) if left is None else None,
    )


def _speaker() -> Speaker:
    return Speaker(load_languages()[DEFAULT])


@cache
def _document() -> tuple[Advisor, str]:
    """Return everything with its tag; it changes with the program alone."""
    made = describe()
    digest = hashlib.sha256(msgspec.json.encode(made)).hexdigest()
    return made, digest[:_DIGEST_LETTERS]


def describe() -> Advisor:
    """Return everything that the advisor goes by."""
    speaker = _speaker()
    return Advisor(
        questions=tuple(_question(speaker, one) for one in QUESTIONS),
        frameworks=tuple(
            AdvisorFramework(
                id=one.id,
                title=one.title,
                answers=dict(one.answers),
                redirect_uris=one.redirect_uris,
            )
            for one in FRAMEWORKS.values()
        ),
        rules=tuple(_rule(speaker, one) for one in RULES.values()),
        flows=speaker.flows(),
    )


def _question(speaker: Speaker, question: Question) -> AdvisorQuestion:
    return AdvisorQuestion(
        id=question.id,
        text=speaker.question_text(question.id),
        hint=speaker.say(f"question.{question.id}.hint"),
        when=_condition(question.when),
        default=question.default,
        options=tuple(
            AdvisorAnswer(
                value=one.value,
                text=speaker.answer(question.id, one.value),
                when=tuple(map(_condition, one.when)),
            )
            for one in question.options
        ),
    )


def _rule(speaker: Speaker, rule: Rule) -> AdvisorRule:
    return AdvisorRule(
        id=rule.id,
        title=speaker.title(rule.id),
        summary=speaker.say(f"rule.{rule.id}.summary"),
        drawback=speaker.say(f"rule.{rule.id}.drawback"),
        flow=rule.flow,
        when=tuple(map(_condition, rule.when)),
        client_type=rule.client.value,
        methods=rule.methods,
        makes=rule.door.value,
        settings=dict(rule.settings),
        access_token_lifetime=rule.lifetime,
        fallbacks=rule.fallbacks,
        missing=missing(rule.needs),
        nearest=rule.nearest,
        is_legacy=rule.legacy,
        proof=rule.proof,
    )


def _condition(condition: Condition) -> When:
    """Write a condition, its answers in the order of the question."""
    return {
        name: tuple(one.value for one in BY_ID[name].options if one.value in values)
        for name, values in condition.items()
    }


ROUTES = (
    Route(
        method="GET",
        path="/advisor",
        name="show_advisor",
        summary="Show the questions and rules of the flow advisor",
        description="As data, for whoever wants to ask the questions themselves. It changes with "
        "the version of the server alone.",
        operation=show,
        public=True,
        answer=Advisor,
    ),
    Route(
        method="POST",
        path="/advisor",
        name="ask_advisor",
        summary="Ask which flow to use",
        description="Answers the question that is left, or the advice: flow, settings, reasons, "
        "warnings, what is left if it is impossible, and why nothing else was chosen. Nothing is "
        "kept.",
        operation=ask,
        public=True,
        repeatable=False,
        body=AdvisorAnswers,
        answer=Advised,
        example={"answers": {"who": "person", "where": "browser"}},
    ),
)
