"""Domains of organizations: what nobody has proven grants nothing."""

import asyncio

import pytest

from ostiary.admin import domains, organizations
from ostiary.admin.actor import Actor, Holding
from ostiary.admin.errors import AlreadyExists, Invalid, NotAllowed, NotFound
from ostiary.admin.organizations import OrganizationFields
from ostiary.model.administrator import AdministratorRole
from ostiary.model.domain import DomainProof

HOLDS = tuple(
    Holding(role=AdministratorRole.ORG_OWNER, organization_id=one) for one in ("acme", "globex")
)
OWNER = Actor(type="user", id="owner", holds=HOLDS)
# Who sees the whole instance may not speak for it.
VIEWER = Actor(
    type="user",
    id="viewer",
    holds=(*HOLDS, Holding(role=AdministratorRole.INSTANCE_VIEWER)),
)


@pytest.fixture
def published(desk):
    """What is published, by the name of the record or the address of the file."""
    return desk.published


@pytest.fixture
async def globex(admin, actor):
    await organizations.create(admin, actor, OrganizationFields(id="globex"))
    return "globex"


async def test_a_domain_counts_once_it_is_proven(admin, acme, desk, published):
    challenge = await domains.add(admin, OWNER, acme, "acme.test")
    assert challenge.record == "_ostiary-challenge.acme.test"
    assert challenge.url == "https://acme.test/.well-known/ostiary-domain"
    found = await organizations.show(admin, OWNER, acme)
    assert (found.domains, found.pending_domains) == ((), ("acme.test",))
    assert await desk.organization_of_domain("acme.test") is None
    with pytest.raises(Invalid, match=r"_ostiary-challenge\.acme\.test"):
        await domains.verify(admin, OWNER, acme, "acme.test")
    published[challenge.record] = challenge.value
    found = await domains.verify(admin, OWNER, acme, "acme.test")
    assert (found.domains, found.pending_domains) == (("acme.test",), ())
    assert (await desk.organization_of_domain("acme.test")).id == acme
    assert (await desk.read_verified_domain("acme.test")).proof is DomainProof.DNS
    assert [event.type for event in desk.events][-2:] == [
        "organization.domain.added",
        "organization.domain.verified",
    ]
    # Again changes nothing.
    before = desk.writes
    await domains.verify(admin, OWNER, acme, "acme.test")
    await domains.add(admin, OWNER, acme, "acme.test")
    assert desk.writes == before


async def test_what_is_published_for_one_organization_proves_nothing_for_another(
    admin, acme, globex, published
):
    ours = await domains.add(admin, OWNER, acme, "acme.test")
    theirs = await domains.add(admin, OWNER, globex, "acme.test")
    assert ours.value != theirs.value
    published[ours.record] = ours.value
    with pytest.raises(Invalid):
        await domains.verify(admin, OWNER, globex, "acme.test")


async def test_a_proven_domain_is_one_organizations(admin, acme, globex, published, desk):
    for organization in (acme, globex):
        challenge = await domains.add(admin, OWNER, organization, "acme.test")
        published[challenge.url if organization == acme else challenge.record] = challenge.value
    await domains.verify(admin, OWNER, acme, "acme.test")
    with pytest.raises(AlreadyExists):
        await domains.verify(admin, OWNER, globex, "acme.test")
    await domains.remove(admin, OWNER, acme, "acme.test")
    assert (await domains.verify(admin, OWNER, globex, "acme.test")).domains == ("acme.test",)
    assert (await desk.organization_of_domain("acme.test")).id == globex


async def test_of_two_who_prove_a_domain_at_once_one_gets_it(admin, acme, globex, published, desk):
    """Both have published: whoever commits first has it, and nobody has it twice."""
    for organization in (acme, globex):
        challenge = await domains.add(admin, OWNER, organization, "acme.test")
        published[challenge.url if organization == acme else challenge.record] = challenge.value
    outcomes = await asyncio.gather(
        *(domains.verify(admin, OWNER, one, "acme.test") for one in (acme, globex)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["AlreadyExists", "Organization"]
    holders = [
        one.id for one in await desk.list_organizations("", 10) if "acme.test" in one.domains
    ]
    assert holders == [(await desk.organization_of_domain("acme.test")).id]


async def test_an_administrator_of_the_instance_is_taken_at_their_word(admin, actor, acme, desk):
    request = OrganizationFields(domains=("acme.test", "acme.example"))
    await organizations.update(admin, actor, acme, request)
    assert (await desk.organization_of_domain("acme.example")).id == acme
    with pytest.raises(AlreadyExists):
        await organizations.create(
            admin, actor, OrganizationFields(id="globex", domains=("acme.test",))
        )
    await organizations.update(admin, actor, acme, OrganizationFields(domains=("acme.test",)))
    assert await desk.organization_of_domain("acme.example") is None


@pytest.mark.parametrize("who", [OWNER, VIEWER], ids=["owner", "viewer"])
async def test_one_of_the_organization_only_names_domains(admin, actor, acme, desk, who):
    request = OrganizationFields(domains=("acme.test", "bank.test"))
    found = await organizations.update(admin, who, acme, request)
    assert (found.domains, found.pending_domains) == ((), ("acme.test", "bank.test"))
    assert await desk.organization_of_domain("bank.test") is None
    with pytest.raises(NotAllowed):
        await domains.verify(admin, who, acme, "acme.test", vouched=True)
    found = await domains.verify(admin, actor, acme, "acme.test", vouched=True)
    assert (found.domains, found.pending_domains) == (("acme.test",), ("bank.test",))
    found = await organizations.update(admin, OWNER, acme, OrganizationFields(domains=()))
    assert (found.domains, found.pending_domains) == ((), ())
    assert await desk.organization_of_domain("acme.test") is None


async def test_a_deleted_organization_lets_go_of_its_domains(admin, actor, globex, desk):
    await organizations.update(admin, actor, globex, OrganizationFields(domains=("globex.test",)))
    await organizations.delete(admin, actor, globex)
    assert await desk.organization_of_domain("globex.test") is None
    await organizations.create(
        admin, actor, OrganizationFields(id="heirs", domains=("globex.test",))
    )


async def test_what_cannot_be(admin, actor, acme):
    for name in ("nodot", "Acme.test", "a b.test", "acme.test."):
        with pytest.raises(Invalid):
            await domains.add(admin, actor, acme, name)
    with pytest.raises(NotFound):
        await domains.verify(admin, actor, acme, "other.test")
    with pytest.raises(NotFound):
        await domains.remove(admin, actor, acme, "other.test")
    with pytest.raises(NotFound):
        await domains.add(admin, actor, "nothing", "acme.test")
