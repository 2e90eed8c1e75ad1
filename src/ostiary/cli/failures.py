"""From an error to what a command says about it, and to its exit code."""

import msgspec

from ostiary.admin.apply import Interrupted
from ostiary.admin.declaration import Misdeclared
from ostiary.admin.errors import AdminError, Invalid
from ostiary.cli.answer import ExitCode, Failure, refuse_settings
from ostiary.cli.plans import describe
from ostiary.jose.errors import JoseError
from ostiary.oauth.effects import Unavailable
from ostiary.settings import SettingsError
from ostiary.store import SchemaError

_EXIT_CODES = {
    "not_found": ExitCode.NOT_FOUND,
    "conflict": ExitCode.CONFLICT,
    "not_allowed": ExitCode.NOT_ALLOWED,
    "invalid": ExitCode.USAGE,
    "interrupted": ExitCode.INTERRUPTED,
}
# Errors that say something about the state of the instance, with the word for it.
_STATES: tuple[tuple[type[Exception], str], ...] = (
    (SchemaError, "database"),
    (Unavailable, "unavailable"),
    (JoseError, "keys"),
)
EXPECTED = (
    Failure,
    SettingsError,
    AdminError,
    Misdeclared,
    Interrupted,
    SchemaError,
    Unavailable,
    JoseError,
)


def explain(error: Exception) -> Failure:
    """Say what went wrong; the error is one of `EXPECTED`."""
    match error:
        case Failure():
            return error
        case SettingsError():
            return refuse_settings(error)
        case AdminError():
            return _explain_admin(error)
        case Misdeclared():
            return Failure(
                "invalid",
                "Nothing was written.\n" + "\n".join(f"  {one}" for one in error.problems),
                exit_code=ExitCode.FAILED,
                details=error.problems,
            )
        case Interrupted():
            cause = explain(error.error)
            return Failure(
                cause.code,
                cause.message,
                exit_code=cause.exit_code,
                hint="What came before it was applied; run the command again to carry on.",
                details=error.outcome,
                text=describe(error.outcome),
            )
    word = next(word for kind, word in _STATES if isinstance(error, kind))
    return Failure(
        word, str(error) or "The database does not answer.", exit_code=ExitCode.UNHEALTHY
    )


def _explain_admin(error: AdminError) -> Failure:
    details = None
    message = error.message
    if isinstance(error, Invalid):
        details = msgspec.to_builtins(error.problems)
        if len(error.problems) > 1:
            message = "\n".join(["Nothing was written.", *(f"  {one}" for one in error.problems)])
    return Failure(
        error.code,
        message,
        exit_code=_EXIT_CODES.get(error.code, ExitCode.FAILED),
        hint=error.hint,
        details=details,
    )
