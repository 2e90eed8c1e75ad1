"""/login/enrol/email-code: codes by mail."""

from falcon.asgi import Request, Response

from ostiary.identity.factors import FactorRefused
from ostiary.login.enrolment import Setting
from ostiary.login.errors import Throttled
from ostiary.login.factors.email_code import waiting_code
from ostiary.model.factor import FactorKind
from ostiary.pages.text import hide_address
from ostiary.pages.views import CodePage, Problem
from ostiary.web.idp import Idp
from ostiary.web.login.enrolling import MEANWHILE, Enrolling, explain, step_of
from ostiary.web.login.paths import ENROL, ENROL_EMAIL_CODE, ENROL_SEND_CODE
from ostiary.web.login.stage import Scene, go_on, go_to, shown_account


class EnrolEmailCode(Enrolling):
    """Codes by mail: one shows that mail arrives."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show where a code is mailed to, and where it is typed in."""
        scene = await self.stage.enter(req)
        setting = await self.setting(resp, scene)
        if setting is None:
            return
        if FactorKind.EMAIL_CODE not in setting.offered:
            go_to(resp, scene.url(ENROL))
            return
        self.show(resp, scene, setting)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Check the code; or show the page again, with what to do."""
        scene = await self.stage.enter(req)
        form = await self.stage.read(req, scene, step_of(scene, ENROL_EMAIL_CODE))
        code = form.get("code") or ""
        enrolment = self.stage.enrolment
        refusal = await self.finish(
            req,
            resp,
            scene,
            lambda: enrolment.add_email_code(scene.flow_id, scene.visit, code, scene.keys),
        )
        if refusal is None:
            return
        setting = await self.setting(resp, scene)
        if setting is not None:
            self.show(resp, scene, setting, *explain(refusal, "code"))

    def show(
        self,
        resp: Response,
        scene: Scene,
        setting: Setting,
        status: int = 200,
        problem: Problem | None = None,
    ) -> None:
        """Show the page."""
        page = CodePage(
            site=self.stage.site,
            client=scene.client,
            account=shown_account(setting.signed),
            kind="enrol_email",
            field="code",
            action=scene.url(ENROL_EMAIL_CODE),
            token=scene.token(step_of(scene, ENROL_EMAIL_CODE)),
            send_url=scene.url(ENROL_SEND_CODE),
            send_token=scene.token(ENROL_SEND_CODE),
            address=hide_address(setting.signed.user.email or ""),
            sent=waiting_code(scene.flow, setting.signed) is not None,
            other_url=scene.url(ENROL),
            problem=problem,
        )
        self.stage.show(resp, page, scene, status)


class EnrolSendCode(Enrolling):
    """Mails the code that codes by mail are set up with."""

    def __init__(self, idp: Idp) -> None:
        super().__init__(idp)
        self._page = EnrolEmailCode(idp)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Mail a code, and lead back to where it is typed in."""
        scene = await self.stage.enter(req)
        await self.stage.read(req, scene, ENROL_SEND_CODE)
        setting = await self.setting(resp, scene)
        if setting is None:
            return
        try:
            await self.stage.enrolment.send_code(scene.flow_id, scene.visit, scene.keys)
        except MEANWHILE:
            go_on(resp, scene)
        except (Throttled, FactorRefused) as refusal:
            self._page.show(resp, scene, setting, *explain(refusal, "code"))
        else:
            go_to(resp, scene.url(ENROL_EMAIL_CODE))
