"""GET and POST /login/select: the accounts that are signed in in this browser."""

from falcon.asgi import Request, Response

from ostiary.login.steps import AccountGone
from ostiary.oauth.authorization.interaction import Reason
from ostiary.pages.views import Problem, SelectPage
from ostiary.web.idp import Idp
from ostiary.web.login.paths import LOGIN, SELECT
from ostiary.web.login.stage import Scene, Stage, go_on, go_to, shown_account


class SelectResource:
    """The account chooser."""

    def __init__(self, idp: Idp) -> None:
        self._stage = Stage(idp)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show the accounts; without any, sign in."""
        scene = await self._stage.enter(req)
        if scene.flow.eligible:
            self._show(resp, scene)
        else:
            go_to(resp, scene.url(LOGIN))

    async def on_post(self, req: Request, resp: Response) -> None:
        """Go on with the chosen account."""
        scene = await self._stage.enter(req)
        form = await self._stage.read(req, scene, Reason.SELECT_ACCOUNT)
        chosen = form.get("account") or ""
        try:
            await self._stage.steps.select_account(scene.flow_id, scene.visit, chosen)
        except AccountGone:
            if scene.flow.eligible:
                self._show(resp, scene, problem=Problem(key="account_gone"), status=409)
            else:
                go_to(resp, scene.url(LOGIN))
            return
        go_on(resp, scene)

    def _show(
        self, resp: Response, scene: Scene, *, problem: Problem | None = None, status: int = 200
    ) -> None:
        page = SelectPage(
            site=self._stage.site,
            client=scene.client,
            action=scene.url(SELECT),
            token=scene.token(Reason.SELECT_ACCOUNT),
            accounts=tuple(map(shown_account, scene.flow.eligible)),
            other_url=scene.url(LOGIN) + "&account=other",
            problem=problem,
        )
        self._stage.show(resp, page, scene, status)
