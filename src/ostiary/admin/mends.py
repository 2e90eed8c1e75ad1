"""Mends of what lint finds, how they are undone, and findings that are accepted as they are."""

from typing import Any

import msgspec

from ostiary.admin import clients, lint, texts
from ostiary.admin.actor import Actor
from ostiary.admin.change import commit, tell
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.client_values import LIFETIMES
from ostiary.admin.decode import Request, decode
from ostiary.admin.errors import Invalid, NotFound, Overtaken
from ostiary.admin.lint import LintRecords
from ostiary.admin.store import PAGE, Admin
from ostiary.advisor.lint.rules import APPLICATION_RULES
from ostiary.clock import new_id
from ostiary.model.client import Client, ClientKind
from ostiary.model.lint import Mend, Silence
from ostiary.oauth.effects import Delete, Effects, Emit, Insert, Update

UNDO_WITHIN = 90 * 86400
_MAX_REASON = 254
_KIND = ClientKind.APPLICATION
# After every id.
_END = "~"


class Mended(msgspec.Struct, frozen=True, kw_only=True):
    """An application as it is now, and what was done to it."""

    client: Client
    mend: Mend


class SilenceFields(Request, frozen=True, kw_only=True):
    """A finding, and why it is accepted; without a reason it is told of again."""

    rule: str
    target: str = ""
    reason: str | None


async def mend(  # noqa: PLR0913 - what, where, and what it is about
    admin: Admin,
    records: LintRecords,
    actor: Actor,
    client_id: str,
    *,
    rule: str,
    target: str = "",
) -> Mended:
    """Change an application as a finding proposes: an ordinary change, that can be undone.

    Raises:
        NotFound: there is no such application for the actor, or no such finding.
        NotAllowed: the actor may only read, or may not change this of it.
        Invalid: a person has to decide what to do, or the change breaks a rule.
    """

    async def step() -> tuple[Mended, Effects]:
        now = admin.clock.now()
        present = await clients.require(admin, actor, _KIND, client_id)
        finding = await lint.find(admin, records, present, rule, target)
        if finding.mend is None:
            raise Invalid.at("rule", "has no mend: a person has to decide, or to act elsewhere")
        metadata = decode(ClientMetadata, dict(finding.mend))
        changed, effects = await clients.change(admin, actor, _KIND, client_id, metadata)
        names = [name for name in _names() if _value(present, name) != _value(changed.client, name)]
        made = Mend(
            id=new_id(now, admin.entropy),
            client_id=client_id,
            rule=rule,
            target=target,
            before={name: _value(present, name) for name in names},
            after={name: _value(changed.client, name) for name in names},
            created_at=now,
            expires_at=now + UNDO_WITHIN,
        )
        event = _tell(admin, actor, present, "lint.mended", rule)
        return Mended(client=changed.client, mend=made), (*effects, Insert(made), event)

    return await commit(admin, step)


async def undo(
    admin: Admin, records: LintRecords, actor: Actor, client_id: str, mend_id: str
) -> Mended:
    """Put back what a mend changed, unless somebody changed it since.

    Raises:
        NotFound: there is no such application or mend for the actor, or its time is over.
        NotAllowed: the actor may only read, or may not change this of it.
        Overtaken: it was undone before, or what it changed was changed again.
        Invalid: the rules of today do not allow how it was.
    """

    async def step() -> tuple[Mended, Effects]:
        now = admin.clock.now()
        present = await clients.require(admin, actor, _KIND, client_id)
        found = await records.read_mend(mend_id)
        if found is None or found.client_id != client_id or found.expires_at <= now:
            raise NotFound("mend", mend_id)
        if found.undone_at is not None:
            raise Overtaken("This mend was undone before.")
        since = [name for name, value in found.after.items() if _value(present, name) != value]
        if since:
            raise Overtaken(
                f"It was changed since: {', '.join(since)}.",
                hint="Undo what came later first, or change the application by hand.",
            )
        metadata = decode(ClientMetadata, found.before)
        changed, effects = await clients.change(admin, actor, _KIND, client_id, metadata)
        done: dict[str, Any] = {"undone_at": now}
        undone = msgspec.structs.replace(found, version=found.version + 1, **done)
        event = _tell(admin, actor, present, "lint.undone", found.rule)
        return Mended(client=changed.client, mend=undone), (
            *effects,
            Update(found, done),
            event,
        )

    return await commit(admin, step)


async def list_mends(  # noqa: PLR0913 - of which application, and which page
    admin: Admin,
    records: LintRecords,
    actor: Actor,
    client_id: str,
    *,
    after: str = "",
    limit: int = PAGE,
) -> tuple[Mend, ...]:
    """Return the mends of an application that can be undone, or were, newest first.

    Raises:
        NotFound: there is no such application for the actor.
    """
    await clients.show(admin, actor, client_id)
    return await records.list_mends(client_id, after or _END, admin.clock.now(), limit)


async def judge(
    admin: Admin, records: LintRecords, actor: Actor, client_id: str, request: SilenceFields
) -> Silence | None:
    """Accept a finding about an application for a reason; without one, tell of it again.

    Raises:
        NotFound: there is no such application for the actor, or no such finding to accept.
        NotAllowed: the actor may only read.
        Invalid: the rule does not exist, or the reason says nothing.
    """
    if request.rule not in APPLICATION_RULES:
        raise Invalid.at("rule", f"must be one of {', '.join(APPLICATION_RULES)}")
    reason = request.reason
    if reason is not None and (wrong := _check_reason(reason)):
        raise Invalid.at("reason", wrong)

    async def step() -> tuple[Silence | None, Effects]:
        present = await clients.require(admin, actor, _KIND, client_id)
        key = (client_id, request.rule, request.target)
        found = await records.read_silence(*key)
        if reason is None:
            event = _tell(admin, actor, present, "lint.unsilenced", request.rule)
            return None, () if found is None else (Delete(Silence, key), event)
        if found is not None and found.reason == reason:
            return found, ()
        now = admin.clock.now()
        event = _tell(admin, actor, present, "lint.silenced", request.rule)
        if found is not None:
            said = {
                "reason": reason,
                "created_at": now,
                "actor_type": actor.type,
                "actor_id": actor.id,
            }
            changed = msgspec.structs.replace(found, version=found.version + 1, **said)
            return changed, (Update(found, said), event)
        await lint.find(admin, records, present, request.rule, request.target)
        made = Silence(
            client_id=client_id,
            rule=request.rule,
            target=request.target,
            reason=reason,
            created_at=now,
            actor_type=actor.type,
            actor_id=actor.id,
        )
        return made, (Insert(made), event)

    return await commit(admin, step)


def _check_reason(reason: str) -> str | None:
    if not reason.strip():
        return "must say why it is accepted"
    return texts.check_text(reason, _MAX_REASON)


def _tell(admin: Admin, actor: Actor, client: Client, type_: str, rule: str) -> Emit:
    return tell(
        type_,
        actor,
        admin.clock.now(),
        organization_id=client.organization_id,
        client_id=client.client_id,
        target=rule,
    )


def _names() -> list[str]:
    """Return the metadata that mends may change, and that follow from it."""
    return [
        name
        for name in ClientMetadata.__struct_fields__
        if name in Client.__struct_fields__ or name in LIFETIMES
    ]


def _value(client: Client, name: str) -> Any:
    """Return a value of a client by its name in metadata, as JSON has it."""
    if name in LIFETIMES:
        return getattr(client.lifetimes, LIFETIMES[name])
    return msgspec.json.decode(msgspec.json.encode(getattr(client, name)))
