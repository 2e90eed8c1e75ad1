"""Domains of organizations, and the proof that they are theirs.

Whoever controls a domain publishes a value there, in its DNS or on its web server. The
value is made of the instance, the organization and the domain, so that what is published
for one organization proves nothing for another. It is no secret.
"""

import hashlib
from collections.abc import Iterable

import msgspec

from ostiary.admin import texts
from ostiary.admin.actor import (
    Actor,
    Area,
    Level,
    authorize_change,
    authorize_instance,
)
from ostiary.admin.change import commit, revise, tell
from ostiary.admin.errors import AlreadyExists, Invalid, NotFound, Problem
from ostiary.admin.organization import WHAT, read
from ostiary.admin.store import Admin
from ostiary.jose import base64url
from ostiary.model.domain import DomainProof, VerifiedDomain
from ostiary.model.organization import Organization
from ostiary.oauth.effects import Delete, Effects, Insert

MAX_DOMAINS = 100
RECORD = "_ostiary-challenge"
WEB_PATH = "/.well-known/ostiary-domain"


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner of a domain publishes: as a TXT record, or as a file."""

    domain: str
    record: str
    url: str
    value: str


def challenge_of(issuer: str, organization_id: str, domain: str) -> Challenge:
    """Return what proves that a domain is an organization's own."""
    content = f"{issuer}\0{organization_id}\0{domain}".encode()
    digest = base64url.encode(hashlib.sha256(content).digest())
    return Challenge(
        domain=domain,
        record=f"{RECORD}.{domain}",
        url=f"https://{domain}{WEB_PATH}",
        value=f"ostiary-domain-verification={digest}",
    )


def check(domains: tuple[str, ...]) -> list[Problem]:
    """Return what is wrong with a list of domains."""
    problems = []
    if len(domains) > MAX_DOMAINS:
        return [Problem("domains", f"must have at most {MAX_DOMAINS} entries")]
    seen: set[str] = set()
    for index, domain in enumerate(domains):
        wrong = texts.check_domain(domain) or ("is in the list twice" if domain in seen else None)
        if wrong:
            problems.append(Problem(f"domains[{index}]", wrong))
        seen.add(domain)
    return problems


async def take_over(
    admin: Admin, actor: Actor, present: Organization | None, key: str, wanted: tuple[str, ...]
) -> tuple[dict[str, tuple[str, ...]], Effects]:
    """Decide on the domains that an organization is to have.

    What an administrator of the whole instance says is so. Everybody else only names
    domains, to be proven.

    Raises:
        AlreadyExists: one of them is another organization's.
    """
    verified = () if present is None else present.domains
    pending = () if present is None else present.pending_domains
    if actor.may(Area.INSTANCE, Level.WRITE):
        values = {
            "domains": wanted,
            "pending_domains": tuple(one for one in pending if one not in wanted),
        }
    else:
        values = {
            "domains": tuple(one for one in wanted if one in verified),
            "pending_domains": tuple(one for one in wanted if one not in verified),
        }
    gained = [one for one in values["domains"] if one not in verified]
    effects = await _claim(admin, key, gained, DomainProof.VOUCHED)
    lost = [one for one in verified if one not in values["domains"]]
    return values, (*effects, *release(lost))


def release(domains: Iterable[str]) -> Effects:
    """Let go of domains."""
    return tuple(Delete(VerifiedDomain, domain) for domain in domains)


async def add(admin: Admin, actor: Actor, organization_id: str, domain: str) -> Challenge:
    """Name a domain that an organization says is its own; return how to prove it.

    Raises:
        NotFound: there is no such organization for the actor.
        NotAllowed: the actor may only read.
        Invalid: it is no domain name, or there are too many.
    """
    if wrong := texts.check_domain(domain):
        raise Invalid.at("domain", wrong)

    async def step() -> tuple[Challenge, Effects]:
        present = await read(admin, organization_id)
        authorize_change(actor, present.id, WHAT, organization_id)
        challenge = challenge_of(admin.issuer, present.id, domain)
        named = (*present.domains, *present.pending_domains)
        if domain in named:
            return challenge, ()
        if len(named) >= MAX_DOMAINS:
            raise Invalid.at("domain", f"would be more than the {MAX_DOMAINS} that can be")
        now = admin.clock.now()
        _, effects = revise(present, {"pending_domains": (*present.pending_domains, domain)}, now)
        event = tell(
            "organization.domain.added", actor, now, organization_id=present.id, target=domain
        )
        return challenge, (*effects, event)

    return await commit(admin, step)


async def verify(
    admin: Admin, actor: Actor, organization_id: str, domain: str, *, vouched: bool = False
) -> Organization:
    """Count a domain as the organization's own, if that is proven.

    `vouched`: the actor says so, which takes one who reaches the whole instance.

    Raises:
        NotFound: there is no such organization for the actor, or it did not name the domain.
        NotAllowed: the actor may only read, or may not vouch.
        Invalid: the proof is not there.
        AlreadyExists: the domain is another organization's.
    """
    if vouched:
        authorize_instance(actor)

    async def step() -> tuple[Organization, Effects]:
        present = await read(admin, organization_id)
        authorize_change(actor, present.id, WHAT, organization_id)
        if domain in present.domains:
            return present, ()
        if domain not in present.pending_domains:
            raise NotFound("domain", domain, hint="Add it to the organization first.")
        proof = DomainProof.VOUCHED if vouched else await _find_proof(admin, present.id, domain)
        now = admin.clock.now()
        values = {
            "domains": (*present.domains, domain),
            "pending_domains": tuple(one for one in present.pending_domains if one != domain),
        }
        changed, effects = revise(present, values, now)
        claimed = await _claim(admin, present.id, [domain], proof)
        event = tell(
            "organization.domain.verified", actor, now, organization_id=present.id, target=domain
        )
        return changed, (*effects, *claimed, event)

    return await commit(admin, step)


async def remove(admin: Admin, actor: Actor, organization_id: str, domain: str) -> Organization:
    """Take a domain from an organization.

    Raises:
        NotFound: there is no such organization for the actor, or it has no such domain.
        NotAllowed: the actor may only read.
    """

    async def step() -> tuple[Organization, Effects]:
        present = await read(admin, organization_id)
        authorize_change(actor, present.id, WHAT, organization_id)
        if domain not in (*present.domains, *present.pending_domains):
            raise NotFound("domain", domain)
        now = admin.clock.now()
        values = {
            "domains": tuple(one for one in present.domains if one != domain),
            "pending_domains": tuple(one for one in present.pending_domains if one != domain),
        }
        changed, effects = revise(present, values, now)
        released = release([domain]) if domain in present.domains else ()
        event = tell(
            "organization.domain.removed", actor, now, organization_id=present.id, target=domain
        )
        return changed, (*effects, *released, event)

    return await commit(admin, step)


async def _find_proof(admin: Admin, organization_id: str, domain: str) -> DomainProof:
    challenge = challenge_of(admin.issuer, organization_id, domain)
    proof = await admin.find_domain_proof(challenge.record, challenge.url, challenge.value)
    if proof is None:
        raise Invalid.at(
            "domain",
            f"is not proven: neither a TXT record of {challenge.record} nor {challenge.url} holds"
            f" {challenge.value}",
            hint="What was published just now can take a while to be seen: try again later.",
        )
    return proof


async def _claim(
    admin: Admin, organization_id: str, domains: Iterable[str], proof: DomainProof
) -> Effects:
    claimed: list[Insert] = []
    for domain in domains:
        if await admin.store.read_verified_domain(domain) is not None:
            raise AlreadyExists(
                "domain", domain, path="domains", hint="It belongs to another organization."
            )
        now = admin.clock.now()
        claimed.append(
            Insert(
                VerifiedDomain(
                    domain=domain, organization_id=organization_id, proof=proof, verified_at=now
                )
            )
        )
    return tuple(claimed)
