"""Applications that register themselves with an instance in this process."""

import json
from typing import Any

import msgspec

from ostiary.admin import registration_tokens
from ostiary.admin.actor import operator
from ostiary.admin.store import Admin
from ostiary.clock import SystemEntropy
from ostiary.model.registration import UnusedClient
from ostiary.oauth.metadata import REGISTER
from support.authorization import ISSUER
from support.site import Answer, Site, check_address, open_site

CALLBACK = "https://rp.test/cb"
MINIMAL: dict[str, Any] = {"redirect_uris": [CALLBACK]}


async def open_door(*records: Any, mode: str = "open", **policy: Any) -> Site:
    """Open an instance where applications register themselves."""
    site = await open_site(*records)
    await set_policy(site, mode=mode, **policy)
    return site


async def set_policy(site: Site, **policy: Any) -> None:
    """Have an administrator change the policy."""
    stored = await site.store.read_configuration()
    await site.change(stored, policies={"client_registration": policy})
    await site.store.revalidate()


async def make_token(site: Site, **parts: Any) -> str:
    """Have an administrator make an initial access token; return its text."""
    made = await registration_tokens.create(desk_of(site), operator("tester"), **parts)
    assert made.text is not None
    return made.text


def desk_of(site: Site) -> Admin:
    """Return the management of an instance."""

    async def hash_nothing(_: bytes) -> str:
        raise AssertionError

    return Admin(ISSUER, site.store, site.clock, SystemEntropy(), hash_nothing, check_address)


async def send(
    site: Site,
    method: str,
    path: str = REGISTER,
    body: Any = None,
    *,
    token: str | None = None,
    **headers: str,
) -> Answer:
    """Send a request to a registration endpoint; `body` is JSON, or octets as they stand."""
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    given = {"content-type": "application/json", "content-length": str(len(raw))}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        given["authorization"] = f"Bearer {token}"
    return await site.send(method, path, b"", raw, given)


class Self(msgspec.Struct, frozen=True):
    """A client as it was told about itself."""

    site: Site
    told: dict[str, Any]

    @property
    def client_id(self) -> str:
        """Its client_id."""
        return str(self.told["client_id"])

    @property
    def token(self) -> str:
        """Its registration access token."""
        return str(self.told["registration_access_token"])

    @property
    def path(self) -> str:
        """Where it is managed."""
        return str(self.told["registration_client_uri"]).removeprefix(ISSUER)

    async def ask(
        self, method: str, body: Any = None, token: str | None = None, **headers: str
    ) -> Answer:
        """Send a request about itself, with its own token unless another one is given."""
        used = self.token if token is None else token
        return await send(self.site, method, self.path, body, token=used, **headers)

    async def replace(self, **metadata: Any) -> Answer:
        """Put other metadata in the place of what is registered."""
        return await self.ask("PUT", {"client_id": self.client_id, **MINIMAL, **metadata})

    async def unused(self) -> UnusedClient | None:
        """Return the note that it was not used yet."""
        found: UnusedClient | None = await self.site.store.read_unused_client(self.client_id)
        return found

    async def stored(self) -> Any:
        """Return the client as it is stored."""
        return await self.site.store.read_client(self.client_id)


async def register(site: Site, token: str | None = None, **metadata: Any) -> Self:
    """Register a client; members that are None are left out."""
    body = {k: v for k, v in {**MINIMAL, **metadata}.items() if v is not None}
    answer = await send(site, "POST", REGISTER, body, token=token)
    assert answer.status == 201, answer.text
    return Self(site, answer.json())


async def refused(site: Site, error: str, status: int = 400, **metadata: Any) -> str:
    """Hold a registration to being refused, and to leaving nothing; return why."""
    before = await site.store.counts()
    body = {k: v for k, v in {**MINIMAL, **metadata}.items() if v is not None}
    answer = await send(site, "POST", REGISTER, body)
    assert answer.status == status, answer.text
    told = answer.json()
    assert set(told) == {"error", "error_description"}
    assert told["error"] == error, told
    after = await site.store.counts()
    assert (after["clients"], after["unused_clients"]) == (
        before["clients"],
        before["unused_clients"],
    )
    return str(told["error_description"])
