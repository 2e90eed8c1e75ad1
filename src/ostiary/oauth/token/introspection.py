"""The introspection endpoint (RFC 7662): what a resource server may know of a token.

Who asks sees the tokens that are meant for it: an application of type API those for the
APIs of its project, and every confidential client its own. All else is inactive, and
nothing tells why (RFC 7662, 2.2).
"""

from typing import Any

import msgspec

from ostiary.clock import Clock
from ostiary.jose.keyring import KeyRing
from ostiary.model.client import Client
from ostiary.model.event import Source
from ostiary.oauth.clients import Door, Store
from ostiary.oauth.errors import InvalidClient
from ostiary.oauth.extras import read_extras
from ostiary.oauth.instructions import Extras, claims, organization_claims, role_claims
from ostiary.oauth.key_source import KeySource
from ostiary.oauth.message import Form
from ostiary.oauth.reader import Standing
from ostiary.oauth.subject import subject_of
from ostiary.oauth.token.audience import is_meant_for
from ostiary.oauth.token.bearer import Presented
from ostiary.oauth.token.found import FoundRefresh, find_access, find_refresh, good_refresh
from ostiary.oauth.token.personal import note_use

Answer = dict[str, Any]
INACTIVE: Answer = {"active": False}


class IntrospectionEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Answers questions about tokens."""

    issuer: str
    url: str
    door: Door
    store: Store
    keys: KeySource
    clock: Clock

    async def answer(self, form: Form, authorization: str | None, source: Source) -> Answer:
        """Answer one question.

        Raises:
            OAuthError: the client did not prove itself, or names no token.
            Unavailable: the store cannot answer now.
        """
        form.refuse_duplicates()
        now = self.clock.now()
        asker = await self.door.admit(form, authorization, self.url, source, now)
        if asker.client.public:
            raise InvalidClient(
                "Only a client that authenticates may ask about tokens; register one of type "
                "API for the server that asks.",
                rule="introspection-public",
                section="RFC 7662, 2.1",
                received=asker.client.token_endpoint_auth_method,
            )
        token = form.require("token")
        ring = await self.keys.ring()
        refresh = await find_refresh(token, self.store, ring)
        if refresh is not None:
            good = await good_refresh(refresh, asker.client, self.store, now)
            return self._describe_refresh(refresh, asker.client, ring) if good else INACTIVE
        access = await find_access(token, self.store, ring, self.issuer, now)
        if access is None or not is_meant_for(asker.client, asker.registration.apis, access):
            return INACTIVE
        await note_use(access.personal, self.store, now)
        extras = await read_extras(access.client, access.standing, access.scopes, self.store)
        return self._describe_access(access, extras)

    def _describe_access(self, access: Presented, extras: Extras) -> Answer:
        answer: Answer = {
            "active": True,
            "iss": self.issuer,
            "sub": access.subject,
            "aud": access.audience[0] if len(access.audience) == 1 else access.audience,
            "client_id": access.client.client_id,
            "token_type": "Bearer",
            "iat": access.issued_at,
            "exp": access.expires_at,
            "jti": access.jti,
        }
        if access.scopes:
            answer["scope"] = " ".join(access.scopes)
        if access.act is not None:
            answer["act"] = access.act
        if access.standing is not None:
            if access.personal is None:
                answer |= _describe_sign_in(access.standing, access.client)
            if "profile" in access.scopes:
                answer["username"] = access.standing.user.username
            answer |= claims(access.scopes, access.standing.user, extras)
            asserted = access.client.access_token_role_assertion
            answer |= role_claims(access.scopes, extras, asserted=asserted)
            answer |= organization_claims(access.standing.grant.scopes, extras)
        return answer

    def _describe_refresh(self, found: FoundRefresh, client: Client, ring: KeyRing) -> Answer:
        family, grant = found.family.family, found.family.standing.grant
        return {
            "active": True,
            "iss": self.issuer,
            "sub": subject_of(client, grant.user_id, ring),
            "client_id": family.client_id,
            "scope": " ".join(grant.scopes),
            "iat": family.rotated_at,
            "exp": min(family.idle_expires_at, family.expires_at),
        }


def _describe_sign_in(standing: Standing, client: Client) -> Answer:
    """Return when and how somebody signed in (RFC 9470, 6.2)."""
    grant = standing.grant
    return {
        "auth_time": grant.auth_time - client.clock_skew,
        "acr": grant.acr,
        "amr": grant.amr,
    }
