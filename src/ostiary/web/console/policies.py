"""GET and POST /console/policies: what is decided, and what lint thinks of it.

The button beside a finding makes the change that the page shows, on the version that the page
was made of.
"""

from typing import Any

import msgspec
from falcon.asgi import Request, Response

from ostiary.admin import lint
from ostiary.admin.actor import Area, Level
from ostiary.oauth.management import PATH as API
from ostiary.pages.console import ROOT, Cell, Copy, Fact, Trouble
from ostiary.pages.console_policies import Opinion, PoliciesPage, PolicyPanel
from ostiary.pages.lint import ShownFinding, Words
from ostiary.web.api.endpoint import EXPECTED
from ostiary.web.console.calls import call_one, explain
from ostiary.web.console.cells import cell_of, facts_of
from ostiary.web.console.copies import Wish, copies_of
from ostiary.web.console.kind import OPERATIONS
from ostiary.web.console.page import Admitted, ConsoleResource, answering, go_to
from ostiary.web.console.sent import first, read_fields
from ostiary.web.console.tables import action_of, allowed

PATH = f"{ROOT}/policies"
# Policies whose numbers are seconds.
_SPANS = frozenset({"token_lifetimes", "keys", "retention"})
_UNITS = (86_400, 3_600, 60)
_SHOW, _CHANGE = OPERATIONS["show_policies"], OPERATIONS["update_policies"]
_OUTDATED = 409


class PolicyDetails(ConsoleResource):
    """The policies of the instance."""

    @answering
    async def on_get(self, req: Request, resp: Response) -> None:
        """Show them."""
        admitted = await self.enter(req, resp, right=_SHOW.right)
        await self._show(req, resp, admitted)

    @answering
    async def on_post(self, req: Request, resp: Response) -> None:
        """Make the change that a finding asks for."""
        fields = await read_fields(req)
        admitted = await self.enter(req, resp, right=_CHANGE.right, fresh=True)
        await self.check_token(first(fields, "form_token"), admitted.guest, PATH)
        reply = await call_one(self.service, _SHOW, admitted.actor, {})
        found = await lint.inspect_policies(self.admin, admitted.actor, None)
        rule = first(fields, "rule")
        mend = next((one.mend for one in found if one.rule == rule and one.mend), None)
        if mend is None:
            go_to(PATH)  # somebody did it meanwhile
        if first(fields, "version") != str(reply.version):
            trouble = Trouble(key="outdated")
            await self._show(req, resp, admitted, trouble=trouble, status=_OUTDATED)
            return
        body = {"policies": dict(mend)}
        try:
            await call_one(
                self.service, _CHANGE, admitted.actor, {}, body=body, version=reply.version
            )
        except EXPECTED as error:
            status, trouble = explain(error)
            await self._show(req, resp, admitted, trouble=trouble, status=status)
            return
        self.say(resp, admitted.guest, _CHANGE.name)
        go_to(PATH)

    async def _show(
        self,
        req: Request,
        resp: Response,
        admitted: Admitted,
        *,
        trouble: Trouble | None = None,
        status: int = 200,
    ) -> None:
        language, actor = self.language(req, admitted.guest), admitted.actor
        reply = await call_one(self.service, _SHOW, actor, {})
        values: dict[str, Any] = msgspec.to_builtins(reply.body)["policies"]
        words = Words(language)
        found = await lint.inspect_policies(self.admin, actor, None)
        opinions = tuple(self._opinion(words.finding(one)) for one in found)
        page = PoliciesPage(
            site=self.site,
            frame=self.frame_of(req, resp, admitted),
            trouble=trouble,
            panels=_panels(values, opinions, admitted),
            actions=tuple(map(action_of, allowed((_CHANGE.name,), actor, None))),
            action=PATH,
            writable=actor.may(Area.INSTANCE, Level.WRITE),
            token=self.token(admitted.guest, PATH),
            version=str(reply.version),
        )
        self.show(resp, page, language, status)

    def _opinion(self, finding: ShownFinding) -> Opinion:
        copies: tuple[Copy, ...] = ()
        if finding.mend is not None:
            wish = Wish(route=_CHANGE, subjects=({},), body={"policies": finding.mend})
            copies = copies_of(wish, self.idp.issuer + API)
        return Opinion(finding=finding, copies=copies)


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
