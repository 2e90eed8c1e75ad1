"""GET and POST /logout: the question whether to sign out, and its answer."""

from falcon.asgi import Request, Response

from ostiary.login.logout import Question
from ostiary.oauth.authorization.pending import FlowRefused
from ostiary.oauth.handle import BODY_LENGTH
from ostiary.oauth.message import parse_form
from ostiary.web.body import read_form
from ostiary.web.csrf import Forged, check_sender
from ostiary.web.idp import Idp
from ostiary.web.login.paths import LOGOUT
from ostiary.web.logout.exit import Exit

__all__ = ["LOGOUT", "LogoutResource"]

_DECISIONS = {"yes": True, "no": False}


class LogoutResource:
    """The page of a logout request that proves nothing."""

    def __init__(self, idp: Idp) -> None:
        self._exit = Exit(idp)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Ask; or go on where there is nothing to ask."""
        outcome = await self._exit.logout.resume(_flow(req), self._exit.visit(req))
        if isinstance(outcome, Question):
            await self._exit.ask(req, resp, outcome, 200)
        else:
            await self._exit.show(req, resp, outcome)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Note the answer."""
        visit = self._exit.visit(req)
        check_sender(req, self._exit.origin)
        form = parse_form(await read_form(req))
        form.refuse_duplicates()
        question = await self._exit.logout.resume(_flow(req), visit)
        if not isinstance(question, Question):
            await self._exit.show(req, resp, question)
            return
        if not await self._exit.is_genuine(form.get("form_token"), question):
            raise Forged
        decision = form.get("decision")
        if decision not in _DECISIONS:
            await self._exit.ask(req, resp, question, 400)
            return
        leave = _DECISIONS[decision]
        outcome = await self._exit.logout.answer(question, visit, leave=leave)
        if leave:
            await self._exit.show(req, resp, outcome)
        else:
            await self._exit.show_end(req, resp, outcome, kept=True)


def _flow(req: Request) -> str:
    query = parse_form(bytes(req.scope["query_string"]))
    query.refuse_duplicates()
    flow = query.get("flow")
    if flow is None or len(flow) != BODY_LENGTH or not flow.isascii() or not flow.isalnum():
        raise FlowRefused("logout_unknown", 404)
    return flow
