"""Whether clients may be used, and their secrets: alike for applications and service accounts."""

from collections.abc import Callable

import msgspec
from msgspec import UNSET, UnsetType

from ostiary.admin import client_secrets, clients
from ostiary.admin.actor import Level
from ostiary.admin.decode import Request
from ostiary.admin.secrets import DEFAULT_OVERLAP
from ostiary.model.client import Client, ClientKind, ClientState
from ostiary.web.api import views
from ostiary.web.api.route import Call, Place, Reply, Route


class SecretFields(Request, frozen=True, kw_only=True):
    """A new secret: a random one unless given. Earlier ones end after `overlap` seconds."""

    client_secret: str | UnsetType = UNSET
    overlap: int = DEFAULT_OVERLAP


class ClientStateFields(Request, frozen=True, kw_only=True):
    """Whether a client may be used."""

    state: ClientState


class ClientAccess(msgspec.Struct, frozen=True, kw_only=True):
    """The operations for one kind of client: where they are, and how it is shown."""

    kind: ClientKind
    # Of one of them, as in `/applications/{client_id}`, and the name of its last part.
    path: str
    parameter: str
    place: Place
    answer: type[msgspec.Struct]
    view: Callable[[Client], views.View]

    async def set_state(self, call: Call) -> Reply:
        """Switch a client off or on."""
        key, state = self._key(call), call.body.state
        changed = await clients.set_state(call.admin, call.actor, key, state, kind=self.kind)
        return Reply(body=self.view(changed), version=changed.version)

    async def create_secret(self, call: Call) -> Reply:
        """Give a client a new secret."""
        made = await client_secrets.rotate_secret(
            call.admin,
            call.actor,
            self._key(call),
            kind=self.kind,
            secret=call.body.client_secret or None,
            overlap=call.body.overlap,
        )
        return Reply(body=views.new_secret(made))

    async def revoke_secrets(self, call: Call) -> Reply:
        """End the earlier secrets of a client."""
        await client_secrets.revoke_secrets(call.admin, call.actor, self._key(call), kind=self.kind)
        return Reply()

    def _key(self, call: Call) -> str:
        return call.path[self.parameter]

    @property
    def routes(self) -> tuple[Route, ...]:
        """The rows of the table."""
        what = clients.WHAT[self.kind]
        name, area = what.replace(" ", "_"), clients.AREAS[self.kind]
        a = f"an {what}" if what[0] in "aeiou" else f"a {what}"
        return (
            Route(
                method="PUT",
                path=f"{self.path}/state",
                name=f"set_{name}_state",
                summary=f"Switch {a} off or on",
                description="What was issued to it is refused as long as it is off.",
                operation=self.set_state,
                area=area,
                level=Level.WRITE,
                place=self.place,
                body=ClientStateFields,
                answer=self.answer,
                example={"state": "inactive"},
            ),
            Route(
                method="POST",
                path=f"{self.path}/secrets",
                name=f"create_{name}_secret",
                summary=f"Give {a} a new secret",
                description="The newest one before it stays good for `overlap` seconds: a day "
                "unless given. With 0 it ends at once.",
                operation=self.create_secret,
                area=area,
                level=Level.WRITE,
                place=self.place,
                body=SecretFields,
                answer=views.NewSecret,
                status=201,
                example={"overlap": 3600},
            ),
            Route(
                method="DELETE",
                path=f"{self.path}/secrets",
                name=f"revoke_{name}_secrets",
                summary=f"End the earlier secrets of {a}",
                description="All but the newest one, which stays.",
                operation=self.revoke_secrets,
                area=area,
                level=Level.WRITE,
                place=self.place,
                status=204,
            ),
        )
