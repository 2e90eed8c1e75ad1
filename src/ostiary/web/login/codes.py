"""GET and POST of /login/totp, /login/email-code and /login/recovery-code: a code is typed in."""

from falcon.asgi import Request, Response

from ostiary.login.device import remember_visit
from ostiary.login.errors import NotOffered, Throttled, WrongCode
from ostiary.login.factors.email_code import waiting_code
from ostiary.login.second_factor import NobodyActs, Trust, Typed
from ostiary.model.factor import FactorKind
from ostiary.oauth.handle import random_text
from ostiary.oauth.reader import SignedIn
from ostiary.pages.text import hide_address
from ostiary.pages.views import CodePage, Problem
from ostiary.web.idp import Idp
from ostiary.web.login.paths import OTHER_WAY, SEND_CODE
from ostiary.web.login.stage import Scene, Stage, go_on, go_to, shown_account
from ostiary.web.login.ways import PAGES, other_ways

FIELDS = {
    FactorKind.TOTP: "otp",
    FactorKind.EMAIL_CODE: "code",
    FactorKind.RECOVERY_CODE: "recovery_code",
}


class CodeResource:
    """The page of one kind of code."""

    def __init__(self, idp: Idp, kind: FactorKind) -> None:
        self._stage = Stage(idp)
        self._kind = kind
        self._path = PAGES[kind]

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show the page."""
        scene = await self._stage.enter(req)
        signed = scene.flow.acting
        if signed is None or self._kind not in signed.user.factors:
            go_on(resp, scene)
        else:
            await self._show(resp, scene, signed)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Check the code and go on; or show the page again, with what to do."""
        stage = self._stage
        scene = await stage.enter(req)
        form = await stage.read(req, scene, self._kind)
        typed = Typed(
            kind=self._kind,
            code=form.get(FIELDS[self._kind]) or "",
            device=stage.cookies.device(req),
        )
        signed = scene.flow.acting
        if signed is None:
            go_on(resp, scene)
            return
        if not typed.code.strip():
            await self._show(resp, scene, signed, self._problem("code_missing"), 400)
            return
        device = remember_visit(
            typed.device, scene.keys, signed.user.id, scene.flow.now, stage.idp.entropy
        )
        trust = None
        if form.get("remember") is not None:
            cookie = stage.cookies.trust(req) or random_text(stage.idp.entropy)
            trust = Trust(cookie, device.id, scene.flow.now)
        try:
            outcome = await stage.second_factors.prove(
                scene.flow_id, scene.visit, typed, scene.keys, trust
            )
        except (NobodyActs, NotOffered):
            go_on(resp, scene)
        except (WrongCode, Throttled) as refusal:
            await self.refuse(resp, scene, refusal)
        else:
            if outcome is not None:
                await stage.renew_cookie(resp, scene, outcome, signed.user)
                stage.cookies.set_device(resp, device)
                if trust is not None:
                    stage.cookies.set_trust(resp, trust.cookie)
            go_on(resp, scene)

    async def refuse(self, resp: Response, scene: Scene, refusal: Exception) -> None:
        """Show the page again, with what to do."""
        signed = scene.flow.acting
        if signed is None:
            go_on(resp, scene)
            return
        status, problem = explain(refusal, FIELDS[self._kind])
        if problem.wait is not None:
            resp.set_header("Retry-After", str(problem.wait))
        await self._show(resp, scene, signed, problem, status)

    async def _show(
        self,
        resp: Response,
        scene: Scene,
        signed: SignedIn,
        problem: Problem | None = None,
        status: int = 200,
    ) -> None:
        stage, user = self._stage, signed.user
        policies = await stage.idp.store.policies(user.organization_id)
        other = await other_ways(stage, scene, signed, self._path)
        mailed = self._kind is FactorKind.EMAIL_CODE
        page = CodePage(
            site=stage.site,
            client=scene.client,
            account=shown_account(signed),
            kind=self._kind,
            field=FIELDS[self._kind],
            action=scene.url(self._path),
            token=scene.token(self._kind),
            trust_days=policies.mfa.trusted_device_days or None,
            send_url=scene.url(SEND_CODE) if mailed else None,
            send_token=scene.token(SEND_CODE),
            address=hide_address(user.email or ""),
            sent=not mailed or waiting_code(scene.flow, signed) is not None,
            other_url=scene.url(OTHER_WAY) if other else None,
            problem=problem,
        )
        stage.show(resp, page, scene, status)

    def _problem(self, key: str) -> Problem:
        return Problem(key=key, fields=(FIELDS[self._kind],))


def explain(refusal: Exception, field: str) -> tuple[int, Problem]:
    """Word why a code was refused."""
    match refusal:
        case Throttled(seconds=None):
            return 429, Problem(key="code_blocked")
        case Throttled(seconds=seconds):
            return 429, Problem(key="throttled", wait=seconds)
        case _:
            return 403, Problem(key="factor_code_wrong", fields=(field,))


class SendCode:
    """POST /login/email-code/send: mails a code."""

    def __init__(self, idp: Idp) -> None:
        self._stage = Stage(idp)
        self._page = CodeResource(idp, FactorKind.EMAIL_CODE)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Mail a code, and lead back to where it is typed in."""
        stage = self._stage
        scene = await stage.enter(req)
        await stage.read(req, scene, SEND_CODE)
        try:
            await stage.second_factors.send_code(scene.flow_id, scene.visit, scene.keys)
        except (NobodyActs, NotOffered):
            go_on(resp, scene)
        except Throttled as refusal:
            await self._page.refuse(resp, scene, refusal)
        else:
            go_to(resp, scene.url(PAGES[FactorKind.EMAIL_CODE]))
