"""Domains of organizations, and the proof that they are theirs."""

from ostiary.admin import domains as operations
from ostiary.admin import organizations
from ostiary.admin.actor import Area, Level
from ostiary.admin.decode import Request
from ostiary.admin.domains import Challenge, challenge_of
from ostiary.web.api.route import Call, Listed, Place, Reply, Route
from ostiary.web.api.views import View


class Domain(View, frozen=True, kw_only=True):
    """A domain of an organization: what is published at `record` or `url` proves that it is."""

    domain: str
    verified: bool
    record: str
    url: str
    value: str


class NewDomain(Request, frozen=True, kw_only=True):
    """A domain that an organization says is its own."""

    domain: str


class DomainVerification(Request, frozen=True, kw_only=True):
    """How a domain is verified: by what is published, or by the word of an instance owner."""

    vouch: bool = False


def _view(challenge: Challenge, *, verified: bool) -> Domain:
    return Domain(
        domain=challenge.domain,
        verified=verified,
        record=challenge.record,
        url=challenge.url,
        value=challenge.value,
    )


async def list_domains(call: Call) -> Listed:
    """List the domains of an organization."""
    found = await organizations.show(call.admin, call.actor, call.path["organization_id"])
    names = sorted((*found.domains, *found.pending_domains))
    wanted = [name for name in names if name > call.after][: call.limit]
    shown = {name: _view(_challenge(call, name), verified=name in found.domains) for name in wanted}
    return Listed(records=wanted, view=shown.__getitem__, key=str)


async def add(call: Call) -> Reply:
    """Name a domain."""
    organization_id, name = call.path["organization_id"], call.body.domain
    challenge = await operations.add(call.admin, call.actor, organization_id, name)
    found = await organizations.show(call.admin, call.actor, organization_id)
    return Reply(body=_view(challenge, verified=name in found.domains))


async def verify(call: Call) -> Reply:
    """Verify a domain."""
    organization_id, name = call.path["organization_id"], call.path["domain"]
    await operations.verify(call.admin, call.actor, organization_id, name, vouched=call.body.vouch)
    return Reply(body=_view(_challenge(call, name), verified=True))


async def remove(call: Call) -> Reply:
    """Take a domain from an organization."""
    organization_id, name = call.path["organization_id"], call.path["domain"]
    await operations.remove(call.admin, call.actor, organization_id, name)
    return Reply()


def _challenge(call: Call, name: str) -> Challenge:
    return challenge_of(call.idp.issuer, call.path["organization_id"], name)


_ALL = "/organizations/{organization_id}/domains"
_ONE = f"{_ALL}/{{domain}}"
ROUTES = (
    Route(
        method="GET",
        path=_ALL,
        name="list_domains",
        summary="List the domains of an organization",
        description="With what proves those that are not verified yet.",
        operation=list_domains,
        area=Area.ORGANIZATION,
        level=Level.READ,
        place=Place.ORGANIZATION,
        answer=Domain,
        listing=True,
    ),
    Route(
        method="POST",
        path=_ALL,
        name="add_domain",
        summary="Name a domain of an organization",
        description="It grants nothing until it is verified. The answer says what to publish.",
        operation=add,
        area=Area.ORGANIZATION,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=NewDomain,
        answer=Domain,
        example={"domain": "acme.example"},
    ),
    Route(
        method="POST",
        path=f"{_ONE}/verify",
        name="verify_domain",
        summary="Verify a domain",
        description="Looks up what is published. To vouch for it instead takes an owner of the "
        "instance.",
        operation=verify,
        area=Area.ORGANIZATION,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        body=DomainVerification,
        answer=Domain,
        example={},
    ),
    Route(
        method="DELETE",
        path=_ONE,
        name="remove_domain",
        summary="Take a domain from an organization",
        operation=remove,
        area=Area.ORGANIZATION,
        level=Level.WRITE,
        place=Place.ORGANIZATION,
        status=204,
    ),
)
