"""Policies of the instance or an organization: what is decided, and what lint thinks of it.

The button beside a finding makes the change that the page shows, on the version that the page
was made of.
"""

from typing import Any

import msgspec
from falcon.asgi import Request, Response

from ostiary.admin import lint, organization_policies, organizations, policies
from ostiary.admin.actor import Actor, Area, Level
from ostiary.admin.errors import Problem
from ostiary.advisor.lint.finding import Finding
from ostiary.model.narrowing import NARROWED, narrow
from ostiary.model.organization import Organization
from ostiary.model.policy import Policies
from ostiary.oauth.management import PATH as API
from ostiary.pages.console import Cell, Copy, Fact, Trouble
from ostiary.pages.console_policies import Opinion, PoliciesPage, PolicyPanel
from ostiary.pages.lint import RULES, ShownFinding, Words
from ostiary.web.api.endpoint import EXPECTED
from ostiary.web.console.calls import call_one, explain
from ostiary.web.console.catalog import OF_OPERATION
from ostiary.web.console.cells import cell_of, facts_of, url_of
from ostiary.web.console.copies import Wish, copies_of
from ostiary.web.console.crumbs import crumbs_of
from ostiary.web.console.kind import OPERATIONS
from ostiary.web.console.page import Admitted, ConsoleResource, answering, go_to
from ostiary.web.console.sent import check_id, first, read_fields
from ostiary.web.console.tables import action_of

# Policies whose numbers are seconds.
_SPANS = frozenset({"token_lifetimes", "keys", "retention"})
_UNITS = (86_400, 3_600, 60)
_OUTDATED = 409


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """The policies in force somewhere, of which version, and what lint says of them."""

    values: dict[str, Any]
    version: int | None
    findings: tuple[Finding, ...]


class PolicyDetails(ConsoleResource):
    """The policies of the instance."""

    show_route, change_route = OPERATIONS["show_policies"], OPERATIONS["update_policies"]

    @answering
    async def on_get(self, req: Request, resp: Response, **path: str) -> None:
        """Show them."""
        admitted = await self.enter(req, resp, right=self.show_route.right)
        await self._show(req, resp, admitted, path)

    @answering
    async def on_post(self, req: Request, resp: Response, **path: str) -> None:
        """Make the change that a finding asks for."""
        fields = await read_fields(req)
        admitted = await self.enter(req, resp, right=self.change_route.right, fresh=True)
        address = self.address(path)
        await self.check_token(first(fields, "form_token"), admitted.guest, address)
        decided = await self.load(admitted.actor, path)
        rule = first(fields, "rule")
        mend = next((one.mend for one in decided.findings if one.rule == rule and one.mend), None)
        if mend is None:
            go_to(address)  # somebody did it meanwhile
        if first(fields, "version") != str(decided.version):
            trouble = Trouble(key="outdated")
            await self._show(req, resp, admitted, path, trouble=trouble, status=_OUTDATED)
            return
        try:
            await call_one(
                self.service,
                self.change_route,
                admitted.actor,
                path,
                body={"policies": dict(mend)},
                version=decided.version,
            )
        except EXPECTED as error:
            status, trouble = explain(error)
            await self._show(req, resp, admitted, path, trouble=trouble, status=status)
            return
        self.say(resp, admitted.guest, self.change_route.name)
        go_to(address)

    @classmethod
    def address(cls, path: dict[str, str]) -> str:
        """Return where the page is."""
        return url_of(cls.show_route.name, path)

    async def load(self, actor: Actor, path: dict[str, str]) -> Decided:
        """Return what is decided, and what could be better.

        Raises:
            NotFound: there is nothing of the kind for the actor.
        """
        reply = await call_one(self.service, self.show_route, actor, path)
        values = msgspec.to_builtins(reply.body)["policies"]
        findings = await lint.inspect_policies(self.admin, actor, None)
        return Decided(values=values, version=reply.version, findings=findings)

    def may_change(self, actor: Actor, _path: dict[str, str]) -> bool:
        """Tell whether somebody may change them."""
        return actor.may(Area.INSTANCE, Level.WRITE)

    async def _show(  # noqa: PLR0913 - what the page is made of
        self,
        req: Request,
        resp: Response,
        admitted: Admitted,
        path: dict[str, str],
        *,
        trouble: Trouble | None = None,
        status: int = 200,
    ) -> None:
        language, actor = self.language(req, admitted.guest), admitted.actor
        decided = await self.load(actor, path)
        words, address = Words(language), self.address(path)
        opinions = tuple(self._opinion(words.finding(one), path) for one in decided.findings)
        writable = self.may_change(actor, path)
        page = PoliciesPage(
            site=self.site,
            frame=self.frame_of(req, resp, admitted),
            trouble=trouble,
            nav=OF_OPERATION[self.change_route.name].entry,
            crumbs=crumbs_of(self.show_route.path, path) if path else (),
            panels=_panels(decided.values, opinions, admitted),
            actions=(action_of(self.change_route.name, path),) if writable else (),
            action=address,
            writable=writable,
            token=self.token(admitted.guest, address),
            version=str(decided.version),
        )
        self.show(resp, page, language, status)

    def _opinion(self, finding: ShownFinding, path: dict[str, str]) -> Opinion:
        copies: tuple[Copy, ...] = ()
        if finding.mend is not None:
            body = {"policies": finding.mend}
            wish = Wish(route=self.change_route, subjects=(path,), body=body)
            copies = copies_of(wish, self.idp.issuer + API)
        return Opinion(finding=finding, copies=copies)


class OrganizationPolicies(PolicyDetails):
    """The policies of an organization: what it may decide itself, within those of the instance."""

    show_route = OPERATIONS["lint_organization_policies"]
    change_route = OPERATIONS["update_organization"]

    async def load(self, actor: Actor, path: dict[str, str]) -> Decided:
        """Return what is in force there. What it cannot mend itself is left to the instance.

        Raises:
            NotFound: there is no such organization for the actor.
        """
        check_id(path["organization_id"])
        record = await organizations.show(self.admin, actor, path["organization_id"])
        instance = policies.in_force(await self.admin.store.read_configuration())
        values = msgspec.to_builtins(narrow(instance, record.policies))
        found = await lint.inspect_policies(self.admin, actor, record.id)
        return Decided(
            values={name: value for name, value in values.items() if name in NARROWED},
            version=record.version,
            findings=tuple(
                one
                if _is_theirs(one, record, instance)
                else msgspec.structs.replace(one, mend=None)
                for one in found
                if RULES[one.rule].member in NARROWED
            ),
        )

    def may_change(self, actor: Actor, path: dict[str, str]) -> bool:
        """Tell whether somebody may change them."""
        return actor.may(Area.ORGANIZATION, Level.WRITE, path["organization_id"])


def _is_theirs(finding: Finding, record: Organization, instance: Policies) -> bool:
    """Tell whether an organization can make the change that a finding asks for."""
    problems: list[Problem] = []
    organization_policies.merge(record.policies, finding.mend or {}, instance, problems)
    return not problems


def _spans(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Return facts that are told in days, hours or minutes where they are whole ones."""
    return tuple(
        msgspec.structs.replace(one, cell=Cell(kind="span", value=one.cell.value))
        if one.cell is not None and _is_whole(one.cell.value)
        else one
        for one in facts
    )


def _is_whole(seconds: Any) -> bool:
    if not isinstance(seconds, int):
        return False
    unit = next((one for one in _UNITS if seconds >= one), 0)
    return unit > 0 and seconds % unit == 0


def _panels(
    values: dict[str, Any], opinions: tuple[Opinion, ...], admitted: Admitted
) -> tuple[PolicyPanel, ...]:
    """Return the policies, each with what is said of it: those of one value stand together."""
    actor = admitted.actor
    single = {name: value for name, value in values.items() if not isinstance(value, dict)}
    panels = [
        PolicyPanel(
            name=name,
            facts=_spans(facts_of(value, actor)) if name in _SPANS else facts_of(value, actor),
            opinions=tuple(one for one in opinions if one.finding.member == name),
        )
        for name, value in values.items()
        if isinstance(value, dict)
    ]
    if single:
        panels.append(
            PolicyPanel(
                name="",
                facts=tuple(
                    Fact(name=name, cell=cell_of(name, value, actor))
                    for name, value in single.items()
                ),
                opinions=tuple(one for one in opinions if one.finding.member in single),
            )
        )
    return tuple(panels)
