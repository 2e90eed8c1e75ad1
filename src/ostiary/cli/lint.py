"""`ostiary lint`: what could be better about applications and policies."""

import shlex
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import typer

from ostiary.admin import lint, mends
from ostiary.admin.errors import AdminError
from ostiary.admin.lint import Report
from ostiary.admin.mends import Mended
from ostiary.cli.answer import Answer, ExitCode, Failure, legible, style, write_json
from ostiary.cli.command import command
from ostiary.cli.instance import Instance
from ostiary.cli.places import OrganizationOption, ProjectOption
from ostiary.cli.sarif import Located, write_sarif
from ostiary.cli.views import time_of
from ostiary.model.lint import Mend
from ostiary.pages.languages import DEFAULT, load_languages
from ostiary.pages.lint import ShownFinding, Words

_PAGE = 100
_COLOURS = {"note": "blue", "caution": "yellow", "danger": "red"}


class Worst(StrEnum):
    """From which severity on there is something to do."""

    NOTE = "note"
    CAUTION = "caution"
    DANGER = "danger"
    NEVER = "never"


class _Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Something with findings: its title, and its path below the API."""

    title: str
    path: str
    client_id: str | None = None
    last_seen_at: int | None = None
    findings: tuple[ShownFinding, ...]


def register(program: typer.Typer) -> None:
    """Add the command to the program."""
    command(program, "lint")(check_all)


async def check_all(
    instance: Instance,
    application: Annotated[
        str | None,
        typer.Option("--application", help="Look at one application.", metavar="CLIENT_ID"),
    ] = None,
    project: ProjectOption = None,
    organization: OrganizationOption = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend whatever takes no person to decide.")
    ] = False,
    sarif: Annotated[
        bool, typer.Option("--sarif", help="Write a SARIF 2.1.0 log, whatever else is asked.")
    ] = False,
    worst: Annotated[
        Worst,
        typer.Option("--fail-on", help="From which severity on the exit code is 6."),
    ] = Worst.CAUTION,
) -> Answer:
    """Say what could be better about applications and policies.

    By the rules of the flow advisor, over what is registered and what was seen in use. Without
    a place it looks at everything. Exits with 6 where something is left to do, with 0 otherwise.
    Findings that are accepted do not count; `ostiary app accept` accepts one.
    """
    words = Words(load_languages()[DEFAULT])
    reports = await _inspect(instance, application, organization, project)
    mended: list[Mended] = []
    refused: list[str] = []
    if fix:
        for report in reports:
            await _mend(instance, report, mended, refused)
        reports = await _inspect(instance, application, organization, project)
    subjects = [_of_client(words, one) for one in reports]
    if application is None and project is None:
        subjects.append(await _of_policies(instance, words, organization))
    open_ = [one for subject in subjects for one in subject.findings if one.silenced is None]
    code = ExitCode.UNHEALTHY if _fails(open_, worst) else ExitCode.DONE
    if sarif:
        found = [
            Located(path=subject.path, finding=one)
            for subject in subjects
            for one in subject.findings
        ]
        write_json(write_sarif(words, instance.settings.public_url, found))
        return Answer(streamed=True, exit_code=code)
    watched = await instance.store.watched_since()
    return Answer(
        data={
            "applications": [_data(one) for one in subjects if one.client_id is not None],
            "policies": [
                msgspec.to_builtins(one)
                for subject in subjects
                if subject.client_id is None
                for one in subject.findings
            ],
            "mends": [{"client_id": one.client.client_id, "id": one.mend.id} for one in mended],
        },
        text=_write(words, subjects, [one.mend for one in mended]),
        warnings=(*refused, *(() if watched is not None else (words.say("not_watched"),))),
        next_commands=tuple(
            f"ostiary app undo-mend {shlex.quote(one.client.client_id)} {one.mend.id}"
            for one in mended
        ),
        exit_code=code,
    )


async def _inspect(
    instance: Instance,
    application: str | None,
    organization: str | None,
    project: str | None,
) -> list[Report]:
    admin, store, actor = instance.admin, instance.store, instance.actor
    if application is not None:
        if organization is not None or project is not None:
            raise Failure(
                "usage",
                "Name either an application or a place.",
                exit_code=ExitCode.USAGE,
                hint="An application is in one place alone.",
            )
        return [await lint.inspect(admin, store, actor, application)]
    found: list[Report] = []
    after = ""
    while page := await lint.inspect_all(
        admin, store, actor, organization, project, after=after, limit=_PAGE
    ):
        found += page
        after = page[-1].client.client_id
    return found


async def _mend(instance: Instance, report: Report, done: list[Mended], refused: list[str]) -> None:
    """Mend an application until nothing is left that can be; each mend may end several.

    Of one that is refused only that is told: what was done before must be, to be undone.
    """
    admin, store, actor = instance.admin, instance.store, instance.actor
    client_id = report.client.client_id
    tried: set[tuple[str, str]] = set()
    while True:
        left = [
            one.finding
            for one in report.findings
            if one.silence is None
            and one.finding.mend is not None
            and (one.finding.rule, one.finding.target) not in tried
        ]
        if not left:
            return
        rule, target = left[0].rule, left[0].target
        tried.add((rule, target))
        try:
            done.append(await mends.mend(admin, store, actor, client_id, rule=rule, target=target))
        except AdminError as error:
            name = lint.key_of(rule, target)
            refused.append(legible(f"{client_id} was not mended: {name}: {error.message}"))
        report = await lint.inspect(admin, store, actor, client_id)


def _of_client(words: Words, report: Report) -> _Subject:
    client = report.client
    name = f"{client.client_id} ({client.client_name})" if client.client_name else client.client_id
    return _Subject(
        title=name,
        path=f"/applications/{client.client_id}",
        client_id=client.client_id,
        last_seen_at=report.last_seen_at,
        findings=words.findings(report),
    )


async def _of_policies(instance: Instance, words: Words, organization: str | None) -> _Subject:
    found = await lint.inspect_policies(instance.admin, instance.actor, organization)
    path = "/policies" if organization is None else f"/organizations/{organization}"
    return _Subject(
        title=words.say("policies"), path=path, findings=tuple(map(words.finding, found))
    )


def _fails(found: list[ShownFinding], worst: Worst) -> bool:
    severities = [one.value for one in Worst]
    return any(severities.index(one.severity) >= severities.index(worst.value) for one in found)


def _data(subject: _Subject) -> dict[str, Any]:
    return {
        "client_id": subject.client_id,
        "last_seen_at": time_of(subject.last_seen_at),
        "findings": [msgspec.to_builtins(one) for one in subject.findings],
    }


def _write(words: Words, subjects: list[_Subject], done: list[Mend]) -> str:
    lines: list[str] = []
    for subject in subjects:
        shown = [one for one in subject.findings if one.silenced is None]
        if shown:
            lines += [style(legible(subject.title), "bold")]
            for one in shown:
                lines += _write_finding(words, subject, one)
            lines.append("")
    if not lines:
        lines = [words.say("nothing"), ""]
    for mend in done:
        lines.append(f"Mended {legible(mend.client_id)}: {lint.key_of(mend.rule, mend.target)}")
    return "\n".join(lines)


def _write_finding(words: Words, subject: _Subject, one: ShownFinding) -> list[str]:
    severity = style(words.say(f"level.{one.severity}"), _COLOURS[one.severity])
    lines = [
        f"  {severity}  {legible(one.title)} [{one.rule}]",
        f"    {legible(one.why)}",
        f"    {one.todo} ({', '.join(one.references)})",
    ]
    if one.mend is not None and subject.client_id is not None:
        target = f" --target {shlex.quote(one.target)}" if one.target else ""
        lines.append(f"    ostiary app mend {shlex.quote(subject.client_id)} {one.rule}{target}")
    return lines
