"""`ostiary advise`: which flow to use, by questions, by answers, and into an application."""

import shlex
import sys
from typing import Annotated, Any

import msgspec
import typer

from ostiary.admin.decode import suggest
from ostiary.advisor.advice import Advice, advise, example
from ostiary.advisor.answers import FRAMEWORK, Refused, Standing, settle
from ostiary.advisor.frameworks import FRAMEWORKS
from ostiary.advisor.rules import RULES
from ostiary.cli.advised import Wishes, create
from ostiary.cli.answer import Answer, ExitCode, Failure, facts, style
from ostiary.cli.command import command
from ostiary.cli.instance import Unopened, load_settings
from ostiary.cli.places import OrganizationOption, ProjectOption
from ostiary.cli.quickstarts import Folder
from ostiary.pages.advisor import ShownAdvice, ShownQuestion, Speaker
from ostiary.pages.languages import DEFAULT, load_languages
from ostiary.settings import SettingsError

_WIDTH = 78
# Stands for the address of a server, where none is configured here.
_SOME_ISSUER = "https://id.example.com"


def register(program: typer.Typer) -> None:
    """Add the command to the program."""
    command(program, "advise")(advise_flow)


async def advise_flow(
    unopened: Unopened,
    answers: Annotated[
        list[str] | None,
        typer.Option(
            "--answers", help="Answers, as in who=person,where=server.", metavar="K=V[,K=V…]"
        ),
    ] = None,
    explain: Annotated[
        str | None, typer.Option("--explain", help="Explain one rule.", metavar="RULE")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--create", help="Create it under this name, as advised.", metavar="NAME"),
    ] = None,
    redirect_uris: Annotated[
        list[str] | None,
        typer.Option("--redirect-uri", help="Where people are sent back to.", metavar="URI"),
    ] = None,
    jwks: Annotated[
        str | None,
        typer.Option(
            "--jwks", help="File with its public keys; - is standard input.", metavar="FILE"
        ),
    ] = None,
    key_file: Annotated[
        str | None,
        typer.Option("--key-file", help="Where a key that is made here goes.", metavar="FILE"),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option("--legacy-reason", help="Why something old is used.", metavar="TEXT"),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--legacy-until", help="The last day of it.", metavar="YYYY-MM-DD"),
    ] = None,
    project: ProjectOption = None,
    organization: OrganizationOption = None,
    folder: Folder = None,
) -> Answer:
    """Find out which flow to use.

    Without answers it asks, four questions at most. With --create it registers what it advises,
    and says what comes next.
    """
    speaker = Speaker(load_languages()[DEFAULT])
    if explain is not None:
        return _explain(speaker, explain)
    given = _read_answers(answers or [])
    standing = _settle(speaker, given)
    if standing.next is not None and (not given or sys.stdin.isatty()):
        standing = _ask(speaker, standing)
    if standing.next is not None:
        if name is not None:
            question = speaker.question(standing.next, standing.known)
            options = ", ".join(f"{question.id}={one.value}" for one in question.options)
            raise Failure(
                "usage",
                f"There is a question left: {question.text}",
                exit_code=ExitCode.USAGE,
                hint=f"Add its answer to --answers, one of: {options}.",
            )
        return _next_question(speaker, standing)
    advice = advise(standing.known)
    if name is None:
        return _show(speaker, standing, advice, _find_issuer(unopened))
    wishes = Wishes(
        name=name,
        redirect_uris=tuple(redirect_uris or ()),
        jwks=jwks,
        key_file=key_file,
        reason=reason,
        until=until,
        project=project,
        organization=organization,
        folder=folder,
    )
    async with unopened.open() as instance:
        shown = speaker.advice(advice, standing, instance.settings.public_url)
        return await create(instance, advice, standing, shown, wishes)


def _read_answers(texts: list[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for pair in ",".join(texts).split(","):
        key, equals, value = pair.strip().partition("=")
        if not pair.strip():
            continue
        if not equals or not key or key in given:
            what = "is there twice" if key in given else "is no answer"
            raise Failure(
                "usage",
                f"{pair!r} {what}.",
                exit_code=ExitCode.USAGE,
                hint="Answers are written as in --answers who=person,where=server",
            )
        given[key] = value
    return given


def _settle(speaker: Speaker, given: dict[str, str]) -> Standing:
    try:
        return settle(given)
    except Refused as refused:
        raise Failure(
            "usage",
            "\n".join(speaker.refusal(refused)),
            exit_code=ExitCode.USAGE,
            hint="`ostiary advise` asks for the answers.",
            details=[msgspec.to_builtins(one) for one in refused.problems],
        ) from None


def _ask(speaker: Speaker, standing: Standing) -> Standing:
    """Ask until nothing is open, or until there is no more input.

    Questions go to standard error: standard output holds the answer alone.
    """
    while standing.next is not None:
        question = speaker.question(standing.next, standing.known)
        names = () if standing.known else tuple(FRAMEWORKS)
        chosen = _ask_one(question, names)
        if chosen is None:
            break
        standing = settle({**standing.given, **chosen})
    return standing


def _ask_one(question: ShownQuestion, frameworks: tuple[str, ...]) -> dict[str, str] | None:
    lines = ["", style(question.text, "bold", sys.stderr), question.hint]
    for number, option in enumerate(question.options, 1):
        lines.append(f"  {number}  {option.text}")
        lines.append(f"     {style(', '.join(option.leads_to), 'dim', sys.stderr)}")
    if frameworks:
        lines.append(f"  or what you build with: {', '.join(frameworks)}")
    sys.stderr.write("\n".join(lines) + "\n")
    values = [option.value for option in question.options]
    while True:
        sys.stderr.write("> ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            return None
        typed = line.strip().lower()
        if typed in values:
            return {question.id: typed}
        if typed in frameworks:
            return {FRAMEWORK: typed}
        if typed.isdecimal() and 1 <= int(typed[:4]) <= len(values):
            return {question.id: values[int(typed[:4]) - 1]}
        sys.stderr.write(f"Type a number from 1 to {len(values)}.\n")


def _next_question(speaker: Speaker, standing: Standing) -> Answer:
    assert standing.next is not None  # noqa: S101 - the caller looked
    question = speaker.question(standing.next, standing.known)
    options = [(f"{question.id}={one.value}", one.text) for one in question.options]
    return Answer(
        data={
            "complete": False,
            "answers": dict(standing.given),
            "next": msgspec.to_builtins(question),
        },
        text="\n".join([question.text, question.hint, "", facts(*options)]),
        next_commands=tuple(
            _repeat(standing, f"{question.id}={one.value}") for one in question.options
        ),
    )


def _repeat(standing: Standing, *more: str) -> str:
    pairs = [*(f"{name}={value}" for name, value in standing.given.items()), *more]
    return f"ostiary advise --answers {shlex.quote(','.join(pairs))}"


def _find_issuer(unopened: Unopened) -> str:
    """Return the address of the server, if there is one here: nothing else needs one."""
    try:
        return load_settings(unopened.config).public_url or _SOME_ISSUER
    except (SettingsError, Failure):
        if unopened.config is not None:
            raise
        return _SOME_ISSUER


def _show(speaker: Speaker, standing: Standing, advice: Advice, issuer: str) -> Answer:
    shown = speaker.advice(advice, standing, issuer)
    return Answer(
        data={
            "complete": True,
            "answers": dict(standing.given),
            "advice": msgspec.to_builtins(shown),
        },
        text=write(speaker, shown),
        warnings=waits(speaker, shown),
        next_commands=(
            shown.command.replace(" \\\n  ", " "),
            f"ostiary advise --explain {shown.now}",
        ),
    )


def waits(speaker: Speaker, shown: ShownAdvice) -> tuple[str, ...]:
    """Say what the advice waits for."""
    if not shown.missing:
        return ()
    capabilities = ", ".join(one.text for one in shown.missing)
    if shown.now == shown.rule:
        return (speaker.say("waits_addition", capabilities=capabilities),)
    return (
        speaker.say("waits_text", rule=shown.title, capabilities=capabilities, now=shown.now_title),
    )


def write(speaker: Speaker, shown: ShownAdvice) -> str:
    """Write an advice for a terminal."""
    steps = [
        f"{number}. {_between(shown, one.sender, one.receiver)}: {one.text}"
        for number, one in enumerate(shown.steps, 1)
    ]
    parts: list[tuple[str, list[str]]] = [
        ("at_a_glance", [facts(*((one.name, one.value) for one in shown.facts))]),
        ("warnings", [f"- {one.text} ({one.reference})" for one in shown.warnings]),
        ("drawing", steps),
        ("reasons", [f"- {one.text}" for one in shown.reasons]),
        (
            "fallbacks",
            [
                f"{number}. {one.title} ({one.rule}): {one.drawback}"
                for number, one in enumerate(shown.fallbacks, 1)
            ],
        ),
        ("as_file", [shown.file]),
        ("as_command", [shown.command]),
    ]
    lines = [style(shown.title, "bold"), shown.summary]
    for key, body in parts:
        if body:
            lines += ["", style(speaker.say(key), "bold"), *body]
    return "\n".join(lines)


def _between(shown: ShownAdvice, sender: int, receiver: int) -> str:
    names = shown.participants
    return names[sender] if sender == receiver else f"{names[sender]} → {names[receiver]}"


def _explain(speaker: Speaker, name: str) -> Answer:
    """Explain a rule by the shortest answers that lead to it."""
    if name not in RULES:
        hint = suggest(name, RULES)
        raise Failure(
            "not_found",
            f"There is no rule {name!r}{hint}",
            exit_code=ExitCode.NOT_FOUND,
            hint=f"There are {', '.join(RULES)}.",
        )
    rule, standing = RULES[name], settle(example(name))
    shown = speaker.advice(advise(standing.known), standing, _SOME_ISSUER)
    when = [
        " and ".join(_say_condition(speaker, question, values) for question, values in one.items())
        for one in rule.when
    ]
    sources = [
        f"- {one.document}: {one.text}"
        + (f" {speaker.say('overruled', reference=one.overruled_by)}" if one.overruled_by else "")
        for one in map(speaker.source, rule.sources)
    ]
    data: dict[str, Any] = {
        "rule": name,
        "when": [{k: sorted(values) for k, values in one.items()} for one in rule.when],
        "advice": msgspec.to_builtins(shown),
    }
    text = "\n".join(
        [
            style(shown.title, "bold"),
            shown.summary,
            "",
            *(f"Where {one}" for one in when),
            "",
            *(f"- {speaker.say(f'reason.{one}')}" for one in rule.reasons),
            "",
            speaker.say("warnings"),
            *(f"- {one.text} ({one.reference})" for one in map(speaker.warning, rule.warnings)),
            "",
            speaker.say("sources"),
            *sources,
        ]
    )
    return Answer(
        data=data, text=text, warnings=waits(speaker, shown), next_commands=(_repeat(standing),)
    )


def _say_condition(speaker: Speaker, question: str, values: frozenset[str]) -> str:
    answers = speaker.join_answers(question, tuple(sorted(values)))
    return f"{speaker.question_text(question)} {answers}"
