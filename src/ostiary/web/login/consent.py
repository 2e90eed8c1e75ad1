"""GET and POST /consent: what an application asks for, and the person's answer."""

from contextlib import suppress

from falcon.asgi import Request, Response

from ostiary.login.flow import Flow
from ostiary.login.steps import AccountGone
from ostiary.oauth.device import user_code
from ostiary.oauth.peer import peer_of
from ostiary.oauth.reader import SignedIn
from ostiary.pages.views import ConsentPage, DeviceNotice
from ostiary.web.idp import Idp
from ostiary.web.login.organization import chooses
from ostiary.web.login.paths import CONSENT, LOGIN, ORGANIZATION, SELECT
from ostiary.web.login.stage import Scene, Stage, go_on, go_to, shown_account
from ostiary.web.login.wishes import destination_of, group_wishes, links_of

_DECISIONS = {"allow": True, "deny": False}


class ConsentResource:
    """The consent page."""

    def __init__(self, idp: Idp) -> None:
        self._stage = Stage(idp)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show what is asked for; where it is not settled who is asked, settle that first."""
        scene = await self._stage.enter(req)
        signed = scene.flow.acting
        if signed is None:
            go_to(resp, _who(scene))
        elif await self._stage.steps.lacks(scene.flow, signed):
            go_on(resp, scene)
        else:
            await self._show(resp, scene, signed)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Note the answer, and go on."""
        scene = await self._stage.enter(req)
        signed = scene.flow.acting
        if signed is None:
            go_to(resp, _who(scene))
            return
        form = await self._stage.read(req, scene, _step(signed))
        decision = form.get("decision")
        if decision not in _DECISIONS:
            await self._show(resp, scene, signed, status=400)
            return
        # Where the session is gone, or lacks a proof by now, who is asked is decided anew.
        with suppress(AccountGone):
            await self._stage.steps.answer(
                scene.flow_id, scene.visit, signed.session.id, allowed=_DECISIONS[decision]
            )
        go_on(resp, scene)

    async def _show(
        self, resp: Response, scene: Scene, signed: SignedIn, *, status: int = 200
    ) -> None:
        flow = scene.flow
        apis = await self._stage.idp.store.apis(flow.client.organization_id)
        page = ConsentPage(
            site=self._stage.site,
            client=scene.client,
            action=scene.url(CONSENT),
            token=scene.token(_step(signed)),
            account=shown_account(signed),
            switch_url=scene.url(SELECT),
            groups=group_wishes(flow, signed.user, apis),
            destination=destination_of(flow.request.redirect_uri),
            links=links_of(flow, scene.language.tag),
            device=await self._device(flow),
            organization=await self._organization(flow, signed),
            organization_url=scene.url(ORGANIZATION) if chooses(flow) else None,
        )
        self._stage.show(resp, page, scene, status)

    async def _organization(self, flow: Flow, signed: SignedIn) -> str | None:
        """Return the name of the organization that the person acts for, where that was said."""
        acting_id = flow.acting_for(signed)
        if acting_id is None:
            return None
        acting = await self._stage.idp.store.organization(acting_id)
        return None if acting is None else acting.name

    async def _device(self, flow: Flow) -> DeviceNotice | None:
        """Tell what the person compares with the device in front of them."""
        if flow.request.device is None:
            return None
        record = await self._stage.idp.store.device_code(bytes.fromhex(flow.request.device))
        if record is None:
            return None
        organization = await self._stage.idp.store.organization(flow.client.organization_id)
        return DeviceNotice(
            user_code=user_code.show(record.user_code),
            organization=None if organization is None else organization.name,
            age=max(flow.now - record.created_at, 0),
            ip=record.ip,
            nearby=peer_of(record.ip) == peer_of(flow.source.ip),
        )


def _step(signed: SignedIn) -> str:
    """Name the step for the form's token: the answer is that of the account shown."""
    return f"consent {signed.session.id}"


def _who(scene: Scene) -> str:
    return scene.url(SELECT if scene.flow.eligible else LOGIN)
