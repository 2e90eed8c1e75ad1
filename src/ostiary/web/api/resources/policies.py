"""Policies: what the instance decides, within bounds."""

from typing import Any

from ostiary.admin import instance as operations
from ostiary.admin import policies
from ostiary.admin.actor import Area, Level
from ostiary.admin.decode import Request
from ostiary.admin.instance import InstanceFields
from ostiary.model.policy import Configuration, Policies
from ostiary.web.api.route import Call, Place, Reply, Route
from ostiary.web.api.views import View


class PoliciesInForce(View, frozen=True, kw_only=True):
    """The policies in force, with everything that is not set at its default."""

    policies: Policies


class PolicyChanges(Request, frozen=True, kw_only=True):
    """What is to change: null puts a policy, or a key of one, back to its default."""

    policies: dict[str, Any]


async def show(call: Call) -> Reply:
    """Return the policies in force."""
    return _show(await operations.show(call.admin, call.actor))


async def update(call: Call) -> Reply:
    """Change policies."""
    request = InstanceFields(policies=call.body.policies)
    return _show(await operations.update(call.admin, call.actor, request))


def _show(record: Configuration) -> Reply:
    return Reply(body=PoliciesInForce(policies=policies.in_force(record)), version=record.version)


ROUTES = (
    Route(
        method="GET",
        path="/policies",
        name="show_policies",
        summary="Show the policies in force",
        description="All of them, with their defaults.",
        operation=show,
        area=Area.INSTANCE,
        level=Level.READ,
        place=Place.INSTANCE,
        answer=PoliciesInForce,
        record=Configuration,
    ),
    Route(
        method="PATCH",
        path="/policies",
        name="update_policies",
        summary="Change policies",
        description="Only what is given changes. A value outside of its bounds is an error.",
        operation=update,
        area=Area.INSTANCE,
        level=Level.WRITE,
        place=Place.INSTANCE,
        body=PolicyChanges,
        answer=PoliciesInForce,
        record=Configuration,
        example={"policies": {"token_lifetimes": {"access_token": 600}}},
    ),
)
