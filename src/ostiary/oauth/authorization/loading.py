"""The reads of the authorization endpoint: what one visit brings together."""

from typing import Protocol

import msgspec

from ostiary.jose.keyring import KeyRing
from ostiary.model.client import Client
from ostiary.model.event import Source
from ostiary.model.grant import Interaction
from ostiary.model.organization import State
from ostiary.model.policy import JoiningMode
from ostiary.model.session import Browser
from ostiary.oauth import handle
from ostiary.oauth.authorization import pending
from ostiary.oauth.authorization.authentication import session_refusal
from ostiary.oauth.authorization.interaction import (
    Facts,
    Interact,
    Reason,
    acting_organization,
    settle,
)
from ostiary.oauth.authorization.parameters import Facts as Parameters
from ostiary.oauth.authorization.pending import FlowRefused
from ostiary.oauth.authorization.request import AuthorizationRequest, restore
from ostiary.oauth.instructions import Kind, find, projects_of
from ostiary.oauth.key_source import KeySource
from ostiary.oauth.management import with_management
from ostiary.oauth.membership import organizations_of, policies_for
from ostiary.oauth.message import Form
from ostiary.oauth.reader import BrowserReader, ConfigurationReader, MemberReader, SignedIn
from ostiary.oauth.redirect import redirect_uri_matches
from ostiary.oauth.scope import MAX_SCOPES
from ostiary.oauth.subject import subject_of
from ostiary.oauth.usable import client_refusal, read_owners


class Reader(ConfigurationReader, MemberReader, BrowserReader, Protocol):
    """What the endpoint reads."""


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Who comes, and when: the value of the browser's cookie, and where from."""

    cookie: str | None = None
    # The browser state that the browser has: the value of another cookie.
    state: str | None = None
    source: Source
    now: int


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """A verified request that one visit tries to have answered."""

    request: AuthorizationRequest
    client: Client
    visit: Visit
    # None where the browser is not known yet.
    browser: Browser | None = None
    # None on the first visit.
    interaction: Interaction | None = None


async def find_browser(visit: Visit, reader: Reader) -> Browser | None:
    """Return the browser that a visit comes from, if it is known."""
    if not visit.cookie:
        return None
    browser = await reader.browser(handle.digest(visit.cookie))
    return None if browser is None or browser.expires_at <= visit.now else browser


async def reopen(flow: str, visit: Visit, reader: Reader) -> Attempt:
    """Read back a request that waits.

    Raises:
        FlowRefused: it is unknown, over, another browser's, or its client may no longer
            take part.
    """
    interaction = await reader.interaction(handle.digest(flow))
    if interaction is None:
        raise FlowRefused(pending.FLOW_UNKNOWN, 404)
    browser = await find_browser(visit, reader)
    if interaction.browser_id and (browser is None or browser.id != interaction.browser_id):
        raise FlowRefused(pending.FLOW_ELSEWHERE, 403)
    client = await reader.client(interaction.client_id)
    if client is None or client_refusal(client, await read_owners(client, reader)) is not None:
        raise FlowRefused(pending.CLIENT_UNUSABLE, 400)
    if interaction.consumed_at is not None:
        raise FlowRefused(pending.FLOW_FINISHED, 410, client)
    if interaction.expires_at <= visit.now:
        raise FlowRefused(pending.FLOW_EXPIRED, 410, client)
    try:
        request = restore(interaction.request)
    except msgspec.ValidationError:
        raise FlowRefused(pending.FLOW_EXPIRED, 410, client) from None
    if request.redirects and not redirect_uri_matches(request.redirect_uri, client):
        raise FlowRefused(pending.CLIENT_UNUSABLE, 400)
    return Attempt(
        request=request, client=client, visit=visit, browser=browser, interaction=interaction
    )


async def load(attempt: Attempt, reader: Reader, keys: KeySource) -> Facts:
    """Read what the decision rests on: sessions first, then the consent of whoever it is.

    Raises:
        LoginRequired: the person signed in as somebody else than the request insists on.
    """
    client, browser, now = attempt.client, attempt.browser, attempt.visit.now
    signed_in = await usable_sessions(browser, now, reader)
    subjects: dict[str, str] = {}
    if attempt.request.subjects is not None:
        ring = await keys.ring()
        subjects = {one.user.id: subject_of(client, one.user.id, ring) for one in signed_in}
    facts = Facts(
        client=client,
        signed_in=signed_in,
        subjects=subjects,
        policies={
            one.user.id: await policies_for(
                one.user,
                acting_organization(attempt.request, attempt.interaction, one.session.id),
                reader,
            )
            for one in signed_in
        },
        organizations=await _read_organizations(attempt, signed_in, reader),
        interaction=attempt.interaction,
    )
    if not (client.require_consent or Reason.CONSENT in attempt.request.prompts):
        return facts
    settled = settle(attempt.request, facts, now)
    if isinstance(settled, Interact):
        return facts
    user_id = settled.signed_in.user.id
    consent = await reader.consent(user_id, client.client_id)
    if consent is None:
        return facts
    return msgspec.structs.replace(facts, consents={user_id: consent})


async def _read_organizations(
    attempt: Attempt, signed_in: tuple[SignedIn, ...], reader: Reader
) -> dict[str, tuple[str, ...]]:
    if attempt.request.organization is None and not attempt.client.organization_assertion:
        return {}
    return {
        one.user.id: tuple(found.id for found in await organizations_of(one.user, reader))
        for one in signed_in
    }


async def usable_sessions(
    browser: Browser | None, now: int, reader: Reader
) -> tuple[SignedIn, ...]:
    """Return the sessions of a browser that answer for their user now, last used first."""
    if browser is None:
        return ()
    usable = []
    for signed_in in await reader.sessions(browser.id):
        organization = await reader.organization(signed_in.user.organization_id)
        if session_refusal(signed_in, organization, now) is None:
            usable.append(signed_in)
    return tuple(usable)


async def load_facts(  # noqa: PLR0913 - what a request is checked against
    form: Form,
    client: Client,
    reader: ConfigurationReader,
    *,
    issuer: str,
    ring: KeyRing,
    now: int,
    unpushed: bool = False,
    unsigned: bool = False,
) -> Parameters:
    """Read what the parameters of a request are checked against."""
    scopes = (form.get("scope") or "").split(" ")[:MAX_SCOPES]
    projects = [await reader.project(one) for one in projects_of(scopes)]
    named = {one.value for one in find(scopes, Kind.ORGANIZATION)}
    organizations = [await reader.organization(one) for one in named]
    domains = {one.value for one in find(scopes, Kind.DOMAIN)}
    owners = {one: await reader.organization_of_domain(one) for one in domains}
    home = (await reader.policies(client.organization_id)).user_registration
    return Parameters(
        can_register=home.mode is JoiningMode.OPEN,
        form=form,
        client=client,
        apis=with_management(await reader.apis(client.organization_id), issuer),
        projects=frozenset(
            one.id
            for one in projects
            if one is not None
            and one.state is State.ACTIVE
            and one.organization_id == client.organization_id
        ),
        organizations=frozenset(
            one.id for one in organizations if one is not None and one.state is State.ACTIVE
        ),
        domains={
            domain: owner.id
            for domain, owner in owners.items()
            if owner is not None and owner.state is State.ACTIVE
        },
        issuer=issuer,
        ring=ring,
        now=now,
        unpushed=unpushed,
        unsigned=unsigned,
    )
