"""A person's own copy of what is kept about them, as JSON (GDPR, articles 15 and 20).

Secrets and their digests are not in it, and nothing about anybody else. Events come in
pages, so that the copy is never in memory as a whole.
"""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import msgspec

from ostiary.identity.listing import read_all
from ostiary.login.account.apps import list_apps
from ostiary.login.account.person import Person
from ostiary.login.account.store import AccountStore
from ostiary.model.event import Event
from ostiary.model.factor import Factor, RecoveryCodes, TrustedDevice
from ostiary.model.personal_token import PersonalToken
from ostiary.model.session import Session
from ostiary.model.user import User

_PAGE = 500
_END = 2**63 - 1
_encode = msgspec.json.Encoder().encode


async def write_copy(
    store: AccountStore, person: Person, types: tuple[str, ...]
) -> AsyncIterator[bytes]:
    """Yield the copy in pieces; `types` are the events that people see.

    Raises:
        Unavailable: the store cannot answer now.
    """
    user = person.user
    sessions = await store.live_sessions(user, person.now)
    apps = await list_apps(store, person)
    head: dict[str, Any] = {
        "exported_at": person.now,
        "account": _account(user),
        "sessions": [_session(one) for one in sessions],
        "applications": [
            {
                "client_id": app.client.client_id,
                "name": app.client.client_name,
                "scopes": app.scopes,
                "since": app.since,
                "allowed_claims": () if app.consent is None else app.consent.claims,
                "last_used_at": None if app.access is None else app.access.last_used_at,
                "while_signed_out": app.access is not None and app.access.offline,
            }
            for app in apps
        ],
    }
    head["factors"] = [_factor(one) for one in await store.factors(user.id)]
    head["trusted_devices"] = [_device(one) for one in await store.trusted_devices(user.id)]
    head["personal_tokens"] = [
        _token(one) for one in await read_all(partial(store.list_personal_tokens, user.id))
    ]
    head["roles"] = [
        {"project_id": one.project_id, "roles": one.roles}
        for one in await read_all(partial(store.list_role_assignments, None, user.id))
    ]
    head["groups"] = [
        {"organization_id": one.organization_id, "key": one.key, "name": one.name}
        for one in await read_all(partial(store.list_groups_of_user, user.id))
    ]
    head["memberships"] = [
        {"organization_id": one.organization_id, "since": one.created_at}
        for one in await read_all(partial(store.list_memberships, user.id), "organization_id")
    ]
    yield _encode(head)[:-1] + b',"events":['
    before, first = _END, True
    while page := await store.activity(user.id, types, before, _PAGE):
        events = b",".join(_encode(_event(event)) for _, event in page)
        yield events if first else b"," + events
        before, first = page[-1][0], False
    yield b"]}\n"


def _account(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "organization_id": user.organization_id,
        "username": user.username,
        "state": user.state,
        "has_password": user.password_hash is not None,
        "email": user.email,
        "email_verified": user.email_verified,
        "phone_number": user.phone_number,
        "phone_number_verified": user.phone_number_verified,
        "profile": user.profile,
        "address": user.address,
        "metadata": user.metadata,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }


def _session(session: Session) -> dict[str, Any]:
    return {
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
        "expires_at": min(session.idle_expires_at, session.expires_at),
        "remembered": session.remembered,
        "proofs": [{"kind": proof.kind, "at": proof.at} for proof in session.proofs],
        "ip": session.ip,
        "user_agent": session.user_agent,
    }


def _factor(factor: Factor) -> dict[str, Any]:
    codes = factor.credential
    return {
        "kind": factor.kind,
        "name": factor.name,
        "created_at": factor.created_at,
        "last_used_at": factor.last_used_at,
        "codes_left": len(codes.digests) if isinstance(codes, RecoveryCodes) else None,
    }


def _device(device: TrustedDevice) -> dict[str, Any]:
    return {
        "trusted_since": device.created_at,
        "until": device.expires_at,
        "ip": device.ip,
        "user_agent": device.user_agent,
    }


def _token(token: PersonalToken) -> dict[str, Any]:
    return {
        "name": token.name,
        "scopes": token.scopes,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "type": event.type,
        "at": event.at,
        "result": event.result,
        "client_id": event.client_id,
        "ip": event.ip,
        "user_agent": event.user_agent,
    }
