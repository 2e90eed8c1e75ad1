"""The page of an operation: its form or question, and doing it.

One page serves every operation of the catalog. What it is done to is in the address, by the
parameters of the operation's path; several things at once where the path has one parameter.
"""

from typing import Any
from urllib.parse import urlencode

import falcon
import msgspec
from falcon.asgi import Request, Response

from ostiary.admin import projects
from ostiary.admin.errors import Invalid, NotFound
from ostiary.oauth.management import PATH as API
from ostiary.pages.console import (
    ROOT,
    FormPage,
    InputGroup,
    Outcome,
    ResultPage,
    Trouble,
)
from ostiary.web.api.endpoint import EXPECTED
from ostiary.web.api.route import Reply, Route
from ostiary.web.console.asked import BEGINNINGS, Operation, find_operation
from ostiary.web.console.calls import call_one, explain
from ostiary.web.console.catalog import OF_OPERATION, PAGES
from ostiary.web.console.cells import facts_of
from ostiary.web.console.choices import choose_organization, choose_project
from ostiary.web.console.copies import Wish, copies_of
from ostiary.web.console.crumbs import back_from, crumbs_of
from ostiary.web.console.first_sign_in import Wanted, make_page
from ostiary.web.console.forms import (
    Choices,
    body_of,
    inputs_of,
    members_of,
    read_present,
    typed_of,
)
from ostiary.web.console.kind import OPERATIONS, parameters_of
from ostiary.web.console.page import Admitted, ConsoleResource, answering, go_to
from ostiary.web.console.sent import first, read_fields, read_given, version_of

# What is shown when it is made, and never again.
_ONCE = frozenset({"client_secret", "password", "token", "secret", "file"})
# Operations that answer with a file to keep.
_DOWNLOADS = frozenset({"export_user"})
# Members of many things that hold passwords, or what is as good, somewhere within.
_SECRET = frozenset({"users"})
# Operations whose organization is another one than that of the thing: it may be one that somebody
# does not administer, and then they name it.
_ELSEWHERE = frozenset({"create_project_grant"})


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """A form as it is shown: what is in its fields, and of which version that is."""

    shown: dict[str, str]
    version: str = ""
    trouble: Trouble | None = None
    wish: Wish | None = None
    status: int = 200


class Picked(ConsoleResource):
    """The choice of an operation on things that were picked from a list."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Go to its page; where nothing was picked, back to the list."""
        given = read_given(req)
        name = first(given, "name")
        kind = OF_OPERATION.get(name)
        if kind is None or name not in kind.bulk or kind.listing is None:
            raise falcon.HTTPNotFound
        (key,) = parameters_of(OPERATIONS[name].path)
        picked = [(key, value) for value in given.get(key, ())]
        if not picked:
            go_to(ROOT + OPERATIONS[kind.listing].path)
        resp.status = 303
        resp.set_header("Location", f"{ROOT}/do/{name}?{urlencode(picked)}")
        resp.content_type = "text/plain; charset=utf-8"


class Operations(ConsoleResource):
    """Every operation, at `/console/do/{name}`."""

    @answering
    async def on_get(self, req: Request, resp: Response, name: str) -> None:
        """Show its form, or ask whether it is meant."""
        operation = find_operation(name, read_given(req))
        admitted = await self.enter(
            req, resp, right=operation.route.right, fresh=operation.sensitive
        )
        present, version = await self._present(admitted, operation)
        shown = dict(present or {})
        body = operation.route.body
        # A link may come from anybody: what there is stands in a form of many fields as it is,
        # and not as a link has it.
        if body is not None and not operation.change:
            shown |= typed_of(body, operation.given)
        flow = first(operation.given, "draft")
        kept = await self.entrance.find_draft(admitted.guest, flow) if flow else None
        sheet = Sheet(shown=shown | (kept or {}), version=version)
        await self._show(req, resp, admitted, operation, sheet)

    @answering
    async def on_post(self, req: Request, resp: Response, name: str) -> None:
        """Do it; or show the form again, with what to change, or as a command."""
        operation = find_operation(name, read_given(req))
        fields = await read_fields(req)
        body = operation.route.body
        typed = {} if body is None else typed_of(body, fields)
        draft = _keepable(operation, typed)
        admitted = await self.enter(
            req, resp, right=operation.route.right, fresh=operation.sensitive, draft=draft
        )
        await self.check_token(first(fields, "form_token"), admitted.guest, operation.mark)
        version = first(fields, "version")
        sheet = Sheet(shown=typed, version=version)
        try:
            present, current = await self._present(admitted, operation)
            zone = admitted.guest.user.profile.zoneinfo
            wanted = None if body is None else body_of(body, typed, present, zone)
        except EXPECTED as error:
            await self._again(req, resp, admitted, operation, sheet, error=error)
            return
        if first(fields, "decision") == "copy":
            wish = Wish(
                route=operation.route,
                subjects=operation.subjects,
                body=wanted,
                organization=await self._organization_of(admitted, wanted),
            )
            sheet = msgspec.structs.replace(sheet, wish=wish)
            await self._show(req, resp, admitted, operation, sheet)
            return
        if operation.opens(wanted or {}):
            admitted = await self.enter(
                req, resp, right=operation.route.right, fresh=True, draft=draft
            )
        if len(operation.subjects) > 1:
            await self._do_each(req, resp, admitted, operation, wanted)
            return
        try:
            known = version_of(version) if version else None
            reply = await self._do(admitted, operation, wanted, known)
        except EXPECTED as error:
            sheet = msgspec.structs.replace(sheet, version=current)
            await self._again(req, resp, admitted, operation, sheet, error=error)
            return
        await self._finish(req, resp, admitted, operation, reply)

    async def _organization_of(self, admitted: Admitted, body: Any) -> str | None:
        """Return the organization of the project that a body names."""
        if not body or not body.get("project"):
            return None
        try:
            found = await projects.show(self.admin, admitted.actor, body["project"])
        except NotFound:
            return None
        return found.organization_id

    async def _present(
        self, admitted: Admitted, operation: Operation
    ) -> tuple[dict[str, str] | None, str]:
        """Return what there is, as the fields of the form of a change show it; its version."""
        body = operation.route.body
        if not operation.change or body is None:
            return None, ""
        shown = operation.kind.show
        if shown is None or len(operation.subjects) > 1:
            return None, ""
        route = OPERATIONS[shown]
        (path,) = operation.subjects
        reply = await call_one(self.service, route, admitted.actor, path)
        version = "" if operation.route.record is None else str(reply.version or "")
        return read_present(body, msgspec.to_builtins(reply.body)), version

    async def _do(
        self, admitted: Admitted, operation: Operation, body: Any, version: int | None
    ) -> Reply:
        (path,) = operation.subjects
        return await call_one(
            self.service, operation.route, admitted.actor, path, body=body, version=version
        )

    async def _do_each(
        self,
        req: Request,
        resp: Response,
        admitted: Admitted,
        operation: Operation,
        body: Any,
    ) -> None:
        """Do it to each of several, whatever becomes of the others."""
        outcomes = []
        for path, name in zip(operation.subjects, operation.names, strict=True):
            try:
                await call_one(self.service, operation.route, admitted.actor, path, body=body)
            except EXPECTED as error:
                _, trouble = explain(error)
                said = trouble.message or "; ".join(text for _, text in trouble.items)
                outcomes.append(Outcome(subject=name, done=False, message=said))
            else:
                outcomes.append(Outcome(subject=name, done=True))
        page = ResultPage(
            site=self.site,
            frame=self.frame_of(req, resp, admitted),
            nav=operation.kind.entry,
            name=operation.route.name,
            outcomes=tuple(outcomes),
            back_url=back_from(operation.route.path, {}, gone=True),
        )
        self.show(resp, page, self.language(req, admitted.guest))

    async def _finish(
        self,
        req: Request,
        resp: Response,
        admitted: Admitted,
        operation: Operation,
        reply: Reply,
    ) -> None:
        """Say that it is done: with what is shown once, or where the thing is."""
        route, (path,) = operation.route, operation.subjects
        if route.name in _DOWNLOADS and reply.body is not None:
            resp.content_type = "application/json"
            resp.set_header("Content-Disposition", f'attachment; filename="{route.name}.json"')
            resp.data = msgspec.json.encode(reply.body)
            return
        item = {} if reply.body is None else msgspec.to_builtins(reply.body)
        back = _back(operation, path, reply)
        if route.name in BEGINNINGS and await self._begin(req, resp, admitted, operation, item):
            return
        once = any(item.get(name) for name in _ONCE)
        if not once and (route.path in PAGES or route.answer is None or _is_shown(operation)):
            self.say(resp, admitted.guest, route.name)
            go_to(back)
        facts = facts_of(item, admitted.actor)
        if once and operation.kind.facts:
            told = (*_ONCE, *operation.kind.facts)
            facts = tuple(one for one in facts if one.name in told)
        page = ResultPage(
            site=self.site,
            frame=self.frame_of(req, resp, admitted),
            nav=operation.kind.entry,
            name=route.name,
            facts=tuple(sorted(facts, key=lambda one: one.name not in _ONCE)),
            once=once,
            back_url=back,
        )
        self.show(resp, page, self.language(req, admitted.guest))

    async def _begin(
        self,
        req: Request,
        resp: Response,
        admitted: Admitted,
        operation: Operation,
        item: dict[str, Any],
    ) -> bool:
        """Go on to the program of an application, which gets the secret that was just made.

        False: there is no program, or nothing that it would have to be told anew.
        """
        secret = item.get("client_secret") or ""
        if not secret and operation.route.name != operation.kind.create:
            return False
        wanted = Wanted(client_id=item["client_id"], stack=operation.stack, secret=secret)
        try:
            page = await make_page(self, req, resp, admitted, wanted)
        except Invalid:
            # What was typed made it something else than it was going to be.
            wanted = msgspec.structs.replace(wanted, stack=None)
            page = await make_page(self, req, resp, admitted, wanted)
        if page.beginning is None:
            return False
        if not secret:
            self.say(resp, admitted.guest, operation.route.name)
            go_to(page.again_url)
        frame = msgspec.structs.replace(page.frame, notice=operation.route.name)
        page = msgspec.structs.replace(page, frame=frame)
        self.show(resp, page, self.language(req, admitted.guest))
        return True

    async def _again(  # noqa: PLR0913 - what the page is made of
        self,
        req: Request,
        resp: Response,
        admitted: Admitted,
        operation: Operation,
        sheet: Sheet,
        *,
        error: Exception,
    ) -> None:
        """Show the form again, with what to change."""
        if isinstance(error, NotFound) and operation.subjects[0]:
            raise error
        status, trouble = explain(error)
        sheet = msgspec.structs.replace(sheet, trouble=trouble, status=status)
        await self._show(req, resp, admitted, operation, sheet)

    async def _show(
        self,
        req: Request,
        resp: Response,
        admitted: Admitted,
        operation: Operation,
        sheet: Sheet,
    ) -> None:
        route = operation.route
        (path, *_) = operation.subjects
        faults = {} if sheet.trouble is None else dict(sheet.trouble.items)
        groups: tuple[InputGroup, ...] = ()
        if route.body is not None:
            choices = await self._choices(admitted, route)
            groups = inputs_of(
                route.body,
                sheet.shown,
                choices,
                faults,
                leading=operation.kind.leading,
                zone=admitted.guest.user.profile.zoneinfo,
                change=operation.change,
            )
        page = FormPage(
            site=self.site,
            frame=self.frame_of(req, resp, admitted),
            trouble=sheet.trouble,
            nav=operation.kind.entry,
            name=route.name,
            danger=route.method == "DELETE",
            action=operation.address,
            token=self.token(admitted.guest, operation.mark),
            crumbs=crumbs_of(f"{route.path}/_", path),
            subjects=operation.names if path else (),
            groups=groups,
            advised=operation.advised,
            version=sheet.version,
            copies=() if sheet.wish is None else copies_of(sheet.wish, self.idp.issuer + API),
            back_url=back_from(route.path, path),
        )
        self.show(resp, page, self.language(req, admitted.guest), sheet.status)

    async def _choices(self, admitted: Admitted, route: Route) -> Choices:
        """Return what can be chosen for fields that name something there is."""
        assert route.body is not None, route.name  # noqa: S101 - asked for forms alone
        names = {one.name for one in members_of(route.body)}
        choices: Choices = {}
        others = route.name in _ELSEWHERE and (admitted.alone or not admitted.actor.everywhere)
        if "organization" in names and not others and (places := choose_organization(admitted)):
            choices["organization"] = places
        if "project" in names and (found := await choose_project(self.admin, admitted)):
            choices["project"] = found
        return choices


def _keepable(operation: Operation, typed: dict[str, str]) -> dict[str, str]:
    """Return what may be kept while somebody signs in again: no secret is."""
    body = operation.route.body
    if body is None:
        return {}
    secret = {one.name for one in members_of(body) if one.kind == "secret" or one.name in _SECRET}
    return {name: text for name, text in typed.items() if name not in secret}


def _is_shown(operation: Operation) -> bool:
    """Tell whether what the operation answers is on the page of its kind anyway."""
    shown = operation.kind.show or operation.kind.listing
    return shown is not None and OPERATIONS[shown].answer is operation.route.answer


def _back(operation: Operation, path: dict[str, str], reply: Reply) -> str:
    route = operation.route
    if reply.location is not None and operation.kind.show is not None:
        return ROOT + reply.location
    gone = route.method == "DELETE" and operation.kind.show is not None
    return back_from(route.path, path, gone=gone and route.path in PAGES)
