"""GET /login/factor and /login/other-way: which factor a person is asked for.

`factor` shows nothing: it leads to the page of the factor that fits best.
"""

from falcon.asgi import Request, Response

from ostiary.model.factor import PASSKEYS, FactorKind
from ostiary.oauth.authorization.authentication import ACR_2FA
from ostiary.oauth.authorization.strength import (
    Lack,
    fitting_factors,
    lack_of,
    target_of,
)
from ostiary.oauth.reader import SignedIn
from ostiary.pages.views import OtherWayPage
from ostiary.web.idp import Idp
from ostiary.web.login.paths import EMAIL_CODE, PASSKEY, RECOVERY_CODE, TOTP
from ostiary.web.login.stage import Scene, Stage, go_on, go_to, shown_account

# By preference.
PAGES = {
    FactorKind.PASSKEY: PASSKEY,
    FactorKind.BOUND_PASSKEY: PASSKEY,
    FactorKind.TOTP: TOTP,
    FactorKind.EMAIL_CODE: EMAIL_CODE,
    FactorKind.RECOVERY_CODE: RECOVERY_CODE,
}


async def ways_of(stage: Stage, scene: Scene, signed: SignedIn) -> dict[str, str]:
    """Return the pages that bring a person on, by kind of factor, best first."""
    policies = await stage.idp.store.policies(signed.user.organization_id)
    target = ACR_2FA
    if lack_of(signed.session, signed.user, policies, scene.flow.request) is Lack.STEP_UP:
        target = target_of(signed.user, policies, scene.flow.request)
    kinds = fitting_factors(signed.user, policies, target)
    return {
        FactorKind.PASSKEY if kind in PASSKEYS else kind: scene.url(PAGES[kind]) for kind in kinds
    }


async def other_ways(stage: Stage, scene: Scene, signed: SignedIn, path: str) -> bool:
    """Tell whether there is another way than this page's."""
    ways = await ways_of(stage, scene, signed)
    return any(url != scene.url(path) for url in ways.values())


class FactorResource:
    """The way to the page of the factor that fits best."""

    def __init__(self, idp: Idp) -> None:
        self._stage = Stage(idp)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Lead on."""
        scene = await self._stage.enter(req)
        signed = scene.flow.acting
        if signed is None:
            go_on(resp, scene)
            return
        policies = await self._stage.idp.store.policies(signed.user.organization_id)
        lack = lack_of(signed.session, signed.user, policies, scene.flow.request)
        ways = await ways_of(self._stage, scene, signed)
        if lack in {Lack.SECOND_FACTOR, Lack.STEP_UP} and ways:
            go_to(resp, next(iter(ways.values())))
        else:
            go_on(resp, scene)


class OtherWayResource:
    """The ways to choose from."""

    def __init__(self, idp: Idp) -> None:
        self._stage = Stage(idp)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show the ways."""
        scene = await self._stage.enter(req)
        signed = scene.flow.acting
        ways = {} if signed is None else await ways_of(self._stage, scene, signed)
        if signed is None or not ways:
            go_on(resp, scene)
            return
        page = OtherWayPage(
            site=self._stage.site,
            client=scene.client,
            account=shown_account(signed),
            ways=tuple(ways.items()),
        )
        self._stage.show(resp, page, scene)
