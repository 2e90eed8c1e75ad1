"""Words for a new password that is refused."""

from ostiary.identity.hashing import Busy
from ostiary.identity.password_policy import Fault
from ostiary.identity.passwords import PasswordTooLong
from ostiary.login.recovery import PasswordRefused
from ostiary.pages.views import Problem

_BUSY_SECONDS = 3
_FAULTS = {
    Fault.TOO_SHORT: "password_short",
    Fault.TOO_LONG: "too_long",
    Fault.UNPRINTABLE: "password_unprintable",
    Fault.PREDICTABLE: "password_predictable",
}


def explain_fault(fault: Fault) -> Problem:
    """Say what is wrong with a new password, on the page where it was chosen."""
    return Problem(key=_FAULTS[fault], fields=("new_password",))


def explain_refused(refusal: PasswordRefused | PasswordTooLong | Busy) -> Problem:
    """Say why a new password was not taken."""
    match refusal:
        case PasswordRefused():
            return explain_fault(refusal.refusal.fault)
        case PasswordTooLong():
            return explain_fault(Fault.TOO_LONG)
        case Busy():
            return Problem(key="busy", wait=_BUSY_SECONDS)
