"""Every path that is served, and by what."""

from ostiary.oauth.metadata import AUTHORIZATION_SERVER, OPENID_CONFIGURATION
from ostiary.web import (
    account,
    advisor,
    assets,
    branding,
    console,
    device,
    login,
    logout,
    playground,
    recovery,
    setup,
)
from ostiary.web.api import description
from ostiary.web.api.endpoint import serve
from ostiary.web.api.resources import TABLE
from ostiary.web.health import Live, Ready
from ostiary.web.idp import Idp
from ostiary.web.oauth import (
    authorize,
    check_session,
    discovery,
    keys,
    registration,
    token,
    userinfo,
)
from ostiary.web.playground.courier import Loopback


def routes(idp: Idp, loopback: Loopback | None = None) -> list[tuple[str, object]]:
    """List the routes of an instance.

    `loopback` leads back to the application that is made of them.
    """
    metadata = discovery.Discovery(idp)
    served: list[tuple[str, object]] = [
        (OPENID_CONFIGURATION, metadata),
        (AUTHORIZATION_SERVER, metadata),
        (keys.PATH, keys.Keys(idp)),
        *authorize.routes(idp),
        *((one.path, one) for one in token.endpoints(idp)),
        *registration.routes(idp),
        (userinfo.PATH, userinfo.Userinfo(idp)),
        (check_session.PATH, check_session.CheckSession()),
        *login.routes(idp),
        *recovery.routes(idp),
        *logout.routes(idp),
        *device.routes(idp),
        *account.routes(idp),
        *console.routes(idp),
        *advisor.routes(idp),
        *playground.routes(idp, loopback or Loopback()),
        (setup.PATH, setup.Setup(idp)),
        *description.routes(idp),
        *serve(idp, TABLE),
        *assets.routes(idp),
        *branding.routes(idp),
        ("/health/live", Live()),
        ("/health/ready", Ready(idp)),
    ]
    if idp.settings.dev:
        from ostiary.web.demo import console_link, inbox  # noqa: PLC0415 - in development only
        from ostiary.web.demo import resources as demo  # noqa: PLC0415 - likewise

        served += [*demo.routes(idp), *inbox.routes(idp), *console_link.routes(idp)]
    return served
