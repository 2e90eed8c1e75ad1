"""/login/enrol/totp: a new authenticator app."""

import msgspec
import segno
from falcon.asgi import Request, Response

from ostiary.identity import totp
from ostiary.login.enrolment import Setting
from ostiary.model.factor import FactorKind
from ostiary.pages.views import EnrolTotpPage, Problem
from ostiary.web.login.enrolling import Enrolling, explain, step_of
from ostiary.web.login.paths import ENROL, ENROL_TOTP
from ostiary.web.login.stage import Scene, go_to, shown_account


class EnrolTotp(Enrolling):
    """A new authenticator app."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show a new secret, as a QR code and as text."""
        scene = await self.stage.enter(req)
        setting = await self.setting(resp, scene)
        if setting is None:
            return
        if FactorKind.TOTP not in setting.offered:
            go_to(resp, scene.url(ENROL))
            return
        secret, sealed = self.stage.enrolment.totp_secret(setting, scene.keys)
        self._show(resp, scene, setting, _Secret(secret, sealed))

    async def on_post(self, req: Request, resp: Response) -> None:
        """Add the app that shows the code; or show the page again, with what to do."""
        scene = await self.stage.enter(req)
        form = await self.stage.read(req, scene, step_of(scene, ENROL_TOTP))
        sealed, code = form.get("setup") or "", form.get("otp") or ""
        enrolment = self.stage.enrolment
        refusal = await self.finish(
            req,
            resp,
            scene,
            lambda: enrolment.add_totp(scene.flow_id, scene.visit, sealed, code, scene.keys),
        )
        if refusal is None:
            return
        setting = await self.setting(resp, scene)
        if setting is None:
            return
        secret = enrolment.open_totp_secret(setting, sealed, scene.keys)
        if secret is None:
            secret, sealed = enrolment.totp_secret(setting, scene.keys)
        self._show(resp, scene, setting, _Secret(secret, sealed), explain(refusal, "otp"))

    def _show(
        self,
        resp: Response,
        scene: Scene,
        setting: Setting,
        secret: "_Secret",
        told: tuple[int, Problem | None] = (200, None),
    ) -> None:
        status, problem = told
        user = setting.signed.user
        uri = totp.make_uri(secret.value, self.stage.site, user.email or user.username)
        page = EnrolTotpPage(
            site=self.stage.site,
            client=scene.client,
            account=shown_account(setting.signed),
            action=scene.url(ENROL_TOTP),
            token=scene.token(step_of(scene, ENROL_TOTP)),
            sealed=secret.sealed,
            qr=draw_qr(uri),
            key=totp.write_secret(secret.value),
            back_url=scene.url(ENROL),
            problem=problem,
        )
        self.stage.show(resp, page, scene, status)


class _Secret(msgspec.Struct, frozen=True):
    """A secret that is being set up, and the form in which its page keeps it."""

    value: bytes
    sealed: str


def draw_qr(text: str) -> str:
    """Draw a QR code as SVG, dark on light whatever the page's colours are."""
    drawn: str = segno.make(text, error="m", micro=False).svg_inline(
        scale=4,
        border=4,
        dark="#000",
        light="#fff",
        svgclass=None,
        lineclass=None,
    )
    return drawn
