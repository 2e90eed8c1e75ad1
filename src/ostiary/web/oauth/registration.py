"""POST /oauth/v2/register, and GET, PUT and DELETE below it.

RFC 7591, 3; RFC 7592, 2; OpenID Connect Dynamic Client Registration 1.0, 3 and 4. No
cookie counts here, and nothing but a token in the Authorization header: any page may call
these endpoints by script.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from falcon.asgi import Request, Response

from ostiary.admin.clients import Registered
from ostiary.admin.registration import Registrar
from ostiary.admin.registration_metadata import show_metadata
from ostiary.admin.store import Admin
from ostiary.oauth.effects import Unavailable
from ostiary.oauth.errors import InvalidToken, OAuthError, TemporarilyUnavailable
from ostiary.oauth.metadata import REGISTER
from ostiary.oauth.token.bearer import read_bearer
from ostiary.web.body import read_json
from ostiary.web.idp import Idp
from ostiary.web.oauth.back_channel import HEADERS
from ostiary.web.oauth.errors import render_challenge, render_error
from ostiary.web.ration import Ration
from ostiary.web.source import read_source

# From one address, whatever comes of them: names are looked up and caches are renewed.
_PER_MINUTE = 30
_RETRY_AFTER = "60"
_PREFLIGHT_AGE = "600"


def routes(idp: Idp) -> list[tuple[str, object]]:
    """Return the resources of registration by their paths."""
    desk = _Desk(idp)
    return [
        (REGISTER, Registration(idp, desk)),
        (REGISTER + "/{client_id}", ClientConfiguration(idp, desk)),
    ]


class TooManyRegistrations(TemporarilyUnavailable):
    """One network asks too often."""

    status = 429


class _Desk:
    """What both resources have in common."""

    def __init__(self, idp: Idp) -> None:
        self._idp = idp
        self._ration = Ration(_PER_MINUTE)
        admin = Admin(
            issuer=idp.issuer,
            store=idp.store,
            clock=idp.clock,
            entropy=idp.entropy,
            hash_password=_hash_nothing,
            check_address=idp.check_address,
            read_sector=idp.read_sector,
        )
        self.registrar = Registrar(admin, idp.store, uncounted=idp.settings.dev)

    async def answer(
        self, req: Request, resp: Response, work: Callable[[], Awaitable[None]]
    ) -> None:
        """Do what was asked for, or say why not."""
        resp.set_headers(HEADERS)
        _open_to_all(resp)
        try:
            await work()
        except InvalidToken as error:
            render_challenge(resp, error)
            if req.get_header("Authorization") is None:
                # Who shows no token is told of no error in the challenge (RFC 6750, 3.1).
                resp.set_header("WWW-Authenticate", 'Bearer realm="ostiary"')
        except TooManyRegistrations as error:
            render_error(resp, error)
            resp.set_header("Retry-After", _RETRY_AFTER)
        except OAuthError as error:
            render_error(resp, error)
        except Unavailable:
            render_error(resp, TemporarilyUnavailable("The server cannot answer now; try again."))

    def hold_to_ration(self, req: Request) -> None:
        """Count a request that costs something.

        Raises:
            TooManyRegistrations: too many from this address within the minute.
        """
        if self._idp.settings.dev:
            return
        ip = read_source(req).ip
        if not self._ration("register", ip, self._idp.clock.now()):
            raise TooManyRegistrations(
                "Too many registrations from this network; wait a minute.",
                rule="registration-ration",
            )

    def show(self, made: Registered, token: str) -> bytes:
        """Write the client information response (RFC 7591, 3.2.1; RFC 7592, 3)."""
        client = made.client
        told: dict[str, Any] = {
            "client_id": client.client_id,
            "client_id_issued_at": client.created_at,
            "registration_access_token": token,
            "registration_client_uri": f"{self._idp.issuer}{REGISTER}/{client.client_id}",
        }
        if made.client_secret is not None:
            told["client_secret"] = made.client_secret
        if client.secrets:
            newest = max(client.secrets, key=lambda one: one.created_at)
            told["client_secret_expires_at"] = newest.expires_at or 0
        return msgspec.json.encode(told | show_metadata(client))


class Registration:
    """The client registration endpoint."""

    def __init__(self, idp: Idp, desk: _Desk) -> None:
        self._idp = idp
        self._desk = desk

    async def on_post(self, req: Request, resp: Response) -> None:
        """Register an application."""
        desk = self._desk

        async def register() -> None:
            desk.hold_to_ration(req)
            token = await desk.registrar.admit(_presented(req))
            body = await read_json(req)
            made, text = await desk.registrar.register(body, token, read_source(req))
            resp.status = 201
            resp.data = desk.show(made, text)

        await desk.answer(req, resp, register)

    async def on_options(self, _req: Request, resp: Response) -> None:
        """Answer a preflight."""
        _allow(resp, "POST")


class ClientConfiguration:
    """The client configuration endpoint of one client."""

    def __init__(self, idp: Idp, desk: _Desk) -> None:
        self._idp = idp
        self._desk = desk

    async def on_get(self, req: Request, resp: Response, client_id: str) -> None:
        """Tell what is registered."""
        desk = self._desk

        async def read() -> None:
            token = _require(req)
            client = await desk.registrar.authenticate(client_id, token)
            resp.data = desk.show(Registered(client), token)

        await desk.answer(req, resp, read)

    async def on_put(self, req: Request, resp: Response, client_id: str) -> None:
        """Replace what is registered. The token stays good: a lost answer locks nobody out."""
        desk = self._desk

        async def update() -> None:
            desk.hold_to_ration(req)
            token = _require(req)
            await desk.registrar.authenticate(client_id, token)
            body = await read_json(req)
            changed = await desk.registrar.update(client_id, token, body, read_source(req))
            resp.data = desk.show(changed, token)

        await desk.answer(req, resp, update)

    async def on_delete(self, req: Request, resp: Response, client_id: str) -> None:
        """Delete the client, and end everything that was issued to it."""
        desk = self._desk

        async def delete() -> None:
            await desk.registrar.delete(client_id, _require(req), read_source(req))
            resp.status = 204

        await desk.answer(req, resp, delete)

    async def on_options(self, _req: Request, resp: Response, client_id: str) -> None:  # noqa: ARG002 - part of the route
        """Answer a preflight."""
        _allow(resp, "GET, PUT, DELETE")


def _presented(req: Request) -> str | None:
    """Return the token of the Authorization header, if there is one."""
    return read_bearer(req.get_header("Authorization"), None)


def _require(req: Request) -> str:
    return _presented(req) or ""


def _open_to_all(resp: Response) -> None:
    resp.set_header("Access-Control-Allow-Origin", "*")
    resp.set_header("Access-Control-Expose-Headers", "WWW-Authenticate")
    resp.set_header("Cross-Origin-Resource-Policy", "cross-origin")


def _allow(resp: Response, methods: str) -> None:
    _open_to_all(resp)
    resp.status = 204
    resp.set_header("Access-Control-Allow-Methods", methods)
    resp.set_header("Access-Control-Allow-Headers", "Authorization, Content-Type")
    resp.set_header("Access-Control-Max-Age", _PREFLIGHT_AGE)


async def _hash_nothing(_password: bytes) -> str:
    raise TypeError("a client has no password")
