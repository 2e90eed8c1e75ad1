"""GET /console/lint, and the page of each application below it: mends, undo, acceptance."""

from typing import Any
from urllib.parse import quote, urlencode

import falcon
from falcon.asgi import Request, Response

from ostiary.admin import lint, mends, projects
from ostiary.admin.actor import Area, Level
from ostiary.admin.errors import NotAllowed, NotFound
from ostiary.admin.lint import LegacyUse, Report
from ostiary.model.lint import Mend
from ostiary.model.narrowing import NARROWED
from ostiary.pages.console import ROOT, Crumb, Trouble
from ostiary.pages.console_lint import (
    ApplicationLintPage,
    LintPage,
    ShownLegacy,
    ShownMend,
    ShownReport,
)
from ostiary.pages.languages import Language
from ostiary.pages.lint import RULES, ShownFinding, Words
from ostiary.web.api.endpoint import EXPECTED
from ostiary.web.api.route import Place
from ostiary.web.console.calls import call_one, explain
from ostiary.web.console.kind import OPERATIONS
from ostiary.web.console.navigation import holds
from ostiary.web.console.page import Admitted, ConsoleResource, answering, go_to
from ostiary.web.console.policies import OrganizationPolicies, PolicyDetails
from ostiary.web.console.sent import check_id, first, read_fields, read_given, version_of

PATH = f"{ROOT}/lint"
ONE = f"{ROOT}/applications/{{client_id}}/lint"
RIGHT = (Area.PROJECT, Level.READ, Place.PROJECT)
_POLICIES = OPERATIONS["show_policies"].right
PAGE = 25
_LEGACY = 50
_MENDS = 20
_PROJECTS = 200
_TASKS = ("mend_application", "undo_mend", "judge_finding")
# Tied to the version of the application that was shown.
_TIED = frozenset({"mend_application", "undo_mend"})


class Lint(ConsoleResource):
    """What could be better about everything."""

    @answering
    async def on_get(self, req: Request, resp: Response) -> None:
        """Show a page of it."""
        admitted = await self.enter(req, resp, right=RIGHT)
        language = self.language(req, admitted.guest)
        words, given = Words(language), read_given(req)
        after, project = first(given, "after"), first(given, "project") or None
        choices: tuple[tuple[str, str], ...] = ()
        place = admitted.place
        if not admitted.actor.may(Area.PROJECT, Level.READ, place):
            found = await projects.list_all(self.admin, admitted.actor, place, limit=_PROJECTS)
            choices = tuple((one.id, one.name) for one in found)
            project = project or (choices[0][0] if choices else None)
        args = (self.admin, self.idp.store, admitted.actor, None if project else place, project)
        reports = await lint.inspect_all(*args, after=after, limit=PAGE + 1)
        legacy = () if after else await lint.list_legacy(*args, limit=_LEGACY)
        kept = {} if project is None else {"project": project}
        page = LintPage(
            site=self.site,
            frame=self.frame_of(req, resp, admitted),
            reports=tuple(
                one for one in (_report(words, report) for report in reports[:PAGE]) if one.findings
            ),
            policies=() if after or project else await self._policies(admitted, words),
            beside=_beside(admitted),
            legacy=tuple(map(_legacy, legacy)),
            watched_since=await self.idp.store.watched_since(),
            projects=choices,
            project=project,
            more_url=_url(kept | {"after": reports[PAGE - 1].client.client_id})
            if len(reports) > PAGE
            else None,
            first_url=_url(kept) if after else None,
        )
        self.show(resp, page, language)

    async def _policies(self, admitted: Admitted, words: Words) -> tuple[ShownFinding, ...]:
        try:
            found = await lint.inspect_policies(self.admin, admitted.actor, admitted.place)
        except (NotAllowed, NotFound):
            return ()  # theirs is a part of it, which has no policies of its own
        return tuple(map(words.finding, found))


class ApplicationLint(ConsoleResource):
    """What could be better about one application."""

    @answering
    async def on_get(self, req: Request, resp: Response, client_id: str) -> None:
        """Show it."""
        admitted = await self.enter(req, resp, right=RIGHT)
        await self._show(req, resp, admitted, client_id)

    @answering
    async def on_post(self, req: Request, resp: Response, client_id: str) -> None:
        """Mend something, undo a mend, or accept a finding."""
        fields = await read_fields(req)
        admitted = await self.enter(req, resp, right=RIGHT)
        address = _address(client_id)
        await self.check_token(first(fields, "form_token"), admitted.guest, address)
        task = first(fields, "task")
        if task not in _TASKS:
            raise falcon.HTTPNotFound
        path = {"client_id": client_id}
        body: dict[str, Any] | None = {
            "rule": first(fields, "rule"),
            "target": first(fields, "target"),
        }
        if task == "judge_finding":
            body = {**(body or {}), "reason": fields.get("reason", (None,))[0]}
        if task == "undo_mend":
            path["mend_id"], body = first(fields, "mend_id"), None
        version = version_of(first(fields, "version")) if task in _TIED else None
        route = OPERATIONS[task]
        try:
            await call_one(self.service, route, admitted.actor, path, body=body, version=version)
        except EXPECTED as error:
            status, trouble = explain(error)
            await self._show(req, resp, admitted, client_id, trouble=trouble, status=status)
            return
        self.say(resp, admitted.guest, task)
        go_to(address)

    async def _show(  # noqa: PLR0913 - what the page is made of
        self,
        req: Request,
        resp: Response,
        admitted: Admitted,
        client_id: str,
        *,
        trouble: Trouble | None = None,
        status: int = 200,
    ) -> None:
        check_id(client_id)
        args = (self.admin, self.idp.store, admitted.actor, client_id)
        report = await lint.inspect(*args)
        done = await mends.list_mends(*args, limit=_MENDS)
        client, language = report.client, self.language(req, admitted.guest)
        words = Words(language)
        address = _address(client_id)
        page = ApplicationLintPage(
            site=self.site,
            frame=self.frame_of(req, resp, admitted),
            trouble=trouble,
            name=client.client_name or client_id,
            action=address,
            token=self.token(admitted.guest, address),
            version=client.version,
            writable=admitted.actor.may(
                Area.PROJECT, Level.WRITE, client.organization_id, client.project_id
            ),
            crumbs=(
                Crumb(url=f"{ROOT}/applications", kind="applications"),
                Crumb(url=address.removesuffix("/lint"), name=client.client_name or client_id),
            ),
            findings=words.findings(report),
            likeness=words.likeness(report.likeness),
            mends=tuple(_mend(language, one) for one in done),
        )
        self.show(resp, page, language, status)


def _beside(admitted: Admitted) -> dict[str, str]:
    """Return the pages that have findings about policies beside these, by their rules."""
    place = admitted.place
    if place is not None:
        theirs = OrganizationPolicies.address({"organization_id": place})
        return {rule: theirs for rule, one in RULES.items() if one.member in NARROWED}
    return (
        dict.fromkeys(RULES, PolicyDetails.address({})) if holds(admitted.actor, _POLICIES) else {}
    )


def _address(client_id: str) -> str:
    return ONE.format(client_id=quote(client_id, safe=""))


def _url(query: dict[str, str]) -> str:
    return f"{PATH}?{urlencode(query)}" if query else PATH


def _report(words: Words, report: Report) -> ShownReport:
    client = report.client
    return ShownReport(
        name=client.client_name or client.client_id,
        url=_address(client.client_id),
        findings=tuple(one for one in words.findings(report) if one.silenced is None),
    )


def _legacy(found: LegacyUse) -> ShownLegacy:
    client, opted = found.client, found.client.legacy
    return ShownLegacy(
        name=client.client_name or client.client_id,
        url=_address(client.client_id),
        uses=found.uses,
        reason="" if opted is None else opted.reason,
        until="" if opted is None or opted.until is None else opted.until,
        last_used=found.last_used or "",
    )


def _mend(language: Language, record: Mend) -> ShownMend:
    key = f"lint.rule.{record.rule}.do"
    return ShownMend(
        id=record.id if record.undone_at is None else None,
        # Of a rule that is no more, only the name is left.
        title=language.plain(key) if language.has(key) else record.rule,
        members=tuple(record.after),
        at=record.created_at,
    )
