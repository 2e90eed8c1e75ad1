"""The token and userinfo endpoints of an instance in this process, called as clients call them."""

import base64
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from ostiary.model.client import Client, ClientSecret
from ostiary.model.grant import AuthorizationCode, Grant
from ostiary.model.session import Proof, ProofKind, Session
from ostiary.oauth import handle
from ostiary.oauth.authorization import pending
from support.authorization import CHALLENGE
from support.instance import BLOG, ENTROPY, ISSUER, Instance
from support.token import VERIFIER

TOKEN = "/oauth/v2/token"
USERINFO = "/oidc/v1/userinfo"
SECRET = "a-secret-of-more-than-32-characters+%&"


def make_client(client_id: str, **fields: Any) -> Client:
    """Return a confidential client of ACME with a known secret."""
    values = {
        "client_id": client_id,
        "redirect_uris": (f"https://{client_id}.test/cb",),
        "grant_types": ("authorization_code", "refresh_token", "client_credentials"),
        "secrets": (ClientSecret(digest=handle.digest(SECRET), created_at=0),),
        "project_id": "store",
        **fields,
    }
    return msgspec.structs.replace(BLOG, **values)


def basic(client_id: str, secret: str = SECRET) -> dict[str, str]:
    """Return the header of client_secret_basic."""
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


class Caller:
    """A client application's side of the back channel."""

    def __init__(self, instance: Instance, ip: str = "192.0.2.7") -> None:
        self.instance = instance
        transport = httpx.ASGITransport(instance.app, client=(ip, 40000))
        self.http = httpx.AsyncClient(transport=transport, base_url=ISSUER)

    async def session(self, username: str = "alice", **fields: Any) -> Session:
        """Have somebody sign in."""
        now = self.instance.clock.now()
        browser, _ = pending.new_browser(now, ENTROPY)
        session = Session(
            **{
                "id": f"session-{browser.id}",
                "browser_id": browser.id,
                "user_id": f"user-{username}",
                "organization_id": "acme",
                "proofs": (Proof(kind=ProofKind.PASSWORD, at=now),),
                "created_at": now,
                "last_seen_at": now,
                "idle_expires_at": now + 7200,
                "expires_at": now + 43200,
                **fields,
            }
        )
        await self.instance.add(browser, session)
        return session

    async def code(
        self,
        client: Client,
        scopes: tuple[str, ...] = ("openid", "offline_access"),
        session: Session | None = None,
        grant: dict[str, Any] | None = None,
        **fields: Any,
    ) -> str:
        """Have alice grant scopes to a client, and return the code."""
        now = self.instance.clock.now()
        session = session or await self.session()
        text = handle.random_text(ENTROPY)
        values = {
            "id": f"grant-{text[:8]}",
            "client_id": client.client_id,
            "user_id": session.user_id,
            "organization_id": "acme",
            "session_id": session.id,
            "sid": "sid-" + text[:8],
            "scopes": scopes,
            "auth_time": now - 5,
            "acr": "urn:ostiary:acr:1fa",
            "amr": ("pwd",),
            "offline": "offline_access" in scopes,
            "created_at": now,
            "expires_at": now + 40 * 86400,
        }
        code = {
            "digest": handle.digest(text),
            "grant_id": values["id"],
            "client_id": client.client_id,
            "redirect_uri": client.redirect_uris[0],
            "code_challenge": CHALLENGE,
            "nonce": "n-0S6_WzA2Mj",
            "created_at": now,
            "expires_at": now + 60,
        }
        await self.instance.add(
            Grant(**(values | (grant or {}))), AuthorizationCode(**(code | fields))
        )
        return text

    async def post(self, form: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
        """Send a token request."""
        return await self.http.post(TOKEN, data=form, headers=headers)

    async def redeem(self, client: Client, code: str, **changes: str | None) -> httpx.Response:
        """Redeem a code as its client would."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.redirect_uris[0],
            "code_verifier": VERIFIER,
            **changes,
        }
        return await self.send(client, form)

    async def refresh(self, client: Client, token: str, **changes: str | None) -> httpx.Response:
        """Refresh as the token's client would."""
        return await self.send(
            client, {"grant_type": "refresh_token", "refresh_token": token, **changes}
        )

    async def send(self, client: Client, form: dict[str, str | None]) -> httpx.Response:
        """Send a form, authenticated as the client is registered."""
        headers = {}
        if client.public:
            form = {"client_id": client.client_id, **form}
        else:
            headers = basic(client.client_id)
        return await self.post({k: v for k, v in form.items() if v is not None}, headers)

    async def tokens(self, client: Client, **fields: Any) -> dict[str, Any]:
        """Have alice sign in at a client, and return its tokens."""
        answer = await self.redeem(client, await self.code(client, **fields))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def userinfo(self, token: str, **headers: str) -> httpx.Response:
        """Call userinfo with a bearer token."""
        return await self.http.get(
            USERINFO, headers={"Authorization": f"Bearer {token}", **headers}
        )


def assert_refused(answer: httpx.Response, error: str, status: int = 400) -> str:
    """The answer is an error of RFC 6749, 5.2 and says what to change; return the description."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"error", "error_description"}
    assert body["error"] == error
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers
    description: str = body["error_description"]
    assert len(description) > 20
    assert all(" " <= letter <= "~" and letter not in '"\\' for letter in description)
    return description
