"""What the pages have in common on which people set up a factor."""

from collections.abc import Awaitable, Callable

from falcon.asgi import Request, Response

from ostiary.identity.factors import FactorRefused
from ostiary.login.enrolment import Enrolled, NotNow, Setting
from ostiary.login.errors import Throttled, WrongCode, WrongPasskey
from ostiary.login.second_factor import NobodyActs
from ostiary.oauth.authorization.authentication import ACR_2FA
from ostiary.oauth.authorization.strength import fitting_factors
from ostiary.oauth.authorization.terms import terms_of
from ostiary.pages.views import Problem, RecoveryCodesPage
from ostiary.web.idp import Idp
from ostiary.web.login.codes import explain as told
from ostiary.web.login.paths import CONTINUE, LOGIN
from ostiary.web.login.stage import Scene, Stage, go_on, go_to, shown_account
from ostiary.web.login.ways import PAGES

_CONFLICT = 409
# The session ended, or grew stale, since the request was let in: what comes next is decided anew.
MEANWHILE = (NobodyActs, NotNow)


class Enrolling:
    """What the pages below /login/enrol have in common."""

    def __init__(self, idp: Idp) -> None:
        self.stage = Stage(idp)

    async def setting(self, resp: Response, scene: Scene) -> Setting | None:
        """Return what can be set up; None where the answer leads elsewhere first."""
        try:
            return await self.stage.enrolment.setting(scene.flow)
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
        policies = await terms_of(signed.user, scene.flow.acting_for(signed), self.stage.idp.store)
        best = fitting_factors(signed.user, policies, ACR_2FA)[0]
        go_to(resp, scene.url(PAGES[best]))

    async def finish(
        self,
        req: Request,
        resp: Response,
        scene: Scene,
        add: Callable[[], Awaitable[Enrolled | None]],
    ) -> Exception | None:
        """Add a factor; return what went wrong where the page is to be shown again."""
        stage = self.stage
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
                self.show_codes(resp, scene, enrolled.codes)
            else:
                go_on(resp, scene)
        return None

    def show_codes(self, resp: Response, scene: Scene, codes: tuple[str, ...]) -> None:
        """Show recovery codes, this once."""
        signed = scene.flow.acting
        assert signed is not None  # noqa: S101 - somebody got the codes
        page = RecoveryCodesPage(
            site=self.stage.site,
            client=scene.client,
            account=shown_account(signed),
            codes=codes,
            continue_url=scene.url(CONTINUE),
        )
        self.stage.show(resp, page, scene)


def step_of(scene: Scene, path: str) -> str:
    """Name a step for its form's token: what is set up is that of the account shown."""
    signed = scene.flow.acting
    return path if signed is None else f"{path} {signed.session.id}"


def explain(refusal: Exception, field: str = "") -> tuple[int, Problem]:
    """Return the status and the words for what went wrong, at a field of the form."""
    match refusal:
        case WrongPasskey():
            return 403, Problem(key="passkey_failed")
        case FactorRefused(reason=reason):
            return _CONFLICT, Problem(key=f"factor_{reason}")
        case _:
            return told(refusal, field)
