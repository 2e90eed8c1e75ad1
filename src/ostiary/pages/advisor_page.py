"""What the page of the advisor shows, as values: a question, or the advice."""

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlencode

import msgspec

from ostiary.advisor.advice import advise
from ostiary.advisor.answers import FRAMEWORK, Refused, Standing, possible
from ostiary.advisor.conditions import Known
from ostiary.advisor.frameworks import FRAMEWORKS
from ostiary.advisor.questions import BY_ID, QUESTIONS
from ostiary.advisor.rule import Door
from ostiary.pages.advisor import ShownAdvice, ShownFlow, ShownOption, ShownStep, Speaker
from ostiary.pages.console import form_url
from ostiary.pages.views import View

PATH = "/advisor"
_MAKES = {
    Door.APPLICATION.value: "create_application",
    Door.SERVICE_ACCOUNT.value: "create_service_account",
}
# What stands in an example for what only its owner knows.
_STAND_IN = "…"
_COLUMN, _ROW, _HEAD = 96, 30, 58


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A link with its words."""

    text: str
    url: str


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered, and where it can be answered anew."""

    question: str
    answer: str
    change_url: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question, and where each answer leads."""

    text: str
    hint: str
    options: tuple[tuple[ShownOption, str], ...]


class Arrow(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the drawing, in its coordinates. Without a length it is work done in place."""

    number: int
    start: int
    end: int
    y: int

    @property
    def middle(self) -> float:
        """Where its number stands."""
        return (self.start + self.end) / 2

    @property
    def tip(self) -> int:
        """Which way it points: 1 to the right, -1 to the left, 0 nowhere."""
        return (self.end > self.start) - (self.end < self.start)


class AdvisorPage(View, frozen=True, kw_only=True):
    """One page for all: it asks, advises, or says what is wrong with the address."""

    template: ClassVar[str] = "advisor.html"

    issuer: str
    problems: tuple[str, ...] = ()
    given: tuple[Given, ...] = ()
    asked: Asked | None = None
    frameworks: tuple[Choice, ...] = ()
    advice: ShownAdvice | None = None
    # What it is built with, if that was said.
    framework: str | None = None
    doors: tuple[Choice, ...] = ()
    legacy: tuple[Choice, ...] = ()
    flows: tuple[ShownFlow, ...] = ()
    # Where the flow can be tried, for whoever sees the page.
    try_url: str = ""

    def link(self, answers: Mapping[str, str]) -> str:
        """Return the address of answers."""
        return link(answers)

    @property
    def create_url(self) -> str | None:
        """Where the console makes what is advised, filled in but for what only its owner knows."""
        if self.advice is None:
            return None
        known = {
            name: value
            for name, value in self.advice.settings.items()
            if _STAND_IN not in str(value)
        }
        if self.framework is not None and self.advice.makes == Door.APPLICATION.value:
            known["stack"] = self.framework
        return form_url(_MAKES[self.advice.makes], known)

    @property
    def columns(self) -> tuple[int, ...]:
        """Where the participants of the drawing stand."""
        return tuple(_COLUMN // 2 + _COLUMN * place for place in range(3))

    @property
    def arrows(self) -> tuple[Arrow, ...]:
        """The steps of the drawing."""
        steps: tuple[ShownStep, ...] = () if self.advice is None else self.advice.steps
        return tuple(
            Arrow(
                number=place + 1,
                start=self.columns[step.sender],
                end=self.columns[step.receiver],
                y=_HEAD + _ROW * place,
            )
            for place, step in enumerate(steps)
        )

    @property
    def height(self) -> int:
        """How high the drawing is."""
        return _HEAD + _ROW * len(self.arrows) - _ROW // 3


def link(answers: Mapping[str, str]) -> str:
    """Return the address of the page with these answers."""
    return f"{PATH}?{urlencode(answers)}" if answers else PATH


def show(standing: Standing, speaker: Speaker, site: str, issuer: str) -> AdvisorPage:
    """Return the page for where somebody stands."""
    given = _given(standing, speaker)
    question = standing.next
    if question is not None:
        shown = speaker.question(question, standing.known)
        options = tuple(
            (one, link({**standing.given, question.id: one.value})) for one in shown.options
        )
        return AdvisorPage(
            site=site,
            issuer=issuer,
            given=given,
            asked=Asked(text=shown.text, hint=shown.hint, options=options),
            frameworks=() if standing.known else _frameworks(standing.given),
        )
    return AdvisorPage(
        site=site,
        issuer=issuer,
        given=given,
        advice=speaker.advice(advise(standing.known), standing, issuer),
        framework=standing.framework,
        doors=_doors(standing, speaker),
        legacy=_legacy(standing, speaker),
        flows=speaker.flows(),
    )


def refuse(problems: tuple[str, ...], site: str, issuer: str) -> AdvisorPage:
    """Return the page for an address that nothing follows from."""
    return AdvisorPage(site=site, issuer=issuer, problems=problems)


def word(refused: Refused, speaker: Speaker, most: int = 5) -> tuple[str, ...]:
    """Say what is wrong with an address, however much that is."""
    return speaker.refusal(refused)[:most]


def _frameworks(given: Known) -> tuple[Choice, ...]:
    return tuple(
        Choice(text=one.title, url=link({**given, FRAMEWORK: one.id}))
        for one in FRAMEWORKS.values()
    )


def _given(standing: Standing, speaker: Speaker) -> tuple[Given, ...]:
    """Tell the answers; to answer one anew is to take back those that come after it."""
    shown: list[Given] = []
    kept: dict[str, str] = {}
    doors = {
        name: value
        for name, value in standing.given.items()
        if name in BY_ID and BY_ID[name].default is not None
    }
    implied: Known = {}
    if standing.framework is not None:
        chosen = FRAMEWORKS[standing.framework]
        implied = chosen.answers
        first = speaker.say("begin_with")
        shown.append(Given(question=first, answer=chosen.title, change_url=PATH))
        kept[FRAMEWORK] = chosen.id
    for question in QUESTIONS:
        value = standing.known.get(question.id)
        if value is None or value == question.default or question.id in implied:
            continue
        door = question.default is not None
        back = {**kept, **doors} if door else kept
        back = {name: value for name, value in back.items() if name != question.id}
        shown.append(
            Given(
                question=speaker.question_text(question.id),
                answer=speaker.answer(question.id, value),
                change_url=link(back),
            )
        )
        if not door:
            kept[question.id] = value
    return tuple(shown)


def _doors(standing: Standing, speaker: Speaker) -> tuple[Choice, ...]:
    """Offer the doors that one closes or opens by a single link."""
    given = dict(standing.given)
    if standing.known["risk"] == "high":
        del given["risk"]
        return (Choice(text=speaker.say("risk_normal"), url=link(given)),)
    given.pop("legacy", None)
    doors = [Choice(text=speaker.say("risk_high"), url=link({**given, "risk": "high"}))]
    if standing.known["legacy"] != "none":
        doors.append(Choice(text=speaker.say("legacy_close"), url=link(given)))
    return tuple(doors)


def _legacy(standing: Standing, speaker: Speaker) -> tuple[Choice, ...]:
    if standing.known["legacy"] != "none":
        return ()
    return tuple(
        Choice(text=speaker.answer("legacy", value), url=link({**standing.given, "legacy": value}))
        for value in possible(BY_ID["legacy"], standing.known)
        if value != "none"
    )
