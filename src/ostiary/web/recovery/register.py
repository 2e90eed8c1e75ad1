"""GET and POST /login/register: making an account of one's own, in a flow."""

from falcon.asgi import Request, Response

from ostiary.admin import texts
from ostiary.identity.hashing import Busy
from ostiary.identity.passwords import PasswordTooLong
from ostiary.login.recovery import PasswordRefused
from ostiary.login.registration import (
    DomainRefused,
    Joined,
    NewAccount,
    Registration,
    RegistrationClosed,
    home_of,
)
from ostiary.pages.recovery_views import RegisterPage
from ostiary.pages.views import Problem
from ostiary.web.errors import ErrorPages, Failure
from ostiary.web.idp import Idp
from ostiary.web.links import safe_link
from ostiary.web.login.paths import LOGIN
from ostiary.web.login.stage import Scene, Stage, go_on, go_to
from ostiary.web.new_password import explain_refused
from ostiary.web.recovery.offers import describe_asker, require_mail
from ostiary.web.recovery.paths import REGISTER, VERIFY

_STEP = "register"
_MAX_NAME = 200


class RegisterResource:
    """The page for a new account. Its answer tells nothing about who has one already."""

    def __init__(self, idp: Idp) -> None:
        self._stage = Stage(idp)
        self._errors = ErrorPages(idp)
        self._registration = Registration(
            store=idp.store, pool=idp.passwords, clock=idp.clock, entropy=idp.entropy
        )

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show the page."""
        scene = await self._enter(req)
        try:
            await self._registration.require_open(scene.flow)
        except RegistrationClosed:
            await refuse_closed(self._errors, req, resp, scene)
            return
        hint = scene.flow.request.login_hint or ""
        email = hint if texts.check_email(hint) is None else ""
        await self._show(resp, scene, NewAccount(email=email, password=""))

    async def on_post(self, req: Request, resp: Response) -> None:
        """Keep what was entered, and go on to where the code of the mail is typed."""
        scene = await self._enter(req)
        form = await self._stage.read(req, scene, _STEP)
        account = NewAccount(
            email=(form.get("email") or "").strip(),
            password=form.get("new_password") or "",
            given_name=(form.get("given_name") or "").strip(),
            family_name=(form.get("family_name") or "").strip(),
            language=scene.language.tag,
        )
        problem = _check(account)
        if problem is not None:
            await self._show(resp, scene, account, problem)
            return
        asker = describe_asker(self._stage.idp, scene)
        try:
            joined = await self._registration.begin(scene.flow, account, asker, scene.keys)
        except RegistrationClosed:
            await refuse_closed(self._errors, req, resp, scene)
            return
        except DomainRefused:
            problem = Problem(key="email_domain", fields=("email",))
            await self._show(resp, scene, account, problem)
            return
        except (PasswordRefused, PasswordTooLong, Busy) as refusal:
            await self._show(resp, scene, account, explain_refused(refusal))
            return
        self._stage.cookies.set_returning(resp, scene.flow_id)
        if joined is None:
            go_to(resp, scene.url(VERIFY))
            return
        await keep_joined(self._stage, req, resp, scene, joined)
        go_on(resp, scene)

    async def _enter(self, req: Request) -> Scene:
        scene = await self._stage.enter(req)
        require_mail(scene)
        return scene

    async def _show(
        self, resp: Response, scene: Scene, account: NewAccount, problem: Problem | None = None
    ) -> None:
        policies = await self._stage.idp.store.policies(home_of(scene.flow))
        page = RegisterPage(
            site=self._stage.site,
            client=scene.client,
            action=scene.url(REGISTER),
            token=scene.token(_STEP),
            login_url=scene.url(LOGIN),
            min_length=policies.password.min_length,
            email=account.email[: texts.MAX_EMAIL],
            given_name=account.given_name[:_MAX_NAME],
            family_name=account.family_name[:_MAX_NAME],
            terms_url=safe_link(policies.user_registration.terms_uri),
            problem=problem,
        )
        self._stage.show(resp, page, scene, 200 if problem is None else 422)


def check_names(given_name: str, family_name: str) -> Problem | None:
    """Say what is wrong with the names that somebody gave themselves."""
    for field, name in (("given_name", given_name), ("family_name", family_name)):
        if texts.check_text(name, _MAX_NAME) is not None:
            return Problem(key="name_invalid", fields=(field,))
    return None


def _check(account: NewAccount) -> Problem | None:
    if texts.check_email(account.email) is not None:
        return Problem(key="email_missing", fields=("email",))
    return check_names(account.given_name, account.family_name)


async def refuse_closed(errors: ErrorPages, req: Request, resp: Response, scene: Scene) -> None:
    """Say that nobody makes an account of their own here."""
    failure = Failure(status=403, reason="registration_closed", client=scene.flow.client)
    await errors.show(req, resp, failure)


async def keep_joined(
    stage: Stage, req: Request, resp: Response, scene: Scene, joined: Joined
) -> None:
    """Give the browser the cookies of somebody who has just joined."""
    await stage.renew_cookie(resp, scene, joined.sign_in, joined.user)
    stage.remember_device(req, resp, scene, joined.user)
