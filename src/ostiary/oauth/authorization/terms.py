"""The terms that a person signs in on: policies as they hold for them, at an application.

A policy can concern administrators alone, and an application can take fewer factors than its
instance. Here both become what the rules of `strength` go by: policies that say *always* or
*never*, the factors that are left, and the proofs that count.
"""

from typing import Protocol

import msgspec

from ostiary.model.administrator import Administrator
from ostiary.model.client import Client
from ostiary.model.narrowing import join_mfa
from ostiary.model.policy import MfaRequired, Policies
from ostiary.model.session import ProofKind, Session
from ostiary.model.user import User


class AdministratorReader(Protocol):
    """Where administrators are found."""

    async def administrators_of(self, user_id: str) -> tuple[Administrator, ...]:
        """Return everything that a user administers."""
        ...


class TermsReader(AdministratorReader, Protocol):
    """What terms are made of."""

    async def policies(self, organization_id: str) -> Policies:
        """Return the policies in force for an organization."""
        ...


async def terms_of(user: User, acting_id: str | None, reader: TermsReader) -> Policies:
    """Return the policies that somebody signs in under, acting for an organization or none.

    They are those of their own organization; the one that they act for may demand a second
    factor besides.
    """
    policies = await reader.policies(user.organization_id)
    if acting_id is not None and acting_id != user.organization_id:
        policies = join_mfa(policies, await reader.policies(acting_id))
    return await settle(policies, user, reader)


async def settle(policies: Policies, user: User, reader: AdministratorReader) -> Policies:
    """Return policies that say of a person whether they need a second factor.

    Who administers something is asked only where a policy concerns administrators alone, and
    anew each time: whoever is made one is held to it with their next request.
    """
    if policies.mfa.required is not MfaRequired.ADMINISTRATORS:
        return policies
    held = await reader.administrators_of(user.id)
    required = MfaRequired.ALWAYS if held else MfaRequired.NEVER
    mfa = msgspec.structs.replace(policies.mfa, required=required)
    return msgspec.structs.replace(policies, mfa=mfa)


def narrow(policies: Policies, client: Client) -> Policies:
    """Return policies with the factors that an application takes: never more than before."""
    if not client.allowed_factors:
        return policies
    left = tuple(one for one in policies.login.allowed_factors if one in client.allowed_factors)
    login = msgspec.structs.replace(policies.login, allowed_factors=left)
    return msgspec.structs.replace(policies, login=login)


def counted(session: Session, client: Client) -> Session:
    """Return a session with the proofs that an application takes.

    That a device is trusted is no factor, and stays: it stands for one that was proven.
    """
    if not client.allowed_factors:
        return session
    taken = {*client.allowed_factors, ProofKind.TRUSTED_DEVICE.value}
    proofs = tuple(proof for proof in session.proofs if proof.kind.value in taken)
    return msgspec.structs.replace(session, proofs=proofs)
