"""The console: pages on which administrators manage what they administer.

Its pages follow from declarations (`catalog`) over the table of the management API. A page of
another kind is a resource of its own: a `ConsoleResource`, whose view is a `ConsolePage`, whose
template extends `console/frame.html` and fills in its block `content`, with a line in
`navigation.GROUPS` and one in `PAGES` here.
"""

from collections.abc import Callable

from ostiary.pages.console import ROOT
from ostiary.web.api.endpoint import Service
from ostiary.web.console import first_sign_in, lint
from ostiary.web.console.audit import Export, Latest
from ostiary.web.console.details import Details
from ostiary.web.console.home import Home
from ostiary.web.console.keys import KeyListing
from ostiary.web.console.kind import OPERATIONS
from ostiary.web.console.kinds import KINDS
from ostiary.web.console.leaving import Choose, SignOut, Switch
from ostiary.web.console.listing import Listing
from ostiary.web.console.operation import Operations, Picked
from ostiary.web.console.page import ConsoleResource
from ostiary.web.console.policies import OrganizationPolicies, PolicyDetails
from ostiary.web.console.trace import EXPORT, TraceDetails, TraceExport
from ostiary.web.idp import Idp

PAGES: tuple[tuple[str, Callable[[Idp, Service], ConsoleResource]], ...] = (
    (ROOT, Home),
    (f"{ROOT}/do", Picked),
    (f"{ROOT}/do/{{name}}", Operations),
    (f"{ROOT}/place", Choose),
    (lint.PATH, lint.Lint),
    (lint.ONE, lint.ApplicationLint),
    (ROOT + OrganizationPolicies.show_route.path, OrganizationPolicies),
    (first_sign_in.PATH, first_sign_in.FirstSignIn),
    (first_sign_in.STEPS, first_sign_in.Steps),
    (EXPORT, TraceExport),
    (f"{ROOT}/sign-out", SignOut),
    (f"{ROOT}/switch", Switch),
)
"""The pages that are of no kind, by their paths."""


OWN_PAGES: dict[str, Callable[[Idp, Service], ConsoleResource]] = {
    "policies": PolicyDetails,
    "traces": TraceDetails,
}
"""The kinds whose things have a page of their own making."""

OWN_LISTINGS: dict[str, type[Listing]] = {"keys": KeyListing}
"""The kinds whose lists have more to show than a table."""


def routes(idp: Idp) -> list[tuple[str, object]]:
    """Return the resources of the pages by their paths."""
    service = Service(idp)
    served: list[tuple[str, object]] = [(path, make(idp, service)) for path, make in PAGES]
    for kind in KINDS:
        if kind.listing is not None:
            listing = OWN_LISTINGS.get(kind.name, Listing)
            served.append((ROOT + OPERATIONS[kind.listing].path, listing(idp, service, kind)))
        if kind.show is not None:
            own = OWN_PAGES.get(kind.name)
            page = Details(idp, service, kind) if own is None else own(idp, service)
            served.append((ROOT + OPERATIONS[kind.show].path, page))
        if kind.live:
            path = ROOT + OPERATIONS[kind.listing or ""].path
            served.append((f"{path}/latest", Latest(idp, service, kind)))
            served.append((f"{path}/export", Export(idp, service, kind)))
    return served
