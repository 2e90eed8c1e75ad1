"""The demo's conversation with the provider (OpenID Connect Core 3.1)."""

import base64
import hmac
from typing import Any, TypeVar
from urllib.parse import quote_plus, urlencode

import msgspec

from ostiary.clock import Clock, Entropy
from ostiary.egress.errors import FetchFailed
from ostiary.egress.fetcher import Egress
from ostiary.egress.wanted import Wanted
from ostiary.jose import jwks, jwt
from ostiary.jose.errors import JoseError
from ostiary.oauth.handle import random_text
from ostiary.oauth.mint import half_hash
from ostiary.oauth.token.pkce import challenge_of
from ostiary.web.demo.registration import SCOPES, Registration

T = TypeVar("T")

_JSON = ("application/json", "application/jwk-set+json")
_OK, _BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN = 200, 400, 401, 403
_ALGS = ("RS256", "PS256", "ES256", "EdDSA")


class SignInFailed(Exception):
    """The sign-in, or what came after, went wrong; `code` is the error code, if there is one."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in on its way: what the answer is checked against."""

    state: str
    nonce: str
    verifier: str


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in, and the tokens that came with it."""

    header: dict[str, Any]
    claims: dict[str, Any]
    access_token: str
    expires_at: int
    scope: str
    refresh_token: str | None = None
    # As it came: it proves at the sign-out whose session is meant.
    id_token: str | None = None


class _Metadata(msgspec.Struct, frozen=True, kw_only=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    end_session_endpoint: str
    jwks_uri: str


class _Tokens(msgspec.Struct, frozen=True, kw_only=True):
    access_token: str
    expires_in: int = 0
    scope: str = ""
    refresh_token: str | None = None
    id_token: str | None = None


class Client:
    """An OpenID Connect relying party."""

    def __init__(
        self, registration: Registration, egress: Egress, clock: Clock, entropy: Entropy
    ) -> None:
        self._registration = registration
        self._egress = egress
        self._clock = clock
        self._entropy = entropy

    async def begin(self, prompt: str | None) -> tuple[str, Pending]:
        """Return the address to send the browser to, and what to remember meanwhile.

        Raises:
            SignInFailed: the provider's metadata cannot be read.
        """
        metadata = await self._discover()
        pending = Pending(
            state=random_text(self._entropy),
            nonce=random_text(self._entropy),
            verifier=random_text(self._entropy),
        )
        parameters = {
            "response_type": "code",
            "client_id": self._registration.client_id,
            "redirect_uri": self._registration.redirect_uri,
            "scope": " ".join(SCOPES),
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": challenge_of(pending.verifier),
            "code_challenge_method": "S256",
        }
        if prompt is not None:
            parameters["prompt"] = prompt
        return f"{metadata.authorization_endpoint}?{urlencode(parameters)}", pending

    async def finish(self, answer: dict[str, str], pending: Pending | None) -> Session:
        """Redeem the code of an answer, and verify the ID token.

        Raises:
            SignInFailed: the answer is an error, or does not belong to this browser's
                request, or what the provider sends cannot be trusted.
        """
        if pending is None:
            raise SignInFailed("This browser has not begun to sign in, or took too long.")
        if not hmac.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
            raise SignInFailed("The answer belongs to another request: its state differs.")
        metadata = await self._discover()
        if answer.get("iss") != metadata.issuer:
            raise SignInFailed("The answer comes from another provider: its iss differs.")
        if "error" in answer:
            raise SignInFailed(answer.get("error_description", ""), answer["error"])
        tokens = await self._ask_for_tokens(
            metadata,
            {
                "grant_type": "authorization_code",
                "code": answer.get("code", ""),
                "redirect_uri": self._registration.redirect_uri,
                "code_verifier": pending.verifier,
            },
        )
        return await self._trust(metadata, tokens, nonce=pending.nonce)

    async def refresh(self, session: Session) -> Session:
        """Get new tokens for the old ones.

        Raises:
            SignInFailed: there is no refresh token, or the provider refuses.
        """
        if session.refresh_token is None:
            raise SignInFailed("There is no refresh token.")
        metadata = await self._discover()
        tokens = await self._ask_for_tokens(
            metadata, {"grant_type": "refresh_token", "refresh_token": session.refresh_token}
        )
        renewed = await self._trust(metadata, tokens, nonce=None)
        if renewed.claims["sub"] != session.claims["sub"]:
            raise SignInFailed("The new tokens are somebody else's.")
        return renewed

    async def userinfo(self, session: Session) -> dict[str, Any]:
        """Return the claims of the userinfo endpoint (OpenID Connect Core 5.3).

        Raises:
            SignInFailed: the provider refuses, or speaks of somebody else.
        """
        metadata = await self._discover()
        status, claims = await self._send(
            metadata.userinfo_endpoint,
            Wanted(
                accept=_JSON,
                statuses=(_OK, _UNAUTHORIZED, _FORBIDDEN),
                headers=(("Authorization", f"Bearer {session.access_token}"),),
            ),
        )
        if status != _OK:
            raise _refused(claims)
        if claims.get("sub") != session.claims["sub"]:
            raise SignInFailed("Userinfo speaks of somebody else.")
        return claims

    async def leave(self, session: Session) -> str:
        """Return the address that ends the session at the provider, and leads back.

        OpenID Connect RP-Initiated Logout 1.0, 2.

        Raises:
            SignInFailed: the provider's metadata cannot be read.
        """
        metadata = await self._discover()
        parameters = {
            "client_id": self._registration.client_id,
            "post_logout_redirect_uri": self._registration.page,
        }
        if session.id_token is not None:
            parameters["id_token_hint"] = session.id_token
        return f"{metadata.end_session_endpoint}?{urlencode(parameters)}"

    async def _discover(self) -> _Metadata:
        url = f"{self._registration.issuer}/.well-known/openid-configuration"
        _, document = await self._send(url, Wanted(accept=_JSON))
        metadata = _read(document, _Metadata)
        if metadata.issuer != self._registration.issuer:
            raise SignInFailed("The metadata are another provider's.")
        return metadata

    async def _ask_for_tokens(self, metadata: _Metadata, form: dict[str, str]) -> _Tokens:
        registration = self._registration
        pair = f"{quote_plus(registration.client_id)}:{quote_plus(registration.client_secret)}"
        credentials = base64.b64encode(pair.encode()).decode()
        status, answer = await self._send(
            metadata.token_endpoint,
            Wanted(
                accept=_JSON,
                statuses=(_OK, _BAD_REQUEST, _UNAUTHORIZED),
                headers=(("Authorization", f"Basic {credentials}"),),
                form=urlencode(form).encode(),
            ),
        )
        if status != _OK:
            raise _refused(answer)
        return _read(answer, _Tokens)

    async def _trust(self, metadata: _Metadata, tokens: _Tokens, *, nonce: str | None) -> Session:
        """Verify the ID token (OpenID Connect Core 3.1.3.7 and 3.1.3.8)."""
        if tokens.id_token is None:
            raise SignInFailed("There is no ID token.")
        _, document = await self._send(metadata.jwks_uri, Wanted(accept=_JSON))
        now = self._clock.now()
        try:
            verified = jwt.verify(
                tokens.id_token,
                jwks.parse(document, tolerant=True),
                algs=_ALGS,
                types=("jwt", None),
            )
            jwt.require_current(verified.claims, now)
        except JoseError as error:
            raise SignInFailed(f"The ID token is not good: {error.message}.") from error
        claims, header = verified.claims.members, verified.header
        expected = {"iss": metadata.issuer}
        if nonce is not None:
            expected["nonce"] = nonce
        if "at_hash" in claims:
            expected["at_hash"] = half_hash(header.alg, tokens.access_token)
        for name, value in expected.items():
            if claims.get(name) != value:
                raise SignInFailed(f"The ID token is not for this sign-in: its {name} differs.")
        if self._registration.client_id not in verified.claims.aud:
            raise SignInFailed("The ID token is for another application.")
        return Session(
            header=header.members,
            claims=claims,
            access_token=tokens.access_token,
            expires_at=now + tokens.expires_in,
            scope=tokens.scope,
            refresh_token=tokens.refresh_token,
            id_token=tokens.id_token,
        )

    async def _send(self, url: str, wanted: Wanted) -> tuple[int, dict[str, Any]]:
        try:
            answer = await self._egress.send(url, wanted)
            return answer.status, msgspec.json.decode(answer.body, type=dict[str, Any])
        except FetchFailed as error:
            raise SignInFailed(f"The provider does not answer: {error.detail}.") from error
        except msgspec.DecodeError as error:
            raise SignInFailed("The provider's answer cannot be read.") from error


def _refused(answer: dict[str, Any]) -> SignInFailed:
    return SignInFailed(str(answer.get("error_description", "")), str(answer.get("error")))


def _read(document: dict[str, Any], kind: type[T]) -> T:
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise SignInFailed("The provider's answer cannot be understood.") from error
