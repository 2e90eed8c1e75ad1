"""GET and POST /playground/callback: where the playground's clients are answered."""

import msgspec
from falcon.asgi import Request, Response

from ostiary.model.sentence import Sentence
from ostiary.oauth.message import Form, parse_form
from ostiary.pages.playground import ReturnPage
from ostiary.playground.breaks import Break, Place
from ostiary.playground.message import Request as Message
from ostiary.playground.sandbox import CALLBACK
from ostiary.playground.tokens import Check
from ostiary.playground.transcript import describe_return
from ostiary.web.entrance import Guest
from ostiary.web.playground.resource import Playground
from ostiary.web.playground.walk import NOTHING_DIFFERED, Walk, failed

_KEPT = ("code", "access_token", "id_token")
_SAID = ("error", "error_description")


class Callback(Playground):
    """The one redirect URI."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Take an answer from the query; from the fragment a script has to."""
        reply = parse_form(bytes(req.scope["query_string"]))
        guest = await self.admit(req, resp, CALLBACK)
        if not reply.values:
            page = ReturnPage(site=self.around.site, action=CALLBACK)
            self.show(req, resp, page, guest)
            return
        await self._take(req, resp, guest, reply)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Take an answer that was posted as a form, by the server's page or by ours."""
        guest = await self.admit(req, resp, CALLBACK)
        await self._take(req, resp, guest, await self.parse(req))

    async def _take(self, req: Request, resp: Response, guest: Guest | None, reply: Form) -> None:
        reply.refuse_duplicates()
        pending = self.around.keeping.read(req, self.idp.clock.now())
        if pending is None:
            self.show_lost(req, resp, guest)
            return
        self.around.keeping.write(resp, None)
        flow, broken = self.find(pending.flow, pending.broken or None)
        walk = Walk.come_back(self.around, flow, broken, pending)
        step = flow.step(pending.step)
        checks = self._check(reply, pending.state)
        code = reply.get("code")
        if code is not None:
            walk.known["code"] = code
        members: dict[str, object] = {
            name: value for name, value in reply.values.items() if name in _KEPT
        }
        found = await walk.inspect(Message(method="GET", path=CALLBACK), members)
        checks_of_tokens = tuple(one for _, token in found for one in token.checks)
        stopped = failed((*checks, *checks_of_tokens)) or reply.get("error") is not None
        if not stopped:
            walk.known |= {name: str(value) for name, value in members.items()}
        following = None if stopped or step is None else flow.after(step)
        page = walk.page(resp, following)
        at_once = broken is not None and broken.at == pending.step
        self.show(
            req,
            resp,
            msgspec.structs.replace(
                page,
                form_token=self.token(guest),
                done=step,
                exchange=describe_return(req.method, CALLBACK, reply.values),
                checks=checks,
                tokens=found,
                problem=_describe(reply),
                explained_url=_explained(reply, self.idp.issuer),
                shown=at_once,
                surprise=_surprise(broken, reply, stopped=stopped) if broken and at_once else None,
            ),
            guest,
        )

    def _check(self, reply: Form, state: str) -> tuple[Check, ...]:
        return (
            Check(
                good=reply.get("state") == state,
                text=Sentence("state: it should be the one that this browser began with."),
            ),
            Check(
                good=reply.get("iss") == self.idp.issuer,
                text=Sentence(
                    "iss: it should be {value}, so that no other server answered (RFC 9207).",
                    {"value": self.idp.issuer},
                ),
            ),
        )


def _describe(reply: Form) -> str:
    return " · ".join(filter(None, (reply.get(name) for name in _SAID)))


def _explained(reply: Form, issuer: str) -> str:
    url = reply.get("error_uri") or ""
    return url if url.startswith(f"{issuer}/") else ""


def _surprise(broken: Break, reply: Form, *, stopped: bool) -> Sentence | None:
    if broken.place is Place.CHECK:
        return None if stopped else NOTHING_DIFFERED
    if reply.get("error") == broken.error:
        return None
    return Sentence(
        "The server answered something else this time: there was a session, or it was edited."
    )
