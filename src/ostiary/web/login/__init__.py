"""The pages of a flow: signing in, choosing an account, consent."""

from ostiary.web.idp import Idp
from ostiary.web.login.consent import ConsentResource
from ostiary.web.login.paths import CONSENT, LOGIN, SELECT
from ostiary.web.login.select import SelectResource
from ostiary.web.login.signin import LoginResource


def routes(idp: Idp) -> list[tuple[str, object]]:
    """Return the resources of the pages by their paths."""
    return [
        (LOGIN, LoginResource(idp)),
        (SELECT, SelectResource(idp)),
        (CONSENT, ConsentResource(idp)),
    ]
