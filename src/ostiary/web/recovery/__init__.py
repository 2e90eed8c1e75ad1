"""The pages of recovering an account and of joining: forgotten password, registration, links."""

from ostiary.web.idp import Idp
from ostiary.web.recovery.forgot import ForgotResource
from ostiary.web.recovery.invitation import InvitationResource
from ostiary.web.recovery.paths import FORGOT, INVITATION, REGISTER, RESET, VERIFY
from ostiary.web.recovery.register import RegisterResource
from ostiary.web.recovery.reset import ResetResource
from ostiary.web.recovery.verify import VerifyResource


def routes(idp: Idp) -> list[tuple[str, object]]:
    """Return the resources of the pages by their paths."""
    return [
        (FORGOT, ForgotResource(idp)),
        (RESET, ResetResource(idp)),
        (REGISTER, RegisterResource(idp)),
        (VERIFY, VerifyResource(idp)),
        (INVITATION, InvitationResource(idp)),
    ]
