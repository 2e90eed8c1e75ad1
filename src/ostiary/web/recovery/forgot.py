"""GET and POST /login/forgot: asking for a link that gives a new password."""

from falcon.asgi import Request, Response

from ostiary.identity.users import MAX_LOGIN_NAME, MAX_SPELLING
from ostiary.login.recovery import Recovery
from ostiary.pages.recovery_views import ForgotPage
from ostiary.pages.views import Problem
from ostiary.web.idp import Idp
from ostiary.web.login.paths import LOGIN
from ostiary.web.login.stage import Scene, Stage
from ostiary.web.recovery.offers import describe_asker, require_mail
from ostiary.web.recovery.paths import FORGOT

_STEP = "forgot"


class ForgotResource:
    """The page for a forgotten password. Its answer tells nothing about who has an account."""

    def __init__(self, idp: Idp) -> None:
        self._stage = Stage(idp)
        self._recovery = Recovery(
            store=idp.store, pool=idp.passwords, clock=idp.clock, entropy=idp.entropy
        )

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show the page."""
        scene = await self._enter(req)
        hint = scene.flow.request.login_hint or ""
        usable = len(hint) <= MAX_LOGIN_NAME and hint.isprintable()
        await self._show(resp, scene, hint if usable else "")

    async def on_post(self, req: Request, resp: Response) -> None:
        """Mail a link, if there is somebody to mail it to."""
        scene = await self._enter(req)
        form = await self._stage.read(req, scene, _STEP)
        name = form.get("username") or ""
        if not name.strip() or len(name) > MAX_SPELLING:
            problem = Problem(key="name_missing", fields=("username",))
            await self._show(resp, scene, name[:MAX_LOGIN_NAME], problem=problem)
            return
        asker = describe_asker(self._stage.idp, scene, self._stage.cookies.device(req))
        await self._recovery.ask(name, asker, scene.keys)
        self._stage.cookies.set_returning(resp, scene.flow_id)
        await self._show(resp, scene, sent=True)

    async def _enter(self, req: Request) -> Scene:
        scene = await self._stage.enter(req)
        require_mail(scene)
        return scene

    async def _show(
        self,
        resp: Response,
        scene: Scene,
        username: str = "",
        *,
        sent: bool = False,
        problem: Problem | None = None,
    ) -> None:
        # Of the application's organization: those of the person's would tell of them.
        policies = scene.flow.policies
        page = ForgotPage(
            site=self._stage.site,
            client=scene.client,
            action=scene.url(FORGOT),
            token=scene.token(_STEP),
            login_url=scene.url(LOGIN),
            lifetime=policies.token_lifetimes.reset_link,
            username=username,
            sent=sent,
            problem=problem,
        )
        self._stage.show(resp, page, scene, 200 if problem is None else 400)
