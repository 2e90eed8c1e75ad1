"""The userinfo endpoint (OpenID Connect Core 5.3)."""

from typing import Any

import msgspec

from ostiary.jose.errors import NoSigningKey
from ostiary.jose.keyring import KeyRing
from ostiary.oauth.claims import claims_of_scopes, read_claims, requested_claims
from ostiary.oauth.clients.envelope import find_envelope
from ostiary.oauth.clients.keys import RemoteKeys
from ostiary.oauth.errors import InsufficientScope, InvalidToken, TemporarilyUnavailable
from ostiary.oauth.extras import Reader, read_extras
from ostiary.oauth.instructions import Extras, organization_claims, role_claims
from ostiary.oauth.instructions import claims as instruction_claims
from ostiary.oauth.scope import OPENID
from ostiary.oauth.token.bearer import Presented

JSON = "application/json"
JWT = "application/jwt"
_encode = msgspec.json.Encoder().encode


class UserinfoEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Tells clients about the users of their access tokens."""

    issuer: str
    reader: Reader
    remote_keys: RemoteKeys

    async def answer(self, presented: Presented, ring: KeyRing, now: int) -> tuple[str, bytes]:
        """Return the media type and the body, in the form that the client registered.

        Raises:
            InvalidToken, InsufficientScope: as `decide`.
            InvalidRequest: the client has no key to encrypt for.
            TemporarilyUnavailable: the answer cannot be signed, or the client's keys cannot
                be read.
        """
        client, standing = presented.client, presented.standing
        extras = await read_extras(client, standing, presented.scopes, self.reader)
        claims = decide(presented, self.issuer, extras)
        signing = client.userinfo_signed_response_alg
        encryption = client.userinfo_encrypted_response_alg
        body = _encode(claims)
        if signing is not None:
            body = self._sign(claims, client.client_id, signing, ring)
        if encryption is not None:
            enc = client.userinfo_encrypted_response_enc
            envelope = await find_envelope(client, encryption, enc, self.remote_keys, now)
            cty = None if signing is None else "JWT"
            body = envelope.seal(body, cty=cty).encode("ascii")
        return (JSON if signing is None and encryption is None else JWT), body

    def _sign(self, claims: dict[str, Any], client_id: str, alg: str, ring: KeyRing) -> bytes:
        """Sign what is told, with who tells it, and to whom (Core 5.3.2)."""
        try:
            return ring.sign(alg, {**claims, "iss": self.issuer, "aud": client_id}, "JWT").encode(
                "ascii"
            )
        except NoSigningKey as missing:
            raise TemporarilyUnavailable(
                f"The server cannot sign for this client: {missing.message}.",
                rule="key-missing",
            ) from missing


def decide(presented: Presented, issuer: str, extras: Extras) -> dict[str, Any]:
    """Choose the claims: those of the token's scopes, and those asked for one by one.

    Raises:
        InvalidToken: another audience.
        InsufficientScope: no `openid`, or no user.
    """
    if OPENID not in presented.scopes or presented.standing is None:
        raise InsufficientScope(
            "Userinfo needs an access token that a user granted with the scope openid.",
            rule="userinfo-openid",
            section="OpenID Connect Core 5.3.1",
            received=" ".join(presented.scopes),
            expected=OPENID,
        )
    if issuer not in presented.audience:
        raise InvalidToken(
            "The access token is meant for another audience.",
            rule="token-audience",
            section="RFC 9068, 4",
            received=" ".join(presented.audience),
            expected=issuer,
        )
    standing = presented.standing
    names = (
        *claims_of_scopes(presented.scopes),
        *requested_claims(standing.grant.claims, "userinfo"),
    )
    return {
        **read_claims(standing.user, names),
        **instruction_claims(presented.scopes, standing.user, extras),
        **role_claims(presented.scopes, extras, asserted=presented.client.id_token_role_assertion),
        **organization_claims(standing.grant.scopes, extras),
        "sub": presented.subject,
    }
