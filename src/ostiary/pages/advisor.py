"""The advisor in words: questions, advice and comparison, in a language.

What is said here is the same on the page, in the API, on the command line and in the
documentation.
"""

from typing import Any

import msgspec

from ostiary.advisor import registration
from ostiary.advisor.advice import Advice, NotChosen, example, outcomes
from ostiary.advisor.answers import Refused, Standing, Wrong, possible
from ostiary.advisor.capabilities import BINDINGS, missing
from ostiary.advisor.conditions import Known
from ostiary.advisor.drawings import DRAWINGS
from ostiary.advisor.flows import FLOWS, Group
from ostiary.advisor.flows import Standing as Rank
from ostiary.advisor.questions import BY_ID, Question
from ostiary.advisor.references import SOURCES, WARNINGS
from ostiary.advisor.rule import Sender
from ostiary.advisor.rules import RULES
from ostiary.model.client import AccessTokenType
from ostiary.pages.languages import Language


class ShownOption(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, and the titles of the rules that it leads to."""

    value: str
    text: str
    leads_to: tuple[str, ...]


class ShownQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question with its answers."""

    id: str
    text: str
    hint: str
    options: tuple[ShownOption, ...]


class ShownTerm(msgspec.Struct, frozen=True, kw_only=True):
    """Something that has a name, and words for people."""

    id: str
    text: str


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One line of what is advised, at a glance."""

    name: str
    value: str


class ShownWarning(msgspec.Struct, frozen=True, kw_only=True):
    """Something to mind: how bad it is to overlook, and where it is written."""

    code: str
    severity: str
    text: str
    reference: str


class ShownSource(msgspec.Struct, frozen=True, kw_only=True):
    """A document, what it says, and what overrules it."""

    document: str
    text: str
    overruled_by: str | None


class ShownFallback(msgspec.Struct, frozen=True, kw_only=True):
    """What is left if the advice is impossible, with its drawback and answers that lead there."""

    rule: str
    title: str
    drawback: str
    answers: dict[str, str]


class ShownRejection(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that was not chosen, and why."""

    rule: str
    title: str
    reason: str
    answers: dict[str, str]


class ShownStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the sequence. Participants are counted from 0."""

    sender: int
    receiver: int
    text: str


class ShownAdvice(msgspec.Struct, frozen=True, kw_only=True):
    """The advice. With anything in `missing`, the settings are those of `now`."""

    rule: str
    title: str
    summary: str
    now: str
    now_title: str
    missing: tuple[ShownTerm, ...]
    additions: tuple[ShownTerm, ...]
    flow: str
    client_type: str
    authentication: str
    sender_constraint: str
    facts: tuple[Fact, ...]
    makes: str
    settings: dict[str, Any]
    file: str
    command: str
    call: str
    participants: tuple[str, ...]
    steps: tuple[ShownStep, ...]
    reasons: tuple[ShownTerm, ...]
    warnings: tuple[ShownWarning, ...]
    sources: tuple[ShownSource, ...]
    fallbacks: tuple[ShownFallback, ...]
    not_chosen: tuple[ShownRejection, ...]
    proof: tuple[str, ...]


class ShownFlow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the comparison."""

    id: str
    title: str
    text: str
    group: str
    clients: str
    interaction: str
    secret: str
    interception: str
    use: str
    standing: str
    section: str


class Speaker:
    """Words the advisor in a language."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def say(self, key: str, **values: object) -> str:
        """Return a text of the advisor, as plain text."""
        return self._language.plain(f"advisor.{key}", **values)

    def question(self, question: Question, known: Known) -> ShownQuestion:
        """Word a question, with the answers that are possible."""
        return ShownQuestion(
            id=question.id,
            text=self.say(f"question.{question.id}.text"),
            hint=self.say(f"question.{question.id}.hint"),
            options=tuple(
                ShownOption(
                    value=value,
                    text=self.answer(question.id, value),
                    leads_to=tuple(
                        self.title(rule) for rule in outcomes({**known, question.id: value})
                    ),
                )
                for value in possible(question, known)
            ),
        )

    def answer(self, question: str, value: str) -> str:
        """Word an answer."""
        return self.say(f"answer.{question}.{value}")

    def title(self, rule: str) -> str:
        """Return the title of a rule."""
        return self.say(f"rule.{rule}.title")

    def refusal(self, refused: Refused) -> tuple[str, ...]:
        """Say what is wrong with answers."""
        return tuple(self.problem(one) for one in refused.problems)

    def problem(self, wrong: Wrong) -> str:
        """Say what is wrong with one answer; what was received is cut to a sane length."""
        return self.say(
            f"problem.{wrong.kind}",
            name=_cut(wrong.name),
            value=_cut(wrong.value),
            choices=", ".join(wrong.choices),
        )

    def advice(self, advice: Advice, standing: Standing, issuer: str) -> ShownAdvice:
        """Word an advice."""
        rule, now = advice.rule, advice.now
        values = registration.example(advice, standing.framework)
        drawing = DRAWINGS[now.drawing]
        return ShownAdvice(
            rule=rule.id,
            title=self.title(rule.id),
            summary=self.say(f"rule.{rule.id}.summary"),
            now=now.id,
            now_title=self.title(now.id),
            missing=self._terms("capability", advice.missing),
            additions=self._terms("addition", advice.additions),
            flow=now.flow,
            client_type=now.client.value,
            authentication=advice.method,
            sender_constraint=advice.sender.value,
            facts=self.facts(advice),
            makes=now.door.value,
            settings=values,
            file=registration.write_file(advice, values),
            command=registration.write_command(advice, standing.given, values),
            call=registration.write_call(advice, values, issuer),
            participants=tuple(self.say(f"participant.{one}") for one in drawing.participants),
            steps=tuple(
                ShownStep(sender=sender, receiver=receiver, text=self.say(f"step.{step}"))
                for sender, receiver, step in drawing.steps
            ),
            reasons=self._terms("reason", advice.reasons),
            warnings=tuple(map(self.warning, advice.warnings)),
            sources=tuple(map(self.source, advice.sources)),
            fallbacks=tuple(map(self.fallback, advice.fallbacks)),
            not_chosen=tuple(map(self.rejection, advice.not_chosen)),
            proof=now.proof,
        )

    def _terms(self, group: str, names: tuple[str, ...]) -> tuple[ShownTerm, ...]:
        return tuple(ShownTerm(id=one, text=self.say(f"{group}.{one}")) for one in names)

    def facts(self, advice: Advice) -> tuple[Fact, ...]:
        """Word what is advised, line by line."""
        now = advice.now
        shown = {
            "flow": self.say(f"flow.{now.flow}.title"),
            "client": self.say(f"client.{now.client}"),
            "authentication": self._method(advice),
            "sender": self._sender(advice),
            "token": self._token(advice),
            "pkce": self._pkce(advice),
            "refresh": self._refresh(advice),
            "additions": "; ".join(one.text for one in self._terms("addition", advice.additions)),
        }
        return tuple(
            Fact(name=self.say(f"fact.{name}"), value=value)
            for name, value in shown.items()
            if value
        )

    def _method(self, advice: Advice) -> str:
        if advice.method == "none" and advice.now.flow == "device":
            return self.say("method.none_device")
        method, best = self.say(f"method.{advice.method}"), advice.now.methods[0]
        # A device could authenticate, but what every copy holds is no secret.
        if advice.method in {"none", best}:
            return method
        return self.say("fact.stronger", method=method, best=self.say(f"method.{best}"))

    def _sender(self, advice: Advice) -> str:
        said = self.say(f"sender.{advice.sender}")
        if advice.sender is Sender.NO or len(missing(BINDINGS)) < len(BINDINGS):
            return said
        return self.say("fact.sender_later", sender=said)

    def _token(self, advice: Advice) -> str:
        opaque = advice.settings.get("access_token_type") == AccessTokenType.OPAQUE
        lifetime = self._language.duration(advice.lifetime)
        return self.say(f"fact.token_{'opaque' if opaque else 'jwt'}", lifetime=lifetime)

    def _pkce(self, advice: Advice) -> str:
        if "code" not in " ".join(advice.settings.get("response_types", ())):
            return self.say("fact.pkce_none")
        off = advice.settings.get("require_pkce") is False
        return self.say("fact.pkce_off" if off else "fact.pkce_always")

    def _refresh(self, advice: Advice) -> str:
        if advice.refresh is None:
            return self.say("fact.refresh_none")
        return self.say(
            "fact.refresh_some",
            idle=self._language.duration(advice.refresh.idle),
            absolute=self._language.duration(advice.refresh.absolute),
        )

    def warning(self, code: str) -> ShownWarning:
        """Word a warning."""
        found = WARNINGS[code]
        return ShownWarning(
            code=code,
            severity=found.severity.value,
            text=self.say(f"warning.{code}"),
            reference=found.reference,
        )

    def source(self, name: str) -> ShownSource:
        """Word what a document says."""
        found = SOURCES[name]
        return ShownSource(
            document=found.name, text=self.say(f"source.{name}"), overruled_by=found.overruled_by
        )

    def fallback(self, rule: str) -> ShownFallback:
        """Word what is left."""
        return ShownFallback(
            rule=rule,
            title=self.title(rule),
            drawback=self.say(f"rule.{rule}.drawback"),
            answers=dict(example(rule)),
        )

    def rejection(self, reason: NotChosen) -> ShownRejection:
        """Say why a rule was not chosen."""
        wanted = self.join_answers(reason.question, reason.wanted)
        if RULES[reason.rule].legacy and reason.question == "legacy":
            said = self.say("door_closed", wanted=wanted)
        elif reason.answered is None:
            question = self.say(f"question.{reason.question}.text")
            said = self.say("because_open", question=question, wanted=wanted)
        else:
            answered = self.answer(reason.question, reason.answered)
            said = self.say("because", wanted=wanted, answered=answered)
        return ShownRejection(
            rule=reason.rule,
            title=self.title(reason.rule),
            reason=said,
            answers=dict(example(reason.rule)),
        )

    def join_answers(self, question: str, values: tuple[str, ...]) -> str:
        """Word several answers to one question."""
        return " / ".join(self.answer(question, value) for value in values)

    def flows(self) -> tuple[ShownFlow, ...]:
        """Word the comparison, people's flows first."""
        return tuple(
            ShownFlow(
                id=flow.id,
                title=self.say(f"flow.{flow.id}.title"),
                text=self.say(f"flow.{flow.id}.text"),
                group=flow.group.value,
                clients=self.say(f"clients.{flow.clients}"),
                interaction=self.say(f"interaction.{flow.interaction}"),
                secret=self.say(f"measure.{flow.secret}"),
                interception=self.say(f"measure.{flow.interception}"),
                use=self.say(f"flow.{flow.id}.use"),
                standing=self.say(
                    f"standing.{Rank.WAITING if missing(flow.needs) else flow.standing}"
                ),
                section=flow.section,
            )
            for group in Group
            for flow in FLOWS.values()
            if flow.group is group
        )

    def question_text(self, question: str) -> str:
        """Return the text of a question."""
        assert question in BY_ID, question  # noqa: S101 - a name of our own
        return self.say(f"question.{question}.text")


def _cut(text: str, most: int = 60) -> str:
    """Return a foreign text as it may stand in a message."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[: most + 1])
    return shown if len(shown) <= most else shown[:most] + "…"
