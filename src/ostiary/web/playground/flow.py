"""GET /playground, and GET and POST /playground/{flow}: a flow, step by step."""

import falcon
import msgspec
from falcon.asgi import Request, Response

from ostiary.model.sentence import Sentence
from ostiary.oauth.message import Form, parse_form
from ostiary.pages.playground import PATH, SHOW, PlaygroundIndex, PlaygroundPage
from ostiary.playground.breaks import Break, Place
from ostiary.playground.message import Answer
from ostiary.playground.message import Request as Message
from ostiary.playground.step import Kind, Step
from ostiary.playground.transcript import Exchange, describe
from ostiary.web.entrance import Guest
from ostiary.web.playground.resource import Playground
from ostiary.web.playground.walk import NOTHING_DIFFERED, Walk, failed
from ostiary.web.source import read_source

_STATUSES = range(100, 600)
_MAX_MILLISECONDS = 600_000


class Index(Playground):
    """Where to begin."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """List what can be tried."""
        guest = await self.admit(req, resp, PATH)
        page = PlaygroundIndex(
            site=self.around.site,
            flows=tuple(self.around.flows.values()),
            breaks=tuple(self.around.breaks.values()),
        )
        self.show(req, resp, page, guest)


class FlowResource(Playground):
    """One flow."""

    async def on_get(self, req: Request, resp: Response, flow_id: str) -> None:
        """Show the first request."""
        query = parse_form(bytes(req.scope["query_string"]))
        flow, broken = self.find(flow_id, query.get("break"))
        path = f"{PATH}/{flow_id}" + ("" if broken is None else f"?break={broken.id}")
        guest = await self.admit(req, resp, path)
        walk = Walk.begin(self.around, flow, broken)
        first = flow.step(flow.steps[0])
        self._show(req, resp, walk.page(resp, first), guest)

    async def on_post(self, req: Request, resp: Response, flow_id: str) -> None:
        """Send a request, or show another one."""
        # Not before there is such a flow: whoever signs in comes back to an address of its name.
        self.find(flow_id, None)
        guest = await self.admit(req, resp, f"{PATH}/{flow_id}")
        form = await self.read(req, guest)
        flow, broken = self.find(flow_id, form.get("break"))
        walk = Walk.go_on(self.around, flow, broken, form)
        wanted = form.get("do") or ""
        if wanted.startswith(SHOW):
            step = _require(walk, wanted.removeprefix(SHOW))
            self._show(req, resp, walk.page(resp, step), guest)
            return
        step = _require(walk, form.get("step") or "")
        if step.kind is Kind.FRONT:
            raise falcon.HTTPNotFound
        await self._take(req, resp, guest, walk, step, form)

    async def _take(  # noqa: PLR0913, PLR0917 - a step and whoever takes it
        self,
        req: Request,
        resp: Response,
        guest: Guest | None,
        walk: Walk,
        step: Step,
        form: Form,
    ) -> None:
        message = walk.read(step, form)
        exchange, unread = None, 0
        if step.kind is Kind.LOCAL:
            answer = walk.sign(message)
        else:
            wire = self.around.courier.write(message)
            answer = _answered(form) or await self.around.courier.send(wire, read_source(req))
            answer, unread = _readable(answer)
            exchange = describe(message, wire, answer, self.idp.issuer)
        walk.known = step.learn(walk.known, answer)
        page = await self._tell(resp, walk, step, message, answer, exchange)
        self._show(req, resp, msgspec.structs.replace(page, unread=unread), guest)

    async def _tell(  # noqa: PLR0913, PLR0917 - everything about one exchange
        self,
        resp: Response,
        walk: Walk,
        step: Step,
        message: Message,
        answer: Answer,
        exchange: Exchange | None,
    ) -> PlaygroundPage:
        found = await walk.inspect(message, answer.members() if answer.ok else {})
        checks = tuple(one for _, token in found for one in token.checks)
        broken = walk.broken if walk.broken is not None and walk.broken.at == step.id else None
        stopped = failed(checks)
        following = walk.flow.after(step)
        # Where a request was refused it can be mended and sent again; a mistake goes on.
        again = following is not None and not following.ready(walk.known)
        if again or not (answer.ok or walk.broken is not None):
            following = step
        page = walk.page(resp, None if stopped else following)
        return msgspec.structs.replace(
            page,
            done=step,
            exchange=exchange,
            explained_url=_explained(answer, self.idp.issuer),
            tokens=found,
            shown=broken is not None,
            surprise=None if broken is None else _surprise(broken, answer, stopped=stopped),
        )

    def _show(
        self, req: Request, resp: Response, page: PlaygroundPage, guest: Guest | None
    ) -> None:
        self.show(req, resp, msgspec.structs.replace(page, form_token=self.token(guest)), guest)


def _require(walk: Walk, step_id: str) -> Step:
    """Return a step that can be taken now.

    Raises:
        falcon.HTTPNotFound: there is none, or something is missing for it.
    """
    step = walk.flow.step(step_id)
    if step is None or not step.ready(walk.known):
        raise falcon.HTTPNotFound
    return step


def _answered(form: Form) -> Answer | None:
    """Return the answer that the browser got, if it sent the request by itself."""
    status, took = form.get("answer.status"), form.get("answer.took") or "0"
    if status is None or not (status.isascii() and status.isdecimal() and len(status) == 3):  # noqa: PLR2004
        return None
    if int(status) not in _STATUSES:
        return None
    lines = (line.partition(": ") for line in (form.get("answer.headers") or "").splitlines())
    milliseconds = int(took) if took.isascii() and took.isdecimal() and len(took) < 7 else 0  # noqa: PLR2004
    return Answer(
        status=int(status),
        headers=tuple((name.lower(), value) for name, _, value in lines),
        body=form.get("answer.body") or "",
        milliseconds=min(milliseconds, _MAX_MILLISECONDS),
    )


def _readable(answer: Answer) -> tuple[Answer, int]:
    """Leave out a body that is no JSON object, and return how many characters it has."""
    if not answer.body or answer.members():
        return answer, 0
    return msgspec.structs.replace(answer, body=""), len(answer.body)


def _explained(answer: Answer, issuer: str) -> str:
    """Return where this server explains an error, if it says so."""
    url = answer.members().get("error_uri")
    return url if isinstance(url, str) and url.startswith(f"{issuer}/") else ""


def _surprise(broken: Break, answer: Answer, *, stopped: bool) -> Sentence | None:
    """Tell where something else happened than the mistake leads to."""
    if broken.place is Place.CHECK:
        return None if stopped else NOTHING_DIFFERED
    if (answer.status, answer.error()) == (broken.status, broken.error):
        return None
    return Sentence(
        "The server answered something else this time: the request was edited, or came late."
    )
