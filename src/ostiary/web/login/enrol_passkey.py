"""/login/enrol/passkey: a new passkey."""

import falcon
import msgspec
from falcon.asgi import Request, Response

from ostiary.identity.users import display_name
from ostiary.login.enrolment import Setting
from ostiary.login.factors import passkey
from ostiary.model.factor import PASSKEYS
from ostiary.pages.views import EnrolPasskeyPage, PasskeyForm, Problem
from ostiary.web.login.enrolling import Enrolling, explain, step_of
from ostiary.web.login.paths import ENROL, ENROL_PASSKEY, ENROL_PASSKEY_OPTIONS
from ostiary.web.login.stage import Scene, Stage, shown_account


class EnrolPasskey(Enrolling):
    """A new passkey."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show the page from which the browser makes one."""
        scene = await self.stage.enter(req)
        setting = await self.setting(resp, scene)
        if setting is not None:
            self._show(resp, scene, setting)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Add what the browser made; or show the page again, with what to do."""
        scene = await self.stage.enter(req)
        form = await self.stage.read(req, scene, step_of(scene, ENROL_PASSKEY))
        credential, name = form.get("credential") or "", form.get("name") or ""
        enrolment = self.stage.enrolment
        refusal = await self.finish(
            req,
            resp,
            scene,
            lambda: enrolment.add_passkey(scene.flow_id, scene.visit, credential, name, scene.keys),
        )
        if refusal is None:
            return
        setting = await self.setting(resp, scene)
        if setting is not None:
            status, problem = explain(refusal)
            if not credential:
                problem = Problem(key="passkey_script")
            self._show(resp, scene, setting, status, problem)

    def _show(
        self,
        resp: Response,
        scene: Scene,
        setting: Setting,
        status: int = 200,
        problem: Problem | None = None,
    ) -> None:
        page = EnrolPasskeyPage(
            site=self.stage.site,
            client=scene.client,
            account=shown_account(setting.signed),
            form=PasskeyForm(
                action=scene.url(ENROL_PASSKEY),
                token=scene.token(step_of(scene, ENROL_PASSKEY)),
                options=encode_creation(self.stage, scene, setting),
                refresh_url=scene.url(ENROL_PASSKEY_OPTIONS),
            ),
            back_url=scene.url(ENROL),
            problem=problem,
        )
        self.stage.show(resp, page, scene, status)


class EnrolPasskeyOptions(Enrolling):
    """What the browser is asked to make, anew."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer with options for a new passkey."""
        scene = await self.stage.enter(req)
        setting = await self.setting(resp, scene)
        if setting is not None:
            resp.content_type = falcon.MEDIA_JSON
            resp.text = encode_creation(self.stage, scene, setting)


def encode_creation(stage: Stage, scene: Scene, setting: Setting) -> str:
    """Return what the browser is asked to make, as JSON."""
    user = setting.signed.user
    purpose = f"{passkey.ENROL} {user.id}"
    challenge = passkey.make_challenge(scene.keys, scene.flow, purpose, stage.idp.entropy)
    options = passkey.creation_options(
        stage.party,
        challenge,
        user,
        display_name(user),
        setting.factors.of(*PASSKEYS),
    )
    return msgspec.json.encode(options).decode()
