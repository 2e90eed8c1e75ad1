"""`ostiary org domain`: domains of organizations, and the proof that they are theirs."""

from typing import Annotated

import typer

from ostiary.admin import domains, organizations
from ostiary.cli.answer import Answer, facts, table
from ostiary.cli.command import command, confirm
from ostiary.cli.instance import Instance
from ostiary.cli.places import Yes

group = typer.Typer(name="domain", help="Domains of an organization.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="Id of the organization.", metavar="ID")]
Domain = Annotated[str, typer.Argument(help="The domain, such as example.com.", metavar="DOMAIN")]


@command(group, "list")
async def list_domains(instance: Instance, organization: Key) -> Answer:
    """List the domains of an organization, and what proves those that are not proven yet."""
    found = await organizations.show(instance.admin, instance.actor, organization)
    rows: list[tuple[object, ...]] = [(domain, "yes", "") for domain in found.domains]
    shown = [{"domain": domain, "verified": True} for domain in found.domains]
    for domain in found.pending_domains:
        challenge = domains.challenge_of(instance.admin.issuer, found.id, domain)
        rows.append((domain, "no", challenge.value))
        shown.append(
            {
                "domain": domain,
                "verified": False,
                "record": challenge.record,
                "url": challenge.url,
                "value": challenge.value,
            }
        )
    text = table(("domain", "verified", "to publish"), rows, "It has no domains.")
    return Answer(data=shown, text=text)


@command(group, "add")
async def add_domain(instance: Instance, organization: Key, domain: Domain) -> Answer:
    """Name a domain of an organization, and tell how to prove that it is.

    It grants nothing until it is verified.
    """
    made = await domains.add(instance.admin, instance.actor, organization, domain)
    shown = {"record": made.record, "url": made.url, "value": made.value}
    text = (
        f"{facts(*shown.items())}\nPublish the value as a TXT record of that name, or at that"
        " address as plain text; then verify the domain."
    )
    return Answer(data={"domain": domain, "verified": False, **shown}, text=text)


@command(group, "verify")
async def verify_domain(
    instance: Instance,
    organization: Key,
    domain: Domain,
    vouch: Annotated[
        bool, typer.Option("--vouch", help="Take your word for it: nothing is looked up.")
    ] = False,
) -> Answer:
    """Look up whether a domain is proven, and count it as the organization's own."""
    await domains.verify(instance.admin, instance.actor, organization, domain, vouched=vouch)
    return Answer(data={"domain": domain, "verified": True}, text=f"Verified {domain}.")


@command(group, "remove")
async def remove_domain(
    instance: Instance, organization: Key, domain: Domain, yes: Yes = False
) -> Answer:
    """Take a domain from an organization."""
    confirm(f"Take {domain} from {organization}?", yes=yes)
    await domains.remove(instance.admin, instance.actor, organization, domain)
    return Answer(data={"domain": domain}, text=f"Removed {domain}.")
