"""How far applications are: the steps to their first sign-in, and what was seen of them."""

from ostiary.admin.actor import Area, Level
from ostiary.admin.first_sign_in import Checked, check
from ostiary.advisor.verification import TITLES
from ostiary.web.api.route import Call, Place, Reply, Route
from ostiary.web.api.views import Time, View, maybe, time_of


class VerificationStep(View, frozen=True, kw_only=True):
    """A step, in words, and when it was seen first; without a time it was not seen yet."""

    id: str
    title: str
    needed: bool
    seen_at: Time | None


class VerificationFailure(View, frozen=True, kw_only=True):
    """Something that failed, by the type and reason of its event."""

    at: Time
    type: str
    reason: str | None
    trace_id: str


class ApplicationVerification(View, frozen=True, kw_only=True):
    """Whether everything was seen that an application cannot do without; the last failures."""

    client_id: str
    verified: bool
    steps: tuple[VerificationStep, ...]
    failures: tuple[VerificationFailure, ...]


async def show(call: Call) -> Reply:
    """Return how far an application is."""
    found = await check(call.admin, call.idp.store, call.actor, call.path["client_id"])
    return Reply(body=view(found))


def view(found: Checked) -> ApplicationVerification:
    """Show how far an application is."""
    verification = found.verification
    return ApplicationVerification(
        client_id=found.client.client_id,
        verified=verification.verified,
        steps=tuple(
            VerificationStep(
                id=one.id.value, title=TITLES[one.id], needed=one.needed, seen_at=maybe(one.at)
            )
            for one in verification.steps
        ),
        failures=tuple(
            VerificationFailure(
                at=time_of(one.at), type=one.type, reason=one.reason, trace_id=one.trace_id
            )
            for one in verification.failures
        ),
    )


ROUTES = (
    Route(
        method="GET",
        path="/applications/{client_id}/verification",
        name="show_application_verification",
        summary="Show how far an application is",
        description="The steps to its first sign-in, each with the time when the server saw it "
        "first, and what failed last. What is read from memory comes within half a minute.",
        operation=show,
        area=Area.PROJECT,
        level=Level.READ,
        place=Place.PROJECT,
        answer=ApplicationVerification,
    ),
)
