"""`ostiary doctor`: is everything in order for the server to run?"""

import stat
from collections.abc import AsyncIterator
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import typer

from ostiary.admin.demo import find_people
from ostiary.admin.keys import list_keys
from ostiary.cli.answer import Answer, ExitCode, Failure, style
from ostiary.cli.command import command
from ostiary.cli.instance import Instance, open_instance
from ostiary.egress.errors import FetchFailed, MailRefused
from ostiary.egress.fetcher import Egress
from ostiary.egress.smtp import MailServer
from ostiary.jose.errors import JoseError
from ostiary.jose.keyring import KeyRing
from ostiary.model.key import KeyState
from ostiary.oauth.effects import Unavailable
from ostiary.settings import Settings, check_serve
from ostiary.store import SchemaError

_MAX_SKEW = 30
_READABLE_BY_OTHERS = stat.S_IRWXO | stat.S_IRWXG


class Status(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Finding(msgspec.Struct, frozen=True):
    """What one check found, and what to do about it."""

    name: str
    status: Status
    message: str
    hint: str = ""


_SIGNS = {
    Status.OK: ("ok", "green"),
    Status.WARNING: ("warning", "yellow"),
    Status.FAILED: ("failed", "red"),
}


def register(program: typer.Typer) -> None:
    """Add the commands to the program."""

    @command(program, "doctor")
    async def doctor(settings: Settings) -> Answer:
        """Check that everything is in order.

        It looks at settings, database, keys, clock, public URL and mail server. The exit code
        is 6 if something is wrong.
        """
        findings = [finding async for finding in examine(settings)]
        ill = any(finding.status is Status.FAILED for finding in findings)
        return Answer(
            data={"healthy": not ill, "checks": msgspec.to_builtins(findings)},
            text="\n".join(map(_describe, findings)),
            exit_code=ExitCode.UNHEALTHY if ill else ExitCode.DONE,
        )


def _describe(finding: Finding) -> str:
    word, colour = _SIGNS[finding.status]
    line = f"{style(word.ljust(8), colour)}{finding.name}: {finding.message}"
    return f"{line}\n{' ' * 8}{finding.hint}" if finding.hint else line


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Check one thing after the other."""
    problems = check_serve(settings)
    for problem in problems:
        yield Finding("settings", Status.FAILED, str(problem))
    if not problems:
        yield Finding("settings", Status.OK, "are complete")
    for finding in _examine_files(settings):
        yield finding
    try:
        async with open_instance(settings, ready=False) as instance:
            async for finding in _examine_database(instance):
                yield finding
    except (SchemaError, Unavailable) as error:
        yield Finding("database", Status.FAILED, str(error) or "does not answer")
    yield await _examine_public_url(settings)
    yield await _examine_mail(settings)


def _examine_files(settings: Settings) -> list[Finding]:
    name = settings.key_encryption_key_file
    if not name:
        return []
    mode = Path(name).stat().st_mode
    if mode & _READABLE_BY_OTHERS:
        hint = f"Run chmod 600 {name}"
        return [
            Finding("key-encryption key", Status.WARNING, f"{name} is readable by others", hint)
        ]
    return [Finding("key-encryption key", Status.OK, f"{name} is readable by its owner only")]


async def _examine_database(instance: Instance) -> AsyncIterator[Finding]:
    found = await instance.store.check()
    if found.schema_version < found.known_version:
        yield Finding(
            "database",
            Status.FAILED,
            f"the schema is at version {found.schema_version} of {found.known_version}",
            "Start the server, or run `ostiary migrate`.",
        )
        return
    if not found.writable:
        yield Finding("database", Status.FAILED, "cannot be written")
        return
    yield Finding("database", Status.OK, f"answers, with schema version {found.schema_version}")
    yield _examine_clock(found.skew)
    yield await _examine_keys(instance)
    if not instance.settings.dev:
        for finding in await _examine_people(instance):
            yield finding


def _examine_clock(skew: float) -> Finding:
    if abs(skew) > _MAX_SKEW:
        return Finding(
            "clock",
            Status.FAILED,
            f"this machine and the database differ by {abs(skew):.0f} s",
            "Synchronise the clocks, for instance by chrony.",
        )
    return Finding("clock", Status.OK, f"differs from the database by {abs(skew):.1f} s")


async def _examine_keys(instance: Instance) -> Finding:
    name = "signing keys"
    store = instance.store
    try:
        keks = instance.keys.keks
        KeyRing(await store.signing_keys(), await store.instance_keys(), keks)
        keys = await list_keys(instance.keys, instance.actor)
    except (JoseError, Failure) as error:
        return Finding(name, Status.FAILED, error.message)
    active = {key.alg for key in keys if key.state is KeyState.ACTIVE}
    missing = set((await store.read_configuration()).enabled_algs) - active
    if missing:
        return Finding(
            name,
            Status.WARNING,
            f"there is none yet for {', '.join(sorted(missing))}",
            "The server makes them when it starts.",
        )
    return Finding(name, Status.OK, f"can be opened, and sign {', '.join(sorted(active))}")


async def _examine_people(instance: Instance) -> list[Finding]:
    people = await find_people(instance.store)
    return [
        Finding(
            "development accounts",
            Status.WARNING,
            f"{user.username} was made by `ostiary serve --dev`, with a password that is no secret",
            f"Run ostiary user delete {user.username}",
        )
        for user in people
    ]


async def _examine_public_url(settings: Settings) -> Finding:
    name, issuer = "public URL", settings.public_url
    if not issuer:
        return Finding(name, Status.FAILED, "public_url is not set")
    host = urlsplit(issuer).hostname or ""
    # The operator's own address: private networks are nothing to keep from them.
    egress = Egress(("0.0.0.0/0", "::/0"), settings.egress.ca_file)
    url = f"{issuer}/.well-known/openid-configuration"
    try:
        answer = await egress.fetch(url, accept=("application/json",))
        named = msgspec.json.decode(answer.body, type=dict[str, object]).get("issuer")
    except FetchFailed as error:
        return Finding(
            name,
            Status.WARNING,
            f"{issuer} does not answer from here: {error.detail}",
            f"Start the server, and see that {host} leads to it.",
        )
    except msgspec.DecodeError:
        named = None
    finally:
        await egress.aclose()
    if named != issuer:
        return Finding(
            name,
            Status.FAILED,
            f"{issuer} is answered by something else",
            f"See where {host} and the proxy in front lead to.",
        )
    return Finding(name, Status.OK, f"{issuer} leads to this server")


async def _examine_mail(settings: Settings) -> Finding:
    name, smtp = "mail", settings.smtp
    if not smtp.host:
        if settings.dev:
            return Finding(name, Status.OK, "is kept at /dev/inbox")
        return Finding(
            name,
            Status.WARNING,
            "no mail server is configured: nobody can recover a password",
            "Set smtp.host and smtp.from.",
        )
    host = urlsplit(settings.public_url).hostname or "localhost"
    try:
        await MailServer(smtp, settings.egress.ca_file, host).check()
    except MailRefused as refusal:
        return Finding(
            name,
            Status.FAILED,
            f"{smtp.host}:{smtp.port} cannot be used: {refusal}",
            "See the settings of [smtp]; try again by `ostiary mail test`.",
        )
    return Finding(name, Status.OK, f"{smtp.host}:{smtp.port} answers, encryption: {smtp.security}")
