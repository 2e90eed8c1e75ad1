"""/login/enrol and below: setting up a passkey, an authenticator app or codes by mail.

People come here where a policy demands it, where an application asks with `prompt=enrol`, and
where they ticked the box on the sign-in page.
"""

from falcon.asgi import Request, Response

from ostiary.identity.factors import FactorRefused
from ostiary.login.enrolment import Setting
from ostiary.model.factor import FactorKind
from ostiary.pages.views import EnrolPage, Problem
from ostiary.web.idp import Idp
from ostiary.web.login.enrol_email_code import EnrolEmailCode, EnrolSendCode
from ostiary.web.login.enrol_passkey import EnrolPasskey, EnrolPasskeyOptions
from ostiary.web.login.enrol_totp import EnrolTotp
from ostiary.web.login.enrolling import MEANWHILE, Enrolling, explain
from ostiary.web.login.paths import (
    ENROL,
    ENROL_EMAIL_CODE,
    ENROL_PASSKEY,
    ENROL_PASSKEY_OPTIONS,
    ENROL_RECOVERY_CODES,
    ENROL_SEND_CODE,
    ENROL_TOTP,
)
from ostiary.web.login.stage import Scene, go_on, shown_account

_WAYS = {
    FactorKind.PASSKEY: ENROL_PASSKEY,
    FactorKind.TOTP: ENROL_TOTP,
    FactorKind.EMAIL_CODE: ENROL_EMAIL_CODE,
}


class EnrolResource(Enrolling):
    """What can be set up."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show what can be set up."""
        scene = await self.stage.enter(req)
        setting = await self.setting(resp, scene)
        if setting is not None:
            self.show(resp, scene, setting)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Go on without, where that is possible."""
        scene = await self.stage.enter(req)
        await self.stage.read(req, scene, ENROL)
        setting = await self.setting(resp, scene)
        if setting is None:
            return
        try:
            await self.stage.enrolment.skip(scene.flow_id, scene.visit)
        except MEANWHILE:
            go_on(resp, scene)
        except FactorRefused as refusal:
            self.show(resp, scene, setting, *explain(refusal))
        else:
            go_on(resp, scene)

    def show(
        self,
        resp: Response,
        scene: Scene,
        setting: Setting,
        status: int = 200,
        problem: Problem | None = None,
    ) -> None:
        """Show the page."""
        page = EnrolPage(
            site=self.stage.site,
            client=scene.client,
            account=shown_account(setting.signed),
            ways=tuple((kind.value, scene.url(_WAYS[kind])) for kind in setting.offered),
            action=scene.url(ENROL),
            token=scene.token(ENROL),
            demanded=setting.demanded,
            grace=setting.grace,
            codes_url=scene.url(ENROL_RECOVERY_CODES) if setting.renewable else None,
            codes_token=scene.token(ENROL_RECOVERY_CODES),
            problem=problem,
        )
        self.stage.show(resp, page, scene, status)


class EnrolRecoveryCodes(Enrolling):
    """New recovery codes in place of the old ones."""

    def __init__(self, idp: Idp) -> None:
        super().__init__(idp)
        self._page = EnrolResource(idp)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Make codes and show them, this once."""
        scene = await self.stage.enter(req)
        await self.stage.read(req, scene, ENROL_RECOVERY_CODES)
        setting = await self.setting(resp, scene)
        if setting is None:
            return
        try:
            codes = await self.stage.enrolment.renew_recovery_codes(scene.flow_id, scene.visit)
        except MEANWHILE:
            go_on(resp, scene)
        except FactorRefused as refusal:
            self._page.show(resp, scene, setting, *explain(refusal))
        else:
            self.show_codes(resp, scene, codes)


def routes(idp: Idp) -> list[tuple[str, object]]:
    """Return the resources of setting up factors by their paths."""
    return [
        (ENROL, EnrolResource(idp)),
        (ENROL_PASSKEY, EnrolPasskey(idp)),
        (ENROL_PASSKEY_OPTIONS, EnrolPasskeyOptions(idp)),
        (ENROL_TOTP, EnrolTotp(idp)),
        (ENROL_EMAIL_CODE, EnrolEmailCode(idp)),
        (ENROL_SEND_CODE, EnrolSendCode(idp)),
        (ENROL_RECOVERY_CODES, EnrolRecoveryCodes(idp)),
    ]
