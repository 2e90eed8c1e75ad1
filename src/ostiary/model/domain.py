"""Domains that belong to an organization for certain."""

from enum import StrEnum

from ostiary.model.record import Record


class DomainProof(StrEnum):
    """Why a domain counts as an organization's own."""

    DNS = "dns"
    WEB = "web"
    # An administrator of the whole instance says so.
    VOUCHED = "vouched"


class VerifiedDomain(Record, frozen=True, kw_only=True):
    """That a domain is an organization's own; no second one can have it."""

    domain: str
    organization_id: str
    proof: DomainProof
    verified_at: int
