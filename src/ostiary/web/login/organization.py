"""GET and POST /login/organization: which of their organizations a person acts for."""

from falcon.asgi import Request, Response

from ostiary.login.flow import Flow
from ostiary.login.steps import AccountGone, OrganizationGone
from ostiary.oauth.reader import SignedIn
from ostiary.pages.views import Choice, OrganizationPage, Problem
from ostiary.web.idp import Idp
from ostiary.web.login.paths import ORGANIZATION, SELECT
from ostiary.web.login.stage import Scene, Stage, go_on, shown_account

_LONGEST = 200


class OrganizationResource:
    """The organization chooser."""

    def __init__(self, idp: Idp) -> None:
        self._stage = Stage(idp)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show the organizations; where there is nobody or nothing to choose, go on."""
        scene = await self._stage.enter(req)
        signed = await self._chooser(scene)
        if signed is None:
            go_on(resp, scene)
            return
        await self._show(resp, scene, signed)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Go on with the chosen organization."""
        scene = await self._stage.enter(req)
        signed = await self._chooser(scene)
        if signed is None:
            go_on(resp, scene)
            return
        form = await self._stage.read(req, scene, _step(signed))
        chosen = (form.get("organization") or "")[:_LONGEST]
        try:
            await self._stage.steps.select_organization(
                scene.flow_id, scene.visit, signed.session.id, chosen
            )
        except OrganizationGone:
            await self._show(
                resp, scene, signed, problem=Problem(key="organization_gone"), status=409
            )
        except AccountGone:
            go_on(resp, scene)
        else:
            go_on(resp, scene)

    async def _chooser(self, scene: Scene) -> SignedIn | None:
        """Return who chooses; None where nobody can, or nothing is left open.

        Where somebody belongs is shown to those alone who have proven all that they have to.
        """
        signed = scene.flow.acting
        if signed is None or not chooses(scene.flow):
            return None
        lacks = await self._stage.steps.lacks(scene.flow, signed, acting=False)
        return None if lacks else signed

    async def _show(
        self,
        resp: Response,
        scene: Scene,
        signed: SignedIn,
        *,
        problem: Problem | None = None,
        status: int = 200,
    ) -> None:
        found = await self._stage.steps.organizations(signed)
        page = OrganizationPage(
            site=self._stage.site,
            client=scene.client,
            action=scene.url(ORGANIZATION),
            token=scene.token(_step(signed)),
            account=shown_account(signed),
            switch_url=scene.url(SELECT),
            choices=tuple(
                Choice(
                    id=one.id,
                    name=one.name,
                    domain=one.domains[0] if one.domains else None,
                )
                for one in found
            ),
            problem=problem,
        )
        self._stage.show(resp, page, scene, status)


def chooses(flow: Flow) -> bool:
    """Tell whether the application wants to know, and its request does not say."""
    return flow.client.organization_assertion and flow.request.organization is None


def _step(signed: SignedIn) -> str:
    """Name the step for the form's token: the choice is that of the account shown."""
    return f"organization {signed.session.id}"
