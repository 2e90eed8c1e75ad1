"""The pages of a flow: signing in, further factors, choosing an account, consent."""

from ostiary.model.factor import FactorKind
from ostiary.web.idp import Idp
from ostiary.web.login import enrol
from ostiary.web.login.codes import CodeResource, SendCode
from ostiary.web.login.consent import ConsentResource
from ostiary.web.login.organization import OrganizationResource
from ostiary.web.login.passkey import PasskeyOptions, PasskeyResource
from ostiary.web.login.paths import (
    CONSENT,
    EMAIL_CODE,
    FACTOR,
    LOGIN,
    ORGANIZATION,
    OTHER_WAY,
    PASSKEY,
    PASSKEY_OPTIONS,
    PASSWORD,
    RECOVERY_CODE,
    SELECT,
    SEND_CODE,
    TOTP,
)
from ostiary.web.login.select import SelectResource
from ostiary.web.login.signin import LoginResource
from ostiary.web.login.ways import FactorResource, OtherWayResource


def routes(idp: Idp) -> list[tuple[str, object]]:
    """Return the resources of the pages by their paths."""
    return [
        (LOGIN, LoginResource(idp)),
        (PASSWORD, LoginResource(idp, PASSWORD)),
        (PASSKEY, PasskeyResource(idp)),
        (PASSKEY_OPTIONS, PasskeyOptions(idp)),
        (FACTOR, FactorResource(idp)),
        (OTHER_WAY, OtherWayResource(idp)),
        (TOTP, CodeResource(idp, FactorKind.TOTP)),
        (EMAIL_CODE, CodeResource(idp, FactorKind.EMAIL_CODE)),
        (SEND_CODE, SendCode(idp)),
        (RECOVERY_CODE, CodeResource(idp, FactorKind.RECOVERY_CODE)),
        *enrol.routes(idp),
        (SELECT, SelectResource(idp)),
        (ORGANIZATION, OrganizationResource(idp)),
        (CONSENT, ConsentResource(idp)),
    ]
