"""GET and POST /login: user name and password; a passkey is sent to a path of its own."""

from falcon.asgi import Request, Response

from ostiary.identity.hashing import Busy
from ostiary.identity.passwords import PasswordTooLong
from ostiary.identity.users import MAX_LOGIN_NAME, MAX_SPELLING
from ostiary.login.errors import Throttled, WrongCredentials
from ostiary.login.steps import Credentials
from ostiary.model.user import User
from ostiary.oauth.authorization.interaction import Reason
from ostiary.oauth.subject import subject_of
from ostiary.pages.views import IdentifierPage, LoginPage, Problem
from ostiary.web.idp import Idp
from ostiary.web.login.passkey import sign_in_form
from ostiary.web.login.paths import FORGOT, LOGIN, PASSWORD, REGISTER, SELECT
from ostiary.web.login.stage import Scene, Stage, go_on, go_to
from ostiary.web.login.wishes import links_of

_BUSY_SECONDS = 3
_BOTH = ("username", "password")


class LoginResource:
    """The sign-in page; where the name is asked for first, its two pages."""

    def __init__(self, idp: Idp, path: str = LOGIN) -> None:
        """`path` is where the page is: the first one, or that of the password alone."""
        self._stage = Stage(idp)
        self._path = path

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show the page."""
        scene = await self._stage.enter(req)
        if self._asks_name(scene):
            self._ask_name(resp, scene, _expected_username(scene))
            return
        if self._path == PASSWORD and not scene.flow.interaction.login_name:
            go_to(resp, scene.url(LOGIN))
            return
        expected = Credentials(username=_expected_username(scene), password="", remember=False)
        self._show(resp, scene, expected)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Sign in, and go on; or show the page again, with what to do."""
        stage = self._stage
        scene = await stage.enter(req)
        form = await stage.read(req, scene, Reason.LOGIN)
        given = Credentials(
            username=form.get("username") or "",
            password=form.get("password") or "",
            remember=form.get("remember") is not None,
            passkey=form.get("passkey") is not None and _offers_passkey(scene),
        )
        # The page that asks for the name has no field for a password; whoever is signed in
        # already may have come to it to use another account.
        if self._is_first(scene) and form.get("password") is None:
            await self._note_name(resp, scene, given.username)
            return
        visitor = stage.visitor(req, scene)
        try:
            _check_filled_in(given)
            entered = await stage.steps.sign_in(
                scene.flow_id, scene.visit, given, visitor, scene.keys
            )
        except _REFUSALS as refusal:
            self._refuse(resp, scene, given, refusal)
            return
        if entered.outcome is not None:
            await stage.renew_cookie(resp, scene, entered.outcome, entered.user)
            if entered.settled:
                stage.remember_device(req, resp, scene, entered.user)
        go_on(resp, scene)

    def _asks_name(self, scene: Scene) -> bool:
        """Tell whether this is the page that asks for nothing but the name."""
        return self._is_first(scene) and _expected_person(scene) is None

    def _is_first(self, scene: Scene) -> bool:
        return scene.flow.policies.login.identifier_first and self._path == LOGIN

    async def _note_name(self, resp: Response, scene: Scene, name: str) -> None:
        """Go on to the page of the password; it is the same for every name."""
        if not name.strip() or len(name) > MAX_LOGIN_NAME:
            problem = Problem(key="name_missing", fields=("username",))
            self._ask_name(resp, scene, name, problem)
            return
        await self._stage.steps.note_name(scene.flow_id, scene.visit, name.strip())
        other = "" if scene.flow.acting is None else "&account=other"
        go_to(resp, scene.url(PASSWORD) + other)

    def _ask_name(
        self, resp: Response, scene: Scene, name: str, problem: Problem | None = None
    ) -> None:
        page = IdentifierPage(
            site=self._stage.site,
            client=scene.client,
            action=scene.url(LOGIN),
            token=scene.token(Reason.LOGIN),
            username=name[:MAX_LOGIN_NAME],
            passkey=sign_in_form(self._stage, scene) if _allows_passkeys(scene) else None,
            select_url=scene.url(SELECT) if scene.flow.eligible else None,
            register_url=scene.url(REGISTER) if scene.can_register else None,
            links=links_of(scene.flow, scene.language.tag),
            problem=problem,
        )
        self._stage.show(resp, page, scene, 200 if problem is None else 400)

    def _refuse(self, resp: Response, scene: Scene, given: Credentials, refusal: Exception) -> None:
        status, problem = _explain(refusal)
        if problem.wait is not None:
            resp.set_header("Retry-After", str(problem.wait))
        self._show(resp, scene, given, problem, status)

    def _show(
        self,
        resp: Response,
        scene: Scene,
        given: Credentials,
        problem: Problem | None = None,
        status: int = 200,
    ) -> None:
        flow = scene.flow
        page = LoginPage(
            site=self._stage.site,
            client=scene.client,
            action=scene.url(self._path),
            token=scene.token(Reason.LOGIN),
            username=given.username[:MAX_LOGIN_NAME],
            remember=given.remember if flow.policies.login.remember_me else None,
            password="password" in flow.policies.login.allowed_factors,
            passkey=sign_in_form(self._stage, scene) if _allows_passkeys(scene) else None,
            passkey_offer=_offers_passkey(scene),
            confirming=_expected_person(scene) is not None,
            select_url=scene.url(SELECT) if flow.eligible else None,
            forgot_url=scene.url(FORGOT) if scene.can_mail else None,
            register_url=scene.url(REGISTER) if scene.can_register else None,
            links=links_of(flow, scene.language.tag),
            problem=problem,
        )
        self._stage.show(resp, page, scene, status)


class _Missing(Exception):
    """User name or password is not filled in, or no name is that long."""


_REFUSALS = (_Missing, PasswordTooLong, WrongCredentials, Throttled, Busy)


def _allows_passkeys(scene: Scene) -> bool:
    return "passkey" in scene.flow.policies.login.allowed_factors


def _offers_passkey(scene: Scene) -> bool:
    return _allows_passkeys(scene) and scene.flow.policies.login.passkey_offer


def _check_filled_in(given: Credentials) -> None:
    name = given.username
    if not name.strip() or len(name) > MAX_SPELLING or not given.password:
        raise _Missing


def _explain(refusal: Exception) -> tuple[int, Problem]:
    """Word a refusal; the same words for everybody whom it meets."""
    match refusal:
        case _Missing():
            return 400, Problem(key="missing", fields=_BOTH)
        case PasswordTooLong():
            return 400, Problem(key="too_long", fields=("password",))
        case Throttled(seconds=None):
            return 429, Problem(key="blocked")
        case Throttled(seconds=seconds, address=address):
            return 429, Problem(key="throttled_address" if address else "throttled", wait=seconds)
        case Busy():
            return 503, Problem(key="busy", wait=_BUSY_SECONDS)
        case _:
            return 403, Problem(key="wrong_credentials", fields=_BOTH)


def _expected_person(scene: Scene) -> User | None:
    """Return who is signed in already and asked to prove it again."""
    signed, subjects = scene.flow.acting, scene.flow.request.subjects
    if signed is None or scene.query.get("account") == "other":
        return None
    if not scene.flow.admits(signed):
        return None
    subject = subject_of(scene.flow.client, signed.user.id, scene.keys)
    return signed.user if subjects is None or subject in subjects else None


def _expected_username(scene: Scene) -> str:
    """Return the name to fill in: who is signed in, or what the application hints at."""
    person = _expected_person(scene)
    if person is not None:
        return person.username
    hint = scene.flow.interaction.login_name
    if not hint and scene.query.get("account") != "other":
        hint = scene.flow.request.login_hint or ""
    if len(hint) > MAX_LOGIN_NAME:
        return ""
    return hint if hint.isprintable() else ""
