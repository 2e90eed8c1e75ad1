"""Tokens that come from the authorization endpoint itself (OpenID Connect Core 3.2 and 3.3).

They rest on the same grant as a code beside them, so that whatever ends one ends all. The
ID token vouches for what comes with it: `at_hash`, `c_hash`, and `s_hash` for the state.
"""

import msgspec

from ostiary.clock import Entropy
from ostiary.model.grant import Grant
from ostiary.oauth.authorization.approval import Approval, tell_request
from ostiary.oauth.effects import Effects, Emit
from ostiary.oauth.issuance import Issuance, TokenRequest
from ostiary.oauth.mint import make_access_token, make_id_token, tell_issuance
from ostiary.oauth.reader import Standing
from ostiary.oauth.scope import audience


class FrontChannel(msgspec.Struct, frozen=True, kw_only=True):
    """What tokens are made with here: the terms of the client, as at the token endpoint."""

    approval: Approval
    terms: TokenRequest

    def issue(self, grant: Grant) -> Issuance:
        """Return what the client is authorized to get."""
        request, terms = self.approval.request, self.terms
        signed_in = self.approval.decision.signed_in
        return Issuance(
            subject=grant.user_id,
            scopes=grant.scopes,
            audience=audience(terms.issuer, grant.scopes, grant.resources, terms.apis),
            standing=Standing(grant=grant, session=signed_in.session, user=signed_in.user),
            id_token=request.has("id_token"),
            nonce=request.nonce,
        )

    def add(
        self, issuance: Issuance, parameters: dict[str, str], entropy: Entropy
    ) -> tuple[dict[str, str], Effects]:
        """Return the response with its tokens, and the effects that keep them."""
        request, terms = self.approval.request, self.terms
        told = dict(parameters)
        hashed = {"c_hash": parameters["code"]} if "code" in parameters else {}
        jti: str | None = None
        effects: Effects = ()
        if request.has("token"):
            token, jti, lifetime, effects = make_access_token(terms, issuance, entropy)
            told |= {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": str(lifetime),
                "scope": " ".join(issuance.scopes),
            }
            hashed["at_hash"] = token
        if issuance.id_token and issuance.standing is not None:
            if request.state is not None and request.state.isascii():
                hashed["s_hash"] = request.state
            told["id_token"] = make_id_token(
                terms,
                issuance,
                issuance.standing,
                hashed,
                entropy,
                with_scopes=request.response_type == "id_token",
            )
        event = tell_issuance(terms, request.response_type, issuance, jti)
        event = msgspec.structs.replace(event, details=tell_request(request))
        return told, (*effects, Emit(event))
