"""The flows side by side: what each is, for whom, and what it protects."""

from enum import StrEnum

import msgspec


class Group(StrEnum):
    """Whether somebody signs in."""

    PEOPLE = "people"
    MACHINES = "machines"


class Measure(StrEnum):
    """How far something holds."""

    YES = "yes"
    NO = "no"
    LIMITED = "limited"
    DEPENDS = "depends"
    NOTHING_TO = "nothing_to"  # there is nothing that could be intercepted


class Standing(StrEnum):
    """What is thought of a flow today."""

    ADVISED = "advised"
    ADDITION = "addition"  # goes on top of another one
    LEGACY = "legacy"
    WAITING = "waiting"  # this server does not have it yet


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """One flow. `clients` and `interaction` name texts."""

    id: str
    group: Group
    clients: str
    interaction: str
    secret: Measure
    interception: Measure
    standing: Standing
    section: str
    # The capability that it waits for.
    needs: tuple[str, ...] = ()


FLOWS: dict[str, Flow] = {
    one.id: one
    for one in (
        Flow(
            id="code-pkce",
            group=Group.PEOPLE,
            clients="all",
            interaction="yes",
            secret=Measure.DEPENDS,
            interception=Measure.YES,
            standing=Standing.ADVISED,
            section="RFC 7636; RFC 9700, 2.1.1",
        ),
        Flow(
            id="par",
            group=Group.PEOPLE,
            clients="all",
            interaction="yes",
            secret=Measure.DEPENDS,
            interception=Measure.YES,
            standing=Standing.ADDITION,
            section="RFC 9126",
        ),
        Flow(
            id="device",
            group=Group.PEOPLE,
            clients="devices",
            interaction="elsewhere",
            secret=Measure.NO,
            interception=Measure.YES,
            standing=Standing.ADVISED,
            section="RFC 8628",
        ),
        Flow(
            id="ciba",
            group=Group.PEOPLE,
            clients="confidential",
            interaction="elsewhere",
            secret=Measure.YES,
            interception=Measure.NOTHING_TO,
            standing=Standing.ADVISED,
            section="OpenID Connect CIBA Core",
            needs=("ciba",),
        ),
        Flow(
            id="code",
            group=Group.PEOPLE,
            clients="confidential",
            interaction="yes",
            secret=Measure.YES,
            interception=Measure.LIMITED,
            standing=Standing.LEGACY,
            section="RFC 6749, 4.1",
        ),
        Flow(
            id="hybrid",
            group=Group.PEOPLE,
            clients="confidential",
            interaction="yes",
            secret=Measure.YES,
            interception=Measure.LIMITED,
            standing=Standing.LEGACY,
            section="OpenID Connect Core 3.3",
        ),
        Flow(
            id="implicit",
            group=Group.PEOPLE,
            clients="public",
            interaction="yes",
            secret=Measure.NO,
            interception=Measure.NO,
            standing=Standing.LEGACY,
            section="RFC 6749, 4.2; RFC 9700, 2.1.2",
        ),
        Flow(
            id="password",
            group=Group.PEOPLE,
            clients="confidential",
            interaction="password",
            secret=Measure.YES,
            interception=Measure.NOTHING_TO,
            standing=Standing.LEGACY,
            section="RFC 6749, 4.3; RFC 9700, 2.4",
        ),
        Flow(
            id="saml",
            group=Group.PEOPLE,
            clients="confidential",
            interaction="yes",
            secret=Measure.NO,
            interception=Measure.LIMITED,
            standing=Standing.LEGACY,
            section="SAML 2.0",
            needs=("saml",),
        ),
        Flow(
            id="client-credentials",
            group=Group.MACHINES,
            clients="confidential",
            interaction="no",
            secret=Measure.YES,
            interception=Measure.NOTHING_TO,
            standing=Standing.ADVISED,
            section="RFC 6749, 4.4; RFC 7523, 2.2",
        ),
        Flow(
            id="jwt-bearer",
            group=Group.MACHINES,
            clients="confidential",
            interaction="no",
            secret=Measure.NO,
            interception=Measure.NOTHING_TO,
            standing=Standing.ADVISED,
            section="RFC 7523, 2.1",
        ),
        Flow(
            id="token-exchange",
            group=Group.MACHINES,
            clients="confidential",
            interaction="no",
            secret=Measure.YES,
            interception=Measure.NOTHING_TO,
            standing=Standing.ADVISED,
            section="RFC 8693",
        ),
    )
}
"""All flows, those of people first."""
