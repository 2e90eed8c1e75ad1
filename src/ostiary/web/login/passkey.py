"""Passkeys: GET and POST /login/passkey, and what the browser is asked.

The sign-in page posts here too. What the browser returns comes as JSON in a form field, put
there by the page's script.
"""

import falcon
import msgspec
from falcon.asgi import Request, Response

from ostiary.login.errors import WrongPasskey
from ostiary.login.factors.passkey import SIGN_IN, make_challenge, request_options
from ostiary.login.steps import Assertion
from ostiary.model.factor import PASSKEYS, Factor
from ostiary.oauth.reader import SignedIn
from ostiary.pages.views import PasskeyForm, PasskeyPage, Problem
from ostiary.web.idp import Idp
from ostiary.web.login.paths import OTHER_WAY, PASSKEY, PASSKEY_OPTIONS
from ostiary.web.login.stage import Scene, Stage, go_on, shown_account
from ostiary.web.login.ways import other_ways

STEP = "passkey"


def sign_in_form(stage: Stage, scene: Scene, allow: tuple[Factor, ...] = ()) -> PasskeyForm:
    """Return the form that a passkey signs in with: any, or one of some."""
    return PasskeyForm(
        action=scene.url(PASSKEY),
        token=scene.token(STEP),
        options=_encode_options(stage, scene, allow),
        refresh_url=scene.url(PASSKEY_OPTIONS),
    )


def _encode_options(stage: Stage, scene: Scene, allow: tuple[Factor, ...]) -> str:
    challenge = make_challenge(scene.keys, scene.flow, SIGN_IN, stage.idp.entropy)
    return msgspec.json.encode(request_options(stage.party, challenge, allow)).decode()


class PasskeyResource:
    """A passkey as a second factor; and where all passkeys sign in."""

    def __init__(self, idp: Idp) -> None:
        self._stage = Stage(idp)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Ask for a passkey of whoever is signing in."""
        scene = await self._stage.enter(req)
        signed = scene.flow.acting
        if signed is None:
            go_on(resp, scene)
        else:
            await self._show(resp, scene, signed)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Sign in with what the browser returned; or show the page (again), with what to do."""
        stage = self._stage
        scene = await stage.enter(req)
        form = await stage.read(req, scene, STEP)
        given = Assertion(
            credential=form.get("credential") or "",
            remember=form.get("remember") is not None,
        )
        try:
            entered = await stage.steps.sign_in_by_passkey(
                scene.flow_id, scene.visit, given, stage.visitor(req, scene), scene.keys
            )
        except WrongPasskey:
            key = "passkey_failed" if given.credential else "passkey_script"
            await self._show(resp, scene, scene.flow.acting, Problem(key=key), 403)
            return
        if entered.outcome is not None:
            await stage.renew_cookie(resp, scene, entered.outcome, entered.user)
            stage.remember_device(req, resp, scene, entered.user)
        go_on(resp, scene)

    async def _show(
        self,
        resp: Response,
        scene: Scene,
        signed: SignedIn | None,
        problem: Problem | None = None,
        status: int = 200,
    ) -> None:
        allow: tuple[Factor, ...] = ()
        other_url, remember = None, False
        if signed is not None:
            factors = await self._stage.idp.store.factors(signed.user.id)
            allow = tuple(factor for factor in factors if factor.kind in PASSKEYS)
            remember = signed.session.remembered
            if await other_ways(self._stage, scene, signed, PASSKEY):
                other_url = scene.url(OTHER_WAY)
        page = PasskeyPage(
            site=self._stage.site,
            client=scene.client,
            account=None if signed is None else shown_account(signed),
            form=sign_in_form(self._stage, scene, allow),
            remember=remember,
            other_url=other_url,
            problem=problem,
        )
        self._stage.show(resp, page, scene, status)


class PasskeyOptions:
    """What the browser is asked, anew: a page was open for longer than a challenge lives."""

    def __init__(self, idp: Idp) -> None:
        self._stage = Stage(idp)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer with options for any passkey."""
        scene = await self._stage.enter(req)
        resp.content_type = falcon.MEDIA_JSON
        resp.text = _encode_options(self._stage, scene, ())
