"""GET /console/applications/{client_id}/quickstart: a program to run, and the wait for it."""

from datetime import datetime
from typing import Any

import msgspec
from falcon.asgi import Request, Response

from ostiary.admin.errors import AdminError, NotAllowed, NotFound
from ostiary.oauth.message import parse_form
from ostiary.pages.console import ROOT
from ostiary.pages.console_quickstart import QuickstartPage, ShownFailure, ShownStep
from ostiary.web.api.problems import Refused
from ostiary.web.console.calls import call_one
from ostiary.web.console.cells import url_of
from ostiary.web.console.crumbs import crumbs_of
from ostiary.web.console.kind import OPERATIONS
from ostiary.web.console.page import Admitted, ConsoleResource, answering

SHOW, VERIFY = "show_application_quickstart", "show_application_verification"
TRACE = "show_trace"
PATH = ROOT + OPERATIONS[SHOW].path


class QuickstartResource(ConsoleResource):
    """The quick start of one application."""

    @answering
    async def on_get(self, req: Request, resp: Response, client_id: str) -> None:
        """Show it, with each step that the server saw."""
        route = OPERATIONS[VERIFY]
        admitted = await self.enter(req, resp, right=route.right)
        path = {"client_id": client_id}
        reply = await call_one(self.service, route, admitted.actor, path)
        seen: dict[str, Any] = msgspec.to_builtins(reply.body)
        stack = parse_form(bytes(req.scope["query_string"])).get("stack")
        made = await self._start(admitted, path, stack)
        page = QuickstartPage(
            site=self.site,
            frame=self.frame_of(req, resp, admitted),
            crumbs=crumbs_of(OPERATIONS[SHOW].path, path),
            action=url_of(SHOW, path),
            verified=seen["verified"],
            steps=tuple(
                ShownStep(id=one["id"], needed=one["needed"], at=_seconds(one["seen_at"]))
                for one in seen["steps"]
            ),
            failures=tuple(
                [
                    ShownFailure(
                        at=_seconds(one["at"]) or 0,
                        type=one["type"],
                        reason=one["reason"] or "",
                        url=await self._explained(admitted, one["trace_id"]),
                    )
                    for one in seen["failures"]
                ]
            ),
            **made,
        )
        self.show(resp, page, self.language(req, admitted.guest))

    async def _explained(self, admitted: Admitted, trace_id: str) -> str | None:
        """Return where a failure is explained, as long as its trace is kept."""
        path = {"trace_id": trace_id}
        try:
            await call_one(self.service, OPERATIONS[TRACE], admitted.actor, path)
        except (NotFound, NotAllowed):
            return None
        return url_of(TRACE, path)

    async def _start(
        self, admitted: Admitted, path: dict[str, str], stack: str | None
    ) -> dict[str, Any]:
        """Return the program of a stack, or of the one that fits best; nothing, where none does.

        Raises:
            NotFound: there is no such application for the actor.
        """
        route = OPERATIONS[SHOW]
        query = {"stack": stack} if stack else {}
        try:
            reply = await call_one(self.service, route, admitted.actor, path, query=query)
        except NotFound:
            raise
        except (AdminError, Refused):
            # No program fits, or none of that name: what was seen is told all the same.
            return {} if not query else await self._start(admitted, path, None)
        found: dict[str, Any] = msgspec.to_builtins(reply.body)
        return {
            "stacks": tuple((one["id"], one["title"]) for one in found["stacks"]),
            "stack": found["stack"],
            "tested": found["tested"],
            "env": found["env_file"],
            "commands": "\n".join((*found["install"], *found["run"])),
            "files": tuple((one["name"], one["content"]) for one in found["files"]),
            "url": found["url"],
        }


def _seconds(text: str | None) -> int | None:
    return None if text is None else int(datetime.fromisoformat(text).timestamp())
