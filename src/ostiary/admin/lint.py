"""Lint: what could be better about applications and policies, by the rules of the advisor."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from ostiary.admin import clients, organization, policies, projects
from ostiary.admin.actor import Actor, Level, authorize_instance, authorize_read
from ostiary.admin.errors import NotFound
from ostiary.admin.store import PAGE, Admin
from ostiary.advisor.lint.evidence import Evidence
from ostiary.advisor.lint.finding import Finding
from ostiary.advisor.lint.flow_rules import last_legacy_use, legacy_uses
from ostiary.advisor.lint.likeness import Likeness, liken
from ostiary.advisor.lint.rules import examine, examine_policies
from ostiary.model.client import Client
from ostiary.model.lint import Mend, Silence
from ostiary.model.policy import Policies
from ostiary.model.sighting import Sighting
from ostiary.oauth import legacy


class LintRecords(Protocol):
    """What lint reads besides what is registered."""

    async def list_sightings(self, client_ids: Sequence[str]) -> tuple[Sighting, ...]:
        """Return everything that was seen of these clients."""
        ...

    async def watched_since(self) -> int | None:
        """Return since when servers write down what they see; None: they never did."""
        ...

    async def read_silence(self, client_id: str, rule: str, target: str) -> Silence | None:
        """Return that a finding is accepted, if it is."""
        ...

    async def list_silences(self, client_ids: Sequence[str]) -> tuple[Silence, ...]:
        """Return the findings about these clients that are accepted."""
        ...

    async def read_mend(self, mend_id: str) -> Mend | None:
        """Return a mend, undone or not, expired or not."""
        ...

    async def list_mends(
        self, client_id: str, before: str, now: int, limit: int
    ) -> tuple[Mend, ...]:
        """Return mends of a client that come before an id and did not expire, newest first."""
        ...

    async def list_legacy_clients(
        self, organization_id: str | None, project_id: str | None, after: str, limit: int
    ) -> tuple[Client, ...]:
        """Return applications with an opt-in to legacy flows, ordered by client_id."""
        ...


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A finding, and why it is accepted, if it is."""

    finding: Finding
    silence: Silence | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say about an application."""

    client: Client
    findings: tuple[Judged, ...]
    likeness: Likeness | None
    last_seen_at: int | None
    watched_since: int | None


class LegacyUse(msgspec.Struct, frozen=True, kw_only=True):
    """An application that may use flows that are no longer recommended.

    `last_used` is a day as `YYYY-MM-DD`, in UTC; None: it was not seen to use them.
    """

    client: Client
    uses: tuple[str, ...]
    in_force: bool
    last_used: str | None


async def inspect(admin: Admin, records: LintRecords, actor: Actor, client_id: str) -> Report:
    """Return what there is to say about an application.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    client = await clients.show(admin, actor, client_id)
    (report,) = await _report(admin, records, (client,))
    return report


async def inspect_all(  # noqa: PLR0913 - where to look, and which page
    admin: Admin,
    records: LintRecords,
    actor: Actor,
    organization_id: str | None,
    project_id: str | None = None,
    *,
    after: str = "",
    limit: int = PAGE,
) -> tuple[Report, ...]:
    """Return what there is to say about applications, ordered by client_id.

    Raises:
        NotFound: there is no such organization or project for the actor.
        NotAllowed: the actor does not reach all organizations, and named none.
    """
    found = await clients.list_all(
        admin, actor, organization_id, project_id, after=after, limit=limit
    )
    return await _report(admin, records, found)


async def inspect_policies(
    admin: Admin, actor: Actor, organization_id: str | None
) -> tuple[Finding, ...]:
    """Return what there is to say about the policies of an organization, or of the instance.

    Those of an organization are those of the instance with what it made stricter.

    Raises:
        NotFound: there is no such organization for the actor.
        NotAllowed: the actor does not reach the whole instance, and named none.
    """
    if organization_id is None:
        authorize_instance(actor, Level.READ)
        return examine_policies(policies.in_force(await admin.store.read_configuration()))
    authorize_read(actor, organization_id, organization.WHAT, organization_id)
    await organization.read(admin, organization_id)
    return examine_policies(await organization.policies_of(admin, organization_id))


async def list_legacy(  # noqa: PLR0913 - where to look, and which page
    admin: Admin,
    records: LintRecords,
    actor: Actor,
    organization_id: str | None,
    project_id: str | None = None,
    *,
    after: str = "",
    limit: int = PAGE,
) -> tuple[LegacyUse, ...]:
    """Return the applications that may use legacy flows, ordered by client_id.

    Raises:
        NotFound: there is no such organization or project for the actor.
        NotAllowed: the actor does not reach all organizations, and named none.
    """
    organization_id = await projects.find_place(admin, actor, organization_id, project_id)
    found = await records.list_legacy_clients(organization_id, project_id, after, limit)
    return tuple(
        LegacyUse(
            client=one.client,
            uses=legacy_uses(one),
            in_force=legacy.allowed(one.client, one.now),
            last_used=last_legacy_use(one),
        )
        for one in await gather(admin, records, found)
    )


async def find(
    admin: Admin, records: LintRecords, client: Client, rule: str, target: str
) -> Finding:
    """Return a finding about an application, accepted or not.

    Raises:
        NotFound: the rule finds nothing there, or does not exist.
    """
    (evidence,) = await gather(admin, records, (client,))
    for one in examine(evidence):
        if (one.rule, one.target) == (rule, target):
            return one
    raise NotFound("finding", key_of(rule, target), hint="Look at what there is to find now.")


def key_of(rule: str, target: str) -> str:
    """Return what a finding is called: its rule, and what it is about."""
    return f"{rule}:{target}" if target else rule


async def gather(
    admin: Admin, records: LintRecords, found: Iterable[Client]
) -> tuple[Evidence, ...]:
    """Return what is known of clients."""
    found = tuple(found)
    watched_since = await records.watched_since()
    sightings: dict[str, list[Sighting]] = {client.client_id: [] for client in found}
    for one in await records.list_sightings(tuple(sightings)) if found else ():
        sightings[one.client_id].append(one)
    in_force: dict[str, Policies] = {}
    for client in found:
        place = client.organization_id
        if place not in in_force:
            in_force[place] = await organization.policies_of(admin, place)
    now = admin.clock.now()
    return tuple(
        Evidence(
            client=client,
            policies=in_force[client.organization_id],
            issuer=admin.issuer,
            now=now,
            sightings=tuple(sightings[client.client_id]),
            watched_since=watched_since,
        )
        for client in found
    )


async def _report(
    admin: Admin, records: LintRecords, found: tuple[Client, ...]
) -> tuple[Report, ...]:
    silences = {
        (one.client_id, one.rule, one.target): one
        for one in (
            await records.list_silences([client.client_id for client in found]) if found else ()
        )
    }
    return tuple(
        Report(
            client=evidence.client,
            findings=tuple(
                Judged(
                    finding=one,
                    silence=silences.get((evidence.client.client_id, one.rule, one.target)),
                )
                for one in examine(evidence)
            ),
            likeness=liken(evidence),
            last_seen_at=evidence.last_seen(),
            watched_since=evidence.watched_since,
        )
        for evidence in await gather(admin, records, found)
    )
