"""All that is kept about a person, in one document (GDPR, articles 15 and 20).

Of credentials there is that they exist, never what they are.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec

from ostiary.admin import users
from ostiary.admin.actor import Actor
from ostiary.admin.change import tell
from ostiary.admin.store import Admin
from ostiary.identity.listing import read_all
from ostiary.model.user import User
from ostiary.store.reads.events import EventFilter

FORMAT = "ostiary-user-export/1"
# The newest; who needs more than these asks for the audit trail.
MAX_EVENTS = 10_000
_MANY = 500


async def export(admin: Admin, actor: Actor, user_id: str) -> dict[str, Any]:
    """Return what is kept about a user, and note that it was given out.

    It is more than any other operation shows, and leaves the server for good: it takes the
    right to change the user.

    Raises:
        NotFound: there is none with this id or name for the actor.
        NotAllowed: the actor may only read, or the user administers more than the actor.
    """
    found = await users.find(admin, actor, user_id)
    user = await users.require(admin, actor, found.id)
    document = await collect(admin, user)
    event = tell(
        "account.exported",
        actor,
        admin.clock.now(),
        organization_id=user.organization_id,
        user_id=user.id,
    )
    await admin.store.apply((event,))
    return document


async def collect(admin: Admin, user: User) -> dict[str, Any]:
    """Return what is kept about a user, as JSON can hold it."""
    store = admin.store

    roles = await read_all(partial(store.list_role_assignments, None, user.id))
    sessions = await read_all(partial(store.list_sessions_of_user, user.id))
    grants = await read_all(partial(store.list_grants_of_user, user.id))
    consents = await read_all(partial(store.list_consents_of_user, user.id), "client_id")
    tokens = await read_all(partial(store.list_personal_tokens, user.id))
    groups = await read_all(partial(store.list_groups_of_user, user.id))
    memberships = await read_all(partial(store.list_memberships, user.id), "organization_id")
    events, truncated = await _events(admin, user.id)
    return {
        "format": FORMAT,
        "exported_at": _time(admin.clock.now()),
        "account": _account(user),
        "sessions": [
            _timed(one, "id", "ip", "user_agent", "remembered", "revoked_reason")
            for one in sessions
        ],
        "applications": [
            _timed(one, "client_id", "scopes", "offline", "revoked_reason") for one in grants
        ],
        "consents": [_timed(one, "client_id", "scopes", "claims") for one in consents],
        "personal_tokens": [_timed(one, "id", "name", "scopes") for one in tokens],
        "factors": [_timed(one, "kind", "name") for one in await store.factors(user.id)],
        "trusted_devices": [
            _timed(one, "ip", "user_agent") for one in await store.trusted_devices(user.id)
        ],
        "groups": [
            {"key": one.key, "name": one.name, "organization": one.organization_id}
            for one in groups
        ],
        "memberships": [
            {"organization": one.organization_id, "since": _time(one.created_at)}
            for one in memberships
        ],
        "roles": [
            {
                "project": one.project_id,
                "organization": one.organization_id,
                "roles": list(one.roles),
            }
            for one in roles
        ],
        "events": events,
        "events_truncated": truncated,
    }


def _account(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "username": user.username,
        "organization": user.organization_id,
        "state": user.state.value,
        "created_at": _time(user.created_at),
        "updated_at": _time(user.updated_at),
        "profile": msgspec.to_builtins(user.profile),
        "email": user.email,
        "email_verified": user.email_verified,
        "phone_number": user.phone_number,
        "phone_number_verified": user.phone_number_verified,
        "address": msgspec.to_builtins(user.address),
        "metadata": user.metadata,
        "has_password": user.password_hash is not None,
        "credentials_changed_at": _time(user.credentials_changed_at),
    }


_TIMES = (
    "created_at",
    "granted_at",
    "last_seen_at",
    "last_used_at",
    "expires_at",
    "revoked_at",
)


def _timed(record: Any, *names: str) -> dict[str, Any]:
    shown = {name: msgspec.to_builtins(getattr(record, name)) for name in names}
    for name in _TIMES:
        if hasattr(record, name):
            shown[name] = _time(getattr(record, name))
    return shown


async def _events(admin: Admin, user_id: str) -> tuple[list[dict[str, Any]], bool]:
    found: list[dict[str, Any]] = []
    before: int | None = None
    while len(found) < MAX_EVENTS:
        page = await admin.store.list_events((), before, _MANY, EventFilter(user_id=user_id))
        found += [
            {
                name: value
                for name, value in msgspec.to_builtins(event).items()
                if value not in (None, "", {})
            }
            | {"at": _time(event.at)}
            for _, event in page
        ]
        if len(page) < _MANY:
            return found, False
        before = page[-1][0]
    return found, True


def _time(seconds: int | None) -> str | None:
    if not seconds:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
