"""/login/enrol and below: setting up a passkey, an authenticator app or codes by mail.

People come here where a policy demands it, where an application asks with `prompt=enrol`, and
where they ticked the box on the sign-in page.
"""

from collections.abc import Awaitable, Callable

import falcon
import msgspec
import segno
from falcon.asgi import Request, Response

from ostiary.identity import totp
from ostiary.identity.factors import FactorRefused
from ostiary.identity.users import display_name
from ostiary.login.enrolment import Enrolled, NotNow, Setting
from ostiary.login.errors import Throttled, WrongCode, WrongPasskey
from ostiary.login.factors import passkey
from ostiary.login.factors.email_code import waiting_code
from ostiary.login.second_factor import NobodyActs
from ostiary.model.factor import PASSKEYS, FactorKind
from ostiary.oauth.authorization.authentication import ACR_2FA
from ostiary.oauth.authorization.strength import fitting_factors
from ostiary.pages.text import hide_address
from ostiary.pages.views import (
    CodePage,
    EnrolPage,
    EnrolPasskeyPage,
    EnrolTotpPage,
    PasskeyForm,
    Problem,
    RecoveryCodesPage,
)
from ostiary.web.idp import Idp
from ostiary.web.login.codes import explain
from ostiary.web.login.paths import (
    CONTINUE,
    ENROL,
    ENROL_EMAIL_CODE,
    ENROL_PASSKEY,
    ENROL_PASSKEY_OPTIONS,
    ENROL_RECOVERY_CODES,
    ENROL_SEND_CODE,
    ENROL_TOTP,
    LOGIN,
)
from ostiary.web.login.stage import Scene, Stage, go_on, go_to, shown_account
from ostiary.web.login.ways import PAGES

_WAYS = {
    FactorKind.PASSKEY: ENROL_PASSKEY,
    FactorKind.TOTP: ENROL_TOTP,
    FactorKind.EMAIL_CODE: ENROL_EMAIL_CODE,
}
_CONFLICT = 409
# The session ended, or grew stale, since the request was let in: what comes next is decided anew.
_MEANWHILE = (NobodyActs, NotNow)


class _Enrolling:
    """What the pages have in common."""

    def __init__(self, idp: Idp) -> None:
        self._stage = Stage(idp)

    async def _setting(self, resp: Response, scene: Scene) -> Setting | None:
        """Return what can be set up; None where the answer leads elsewhere first."""
        try:
            return await self._stage.enrolment.setting(scene.flow)
        except NobodyActs:
            go_on(resp, scene)
        except NotNow as refusal:
            await self._lead(resp, scene, refusal)
        return None

    async def _lead(self, resp: Response, scene: Scene, refusal: NotNow) -> None:
        """Lead to where the person proves what is missing."""
        signed = scene.flow.acting
        if refusal.lack is None or signed is None:
            go_to(resp, scene.url(LOGIN))
            return
        policies = await self._stage.idp.store.policies(signed.user.organization_id)
        best = fitting_factors(signed.user, policies, ACR_2FA)[0]
        go_to(resp, scene.url(PAGES[best]))

    async def _finish(
        self,
        req: Request,
        resp: Response,
        scene: Scene,
        add: Callable[[], Awaitable[Enrolled | None]],
    ) -> Exception | None:
        """Add a factor; return what went wrong where the page is to be shown again."""
        stage = self._stage
        try:
            enrolled = await add()
        except NobodyActs:
            go_on(resp, scene)
        except NotNow as refusal:
            await self._lead(resp, scene, refusal)
        except (WrongCode, WrongPasskey, Throttled, FactorRefused) as refusal:
            return refusal
        else:
            if enrolled is None or scene.flow.acting is None:
                go_on(resp, scene)
                return None
            user = scene.flow.acting.user
            await stage.renew_cookie(resp, scene, enrolled.sign_in, user)
            stage.remember_device(req, resp, scene, user)
            if enrolled.codes:
                self._show_codes(resp, scene, enrolled.codes)
            else:
                go_on(resp, scene)
        return None

    def _show_codes(self, resp: Response, scene: Scene, codes: tuple[str, ...]) -> None:
        signed = scene.flow.acting
        assert signed is not None  # noqa: S101 - somebody got the codes
        page = RecoveryCodesPage(
            site=self._stage.site,
            client=scene.client,
            account=shown_account(signed),
            codes=codes,
            continue_url=scene.url(CONTINUE),
        )
        self._stage.show(resp, page, scene)


class EnrolResource(_Enrolling):
    """What can be set up."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show what can be set up."""
        scene = await self._stage.enter(req)
        setting = await self._setting(resp, scene)
        if setting is not None:
            self.show(resp, scene, setting)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Go on without, where that is possible."""
        scene = await self._stage.enter(req)
        await self._stage.read(req, scene, ENROL)
        setting = await self._setting(resp, scene)
        if setting is None:
            return
        try:
            await self._stage.enrolment.skip(scene.flow_id, scene.visit)
        except _MEANWHILE:
            go_on(resp, scene)
        except FactorRefused as refusal:
            self.show(resp, scene, setting, *_explain(refusal))
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
            site=self._stage.site,
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
        self._stage.show(resp, page, scene, status)


class EnrolPasskey(_Enrolling):
    """A new passkey."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show the page from which the browser makes one."""
        scene = await self._stage.enter(req)
        setting = await self._setting(resp, scene)
        if setting is not None:
            self._show(resp, scene, setting)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Add what the browser made; or show the page again, with what to do."""
        scene = await self._stage.enter(req)
        form = await self._stage.read(req, scene, _step(scene, ENROL_PASSKEY))
        credential, name = form.get("credential") or "", form.get("name") or ""
        enrolment = self._stage.enrolment
        refusal = await self._finish(
            req,
            resp,
            scene,
            lambda: enrolment.add_passkey(scene.flow_id, scene.visit, credential, name, scene.keys),
        )
        if refusal is None:
            return
        setting = await self._setting(resp, scene)
        if setting is not None:
            status, problem = _explain(refusal)
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
            site=self._stage.site,
            client=scene.client,
            account=shown_account(setting.signed),
            form=PasskeyForm(
                action=scene.url(ENROL_PASSKEY),
                token=scene.token(_step(scene, ENROL_PASSKEY)),
                options=encode_creation(self._stage, scene, setting),
                refresh_url=scene.url(ENROL_PASSKEY_OPTIONS),
            ),
            back_url=scene.url(ENROL),
            problem=problem,
        )
        self._stage.show(resp, page, scene, status)


class EnrolPasskeyOptions(_Enrolling):
    """What the browser is asked to make, anew."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer with options for a new passkey."""
        scene = await self._stage.enter(req)
        setting = await self._setting(resp, scene)
        if setting is not None:
            resp.content_type = falcon.MEDIA_JSON
            resp.text = encode_creation(self._stage, scene, setting)


class EnrolTotp(_Enrolling):
    """A new authenticator app."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show a new secret, as a QR code and as text."""
        scene = await self._stage.enter(req)
        setting = await self._setting(resp, scene)
        if setting is None:
            return
        if FactorKind.TOTP not in setting.offered:
            go_to(resp, scene.url(ENROL))
            return
        secret, sealed = self._stage.enrolment.totp_secret(setting, scene.keys)
        self._show(resp, scene, setting, _Secret(secret, sealed))

    async def on_post(self, req: Request, resp: Response) -> None:
        """Add the app that shows the code; or show the page again, with what to do."""
        scene = await self._stage.enter(req)
        form = await self._stage.read(req, scene, _step(scene, ENROL_TOTP))
        sealed, code = form.get("setup") or "", form.get("otp") or ""
        enrolment = self._stage.enrolment
        refusal = await self._finish(
            req,
            resp,
            scene,
            lambda: enrolment.add_totp(scene.flow_id, scene.visit, sealed, code, scene.keys),
        )
        if refusal is None:
            return
        setting = await self._setting(resp, scene)
        if setting is None:
            return
        secret = enrolment.open_totp_secret(setting, sealed, scene.keys)
        if secret is None:
            secret, sealed = enrolment.totp_secret(setting, scene.keys)
        self._show(resp, scene, setting, _Secret(secret, sealed), _explain(refusal, "otp"))

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
        uri = totp.make_uri(secret.value, self._stage.site, user.email or user.username)
        page = EnrolTotpPage(
            site=self._stage.site,
            client=scene.client,
            account=shown_account(setting.signed),
            action=scene.url(ENROL_TOTP),
            token=scene.token(_step(scene, ENROL_TOTP)),
            sealed=secret.sealed,
            qr=draw_qr(uri),
            key=totp.write_secret(secret.value),
            back_url=scene.url(ENROL),
            problem=problem,
        )
        self._stage.show(resp, page, scene, status)


class _Secret(msgspec.Struct, frozen=True):
    """A secret that is being set up, and the form in which its page keeps it."""

    value: bytes
    sealed: str


class EnrolEmailCode(_Enrolling):
    """Codes by mail: one shows that mail arrives."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show where a code is mailed to, and where it is typed in."""
        scene = await self._stage.enter(req)
        setting = await self._setting(resp, scene)
        if setting is None:
            return
        if FactorKind.EMAIL_CODE not in setting.offered:
            go_to(resp, scene.url(ENROL))
            return
        self.show(resp, scene, setting)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Check the code; or show the page again, with what to do."""
        scene = await self._stage.enter(req)
        form = await self._stage.read(req, scene, _step(scene, ENROL_EMAIL_CODE))
        code = form.get("code") or ""
        enrolment = self._stage.enrolment
        refusal = await self._finish(
            req,
            resp,
            scene,
            lambda: enrolment.add_email_code(scene.flow_id, scene.visit, code, scene.keys),
        )
        if refusal is None:
            return
        setting = await self._setting(resp, scene)
        if setting is not None:
            self.show(resp, scene, setting, *_explain(refusal, "code"))

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
            site=self._stage.site,
            client=scene.client,
            account=shown_account(setting.signed),
            kind="enrol_email",
            field="code",
            action=scene.url(ENROL_EMAIL_CODE),
            token=scene.token(_step(scene, ENROL_EMAIL_CODE)),
            send_url=scene.url(ENROL_SEND_CODE),
            send_token=scene.token(ENROL_SEND_CODE),
            address=hide_address(setting.signed.user.email or ""),
            sent=waiting_code(scene.flow, setting.signed) is not None,
            other_url=scene.url(ENROL),
            problem=problem,
        )
        self._stage.show(resp, page, scene, status)


class EnrolSendCode(_Enrolling):
    """Mails the code that codes by mail are set up with."""

    def __init__(self, idp: Idp) -> None:
        super().__init__(idp)
        self._page = EnrolEmailCode(idp)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Mail a code, and lead back to where it is typed in."""
        scene = await self._stage.enter(req)
        await self._stage.read(req, scene, ENROL_SEND_CODE)
        setting = await self._setting(resp, scene)
        if setting is None:
            return
        try:
            await self._stage.enrolment.send_code(scene.flow_id, scene.visit, scene.keys)
        except _MEANWHILE:
            go_on(resp, scene)
        except (Throttled, FactorRefused) as refusal:
            self._page.show(resp, scene, setting, *_explain(refusal, "code"))
        else:
            go_to(resp, scene.url(ENROL_EMAIL_CODE))


class EnrolRecoveryCodes(_Enrolling):
    """New recovery codes in place of the old ones."""

    def __init__(self, idp: Idp) -> None:
        super().__init__(idp)
        self._page = EnrolResource(idp)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Make codes and show them, this once."""
        scene = await self._stage.enter(req)
        await self._stage.read(req, scene, ENROL_RECOVERY_CODES)
        setting = await self._setting(resp, scene)
        if setting is None:
            return
        try:
            codes = await self._stage.enrolment.renew_recovery_codes(scene.flow_id, scene.visit)
        except _MEANWHILE:
            go_on(resp, scene)
        except FactorRefused as refusal:
            self._page.show(resp, scene, setting, *_explain(refusal))
        else:
            self._show_codes(resp, scene, codes)


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


def encode_creation(stage: Stage, scene: Scene, setting: Setting) -> str:
    """Return what the browser is asked to make, as JSON."""
    user = setting.signed.user
    purpose = f"{passkey.ENROL} {user.id}"
    challenge = passkey.make_challenge(scene.keys, scene.flow, purpose, stage.idp.entropy)
    options = passkey.creation_options(
        stage.party, challenge, user, display_name(user), setting.factors.of(*PASSKEYS)
    )
    return msgspec.json.encode(options).decode()


def draw_qr(text: str) -> str:
    """Draw a QR code as SVG, dark on light whatever the page's colours are."""
    drawn: str = segno.make(text, error="m", micro=False).svg_inline(
        scale=4, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    return drawn


def _step(scene: Scene, path: str) -> str:
    """Name a step for its form's token: what is set up is that of the account shown."""
    signed = scene.flow.acting
    return path if signed is None else f"{path} {signed.session.id}"


def _explain(refusal: Exception, field: str = "") -> tuple[int, Problem]:
    match refusal:
        case WrongPasskey():
            return 403, Problem(key="passkey_failed")
        case FactorRefused(reason=reason):
            return _CONFLICT, Problem(key=f"factor_{reason}")
        case _:
            return explain(refusal, field)
