"""The instance itself: which algorithms it signs with. What it decides are its policies."""

from ostiary.admin import instance as operations
from ostiary.admin.actor import Area, Level
from ostiary.admin.instance import InstanceFields
from ostiary.model.policy import Configuration
from ostiary.web.api.route import Call, Place, Reply, Route, narrow, variant
from ostiary.web.api.views import View

InstanceChanges = variant("InstanceChanges", InstanceFields, without=("policies",))


class Instance(View, frozen=True, kw_only=True):
    """The configuration of the instance."""

    issuer: str
    access_token_signing_alg: str
    enabled_algs: tuple[str, ...]
    rsa_bits: int


async def show(call: Call) -> Reply:
    """Return the configuration."""
    return _show(call, await operations.show(call.admin, call.actor))


async def update(call: Call) -> Reply:
    """Change the configuration."""
    request = narrow(InstanceFields, call.body)
    return _show(call, await operations.update(call.admin, call.actor, request))


def _show(call: Call, record: Configuration) -> Reply:
    shown = Instance(
        issuer=call.idp.issuer,
        access_token_signing_alg=record.access_token_signing_alg,
        enabled_algs=record.enabled_algs,
        rsa_bits=record.rsa_bits,
    )
    return Reply(body=shown, version=record.version)


ROUTES = (
    Route(
        method="GET",
        path="/instance",
        name="show_instance",
        summary="Show the configuration of the instance",
        operation=show,
        area=Area.INSTANCE,
        level=Level.READ,
        place=Place.INSTANCE,
        answer=Instance,
        record=Configuration,
    ),
    Route(
        method="PATCH",
        path="/instance",
        name="update_instance",
        summary="Change the configuration of the instance",
        description="Only what is given changes; null puts a member back to its default. An "
        "algorithm that is chosen is enabled as well.",
        operation=update,
        area=Area.INSTANCE,
        level=Level.WRITE,
        place=Place.INSTANCE,
        body=InstanceChanges,
        answer=Instance,
        record=Configuration,
        example={"access_token_signing_alg": "ES256"},
    ),
)
