"""The how-to "Which flow should I use?": its words and tables, from the rules of the advisor."""

from collections.abc import Callable, Iterator
from itertools import groupby

from ostiary.advisor.advice import advise, example
from ostiary.advisor.answers import settle
from ostiary.advisor.capabilities import missing
from ostiary.advisor.conditions import Condition
from ostiary.advisor.questions import QUESTIONS
from ostiary.advisor.references import SOURCES
from ostiary.advisor.rule import Rule
from ostiary.advisor.rules import RULES
from ostiary.pages.advisor import ShownAdvice, Speaker
from ostiary.pages.languages import DEFAULT, load_languages

SPEAKER = Speaker(load_languages()[DEFAULT])
ISSUER = "https://id.example.com"
TITLE = "Which flow should I use?"

DEFAULTS = {question.id: question.default for question in QUESTIONS if question.default}

Table = Callable[..., str]

INTRODUCTION = """\
Three ways lead to the same answer: the page `/advisor` of every server, which needs no sign-in \
and no JavaScript; the command `ostiary advise`; and `/api/v1/advisor`. They ask four questions \
at most and tell the flow that fits, the settings, the reasons, what to mind, and what is left \
if that is impossible. The address of an answer on the page can be passed on. All tables below \
are made from the same rules."""

COMMAND = """\
```console
$ ostiary advise
$ ostiary advise --answers framework=fastapi --answers purpose=login
$ ostiary advise --answers who=person,where=server,purpose=apis --create Shop \\
    --redirect-uri https://shop.example.com/callback
$ ostiary advise --explain spa
```

Without answers the command asks. With `--create` it registers the application and says what comes \
next; with `--json` it answers programs."""

QUESTIONS_INTRODUCTION = """\
Two things decide: whether the application can keep a secret, and what it can technically do. A \
framework (`framework=django`) answers the first questions by itself. The last two are never \
asked: they are doors for whoever needs them."""

RULES_INTRODUCTION = """\
Exactly one rule holds for whatever is answered. Code always means the code flow with PKCE \
(S256), for confidential clients too, and whoever signs people in asks for `openid`. How long a \
refresh token lives, if there is one, follows from what the tokens are for; it is new at each \
use."""

WAITING_INTRODUCTION = """\
Some rules wait for what this version does not have. They name it, and the nearest that works \
now."""

LEGACY_INTRODUCTION = """\
Doors for what cannot do better. Each application needs a reason (`legacy`) and should have an \
end; where much is at stake they stay closed. [Keep an old application working](keep-an-old- \
application-working.md) tells more."""

SOURCES_INTRODUCTION = """\
The guides that people read do not agree with each other, and some are older than what is known \
today. This is what each says, and what overrules it."""


def guide(page: Callable[..., str], table: Table) -> str:
    """Make the page."""
    return page(
        TITLE,
        INTRODUCTION,
        COMMAND,
        "## The questions",
        QUESTIONS_INTRODUCTION,
        questions(table),
        "## The rules",
        RULES_INTRODUCTION,
        rules(table),
        "## If that is impossible",
        fallbacks(table),
        "## What is not there yet",
        WAITING_INTRODUCTION,
        waiting(table),
        "## What is old",
        LEGACY_INTRODUCTION,
        legacy(table),
        "## The flows side by side",
        *flows(table),
        "## Who says so",
        SOURCES_INTRODUCTION,
        sources(table),
    )


def advice_of(rule: Rule) -> ShownAdvice:
    """Return the advice of a rule, for answers that lead to it."""
    standing = settle(example(rule.id))
    return SPEAKER.advice(advise(standing.known), standing, ISSUER)


def fact(advice: ShownAdvice, name: str) -> str:
    """Return one of the facts of an advice."""
    wanted = SPEAKER.say(f"fact.{name}")
    return next((one.value for one in advice.facts if one.name == wanted), "")


def questions(table: Table) -> str:
    """Tell every question with its answers."""
    rows = []
    for question in QUESTIONS:
        text = SPEAKER.question_text(question.id)
        if question.when:
            text += f" (where {written(question.when)})"
        answers = "<br>".join(
            f"`{one.value}`: {SPEAKER.answer(question.id, one.value)}" for one in question.options
        )
        rows.append((f"`{question.id}`", text, answers))
    return table(("question", "asks", "answers"), *rows)


def written(condition: Condition) -> str:
    """Write a condition as answers are given."""
    known = {question.id: [one.value for one in question.options] for question in QUESTIONS}
    return ", ".join(
        f"`{name}` is " + " or ".join(f"`{one}`" for one in known[name] if one in values)
        for name, values in condition.items()
    )


def rules(table: Table) -> str:
    """Tell every rule that works."""
    rows = []
    for rule in RULES.values():
        if rule.legacy or missing(rule.needs):
            continue
        advice = advice_of(rule)
        # Doors that are closed go without saying.
        when = [
            {name: values for name, values in one.items() if DEFAULTS.get(name) not in values}
            for one in rule.when
        ]
        rows.append(
            (
                f"`{rule.id}`: {advice.title}",
                "; or ".join(map(written, when)),
                advice.summary,
                fact(advice, "client").partition(":")[0],
                fact(advice, "authentication"),
                fact(advice, "sender"),
            )
        )
    head = ("rule", "holds where", "what happens", "client", "authentication", "bound tokens")
    return table(head, *rows)


def fallbacks(table: Table) -> str:
    """Tell what is left for each rule, in order."""
    rows = [
        (
            SPEAKER.title(rule.id),
            "<br>".join(
                f"{number}. {SPEAKER.title(one)}: {SPEAKER.say(f'rule.{one}.drawback')}"
                for number, one in enumerate(rule.fallbacks, 1)
            ),
        )
        for rule in RULES.values()
        if rule.fallbacks and not rule.legacy
    ]
    return table(("instead of", "in this order, with the drawback"), *rows)


def waiting(table: Table) -> str:
    """Tell what is not there yet."""
    rows = [
        (
            f"`{rule.id}`: {SPEAKER.title(rule.id)}",
            ", ".join(SPEAKER.say(f"capability.{one}") for one in missing(rule.needs)),
            "" if rule.nearest is None else SPEAKER.title(rule.nearest),
        )
        for rule in RULES.values()
        if missing(rule.needs)
    ]
    return table(("rule", "waits for", "nearest that works"), *rows)


def legacy(table: Table) -> str:
    """Tell every door, with its guard rails."""
    rows = []
    for rule in RULES.values():
        if rule.legacy and not missing(rule.needs):
            advice = advice_of(rule)
            rails = "<br>".join(f"{one.text} ({one.reference})" for one in advice.warnings)
            rows.append((f"`{rule.id}`: {advice.title}", advice.summary, rails))
    return table(("rule", "what happens", "guard rails"), *rows)


def flows(table: Table) -> Iterator[str]:
    """Compare the flows: those of people, then those of machines."""
    columns = ("flow", "about", "clients", "interaction", "secret", "interception", "use")
    head = tuple(SPEAKER.say(f"column.{one}") for one in (*columns, "standing", "written"))
    for group, members in groupby(SPEAKER.flows(), key=lambda one: one.group):
        rows = [
            (
                *(one.title, one.text, one.clients, one.interaction, one.secret),
                *(one.interception, one.use, one.standing, one.section),
            )
            for one in members
        ]
        yield f"### {SPEAKER.say(f'group.{group}')}"
        yield table(head, *rows)


def sources(table: Table) -> str:
    """Tell what each document says."""
    rows = [
        (one.document, one.text, one.overruled_by or "") for one in map(SPEAKER.source, SOURCES)
    ]
    return table(("document", "says", "overruled by"), *rows)
