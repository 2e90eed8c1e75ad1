"""Logos of organizations and applications: from a file at once, from an address by a job."""

import hashlib
from typing import Any

import msgspec

from ostiary.admin.actor import Actor, authorize_change
from ostiary.admin.change import commit, revise, tell
from ostiary.admin.errors import Invalid
from ostiary.admin.organization import WHAT, read
from ostiary.admin.store import Admin, Directory
from ostiary.egress.images import ImageRefused, encode
from ostiary.model.image import APPLICATION, ORGANIZATION, Image
from ostiary.model.organization import Organization
from ostiary.oauth.effects import Delete, Effects, Enqueue, Insert, Update

TOPIC = "logo"


def follow(owner: str, before: str | None, after: str | None, now: int) -> Effects:
    """Return what follows from a change of where a logo comes from.

    A logo at an address is fetched after the commit; whether that succeeds changes nothing
    about the commit.
    """
    if before == after:
        return ()
    if after is None:
        return (Delete(Image, owner),)
    return (Enqueue(TOPIC, {"owner": owner, "source": after}, now),)


async def put(store: Directory, owner: str, source: str, content: bytes, now: int) -> Effects:
    """Return the effects that make a picture somebody's logo."""
    digest = hashlib.sha256(content).hexdigest()
    present = await store.read_image(owner)
    values: dict[str, Any] = {
        "digest": digest,
        "content": content,
        "source": source,
        "updated_at": now,
    }
    if present is None:
        return (Insert(Image(id=owner, **values)),)
    return (Update(present, values),)


async def upload(admin: Admin, actor: Actor, organization_id: str, content: bytes) -> Organization:
    """Make a picture the logo of an organization; it is encoded anew.

    Raises:
        NotFound: there is no such organization for the actor.
        NotAllowed: the actor may only read.
        Invalid: it is no picture that can be shown.
    """
    present = await read(admin, organization_id)
    authorize_change(actor, present.id, WHAT, organization_id)
    try:
        encoded = await encode(content)
    except ImageRefused as refusal:
        raise Invalid.at("logo", str(refusal)) from None
    source = f"sha256:{hashlib.sha256(content).hexdigest()}"

    async def step() -> tuple[Organization, Effects]:
        present = await read(admin, organization_id)
        authorize_change(actor, present.id, WHAT, organization_id)
        now = admin.clock.now()
        branding = msgspec.structs.replace(present.branding, logo=source)
        changed, effects = revise(present, {"branding": branding}, now)
        stored = await put(admin.store, ORGANIZATION + present.id, source, encoded, now)
        event = tell(
            "organization.updated",
            actor,
            now,
            organization_id=present.id,
            changed=("branding",),
        )
        return changed, (*effects, *stored, event)

    return await commit(admin, step)


def source_of(owner: str) -> tuple[str, str]:
    """Split the owner of a logo into its kind and its id."""
    kind = ORGANIZATION if owner.startswith(ORGANIZATION) else APPLICATION
    return kind, owner.removeprefix(kind)
