"""Signing in with a passkey: alone, as a second factor, or to prove more than before.

The user is always verified, so that a passkey is a whole sign-in by itself. Nobody is locked
out of it: there is nothing to guess. A challenge is good for five minutes, in one browser and
flow, for one purpose, and once.
"""

import hashlib
from contextlib import suppress
from urllib.parse import urlsplit

import msgspec

from ostiary.clock import Clock, Entropy
from ostiary.identity import passkeys
from ostiary.identity.factors import passkey_id, user_handle
from ostiary.identity.passkeys import BadCeremony, Registered, RelyingParty, Returned
from ostiary.jose import base64url
from ostiary.login import mac
from ostiary.login.errors import WrongPasskey
from ostiary.login.factors.password import Verified, Visitor
from ostiary.login.flow import Flow
from ostiary.login.mac import MacKeys
from ostiary.login.store import LoginStore
from ostiary.model.event import Event, Result
from ostiary.model.factor import PASSKEYS, Factor, FactorKind, Passkey
from ostiary.model.session import Proof, ProofKind
from ostiary.model.user import User
from ostiary.oauth.authorization.strength import allowed
from ostiary.oauth.effects import Conflict, Count, Emit, Remember, Update
from ostiary.oauth.handle import random_text
from ostiary.oauth.membership import belongs
from ostiary.oauth.reader import SignedIn
from ostiary.oauth.usable import user_refusal

SIGN_IN, ENROL = "sign in", "enrol"
CHALLENGE_LIFETIME = 300
_LABEL = "passkey challenge"
_NONCE_LENGTH = 22  # 62**22 > 2**128
_MAX_CHALLENGE = 200
# Failures that are noted for one browser, an hour.
_NOTED_FAILURES = 20


def relying_party(issuer: str) -> RelyingParty:
    """Return whom passkeys are for: the issuer's host."""
    parts = urlsplit(issuer)
    return RelyingParty(id=parts.hostname or "", origin=f"{parts.scheme}://{parts.netloc}")


def make_challenge(keys: MacKeys, flow: Flow, purpose: str, entropy: Entropy) -> bytes:
    """Make a challenge for one purpose in one flow of one browser; nothing is stored."""
    at, nonce = str(flow.now), random_text(entropy)[:_NONCE_LENGTH]
    vouched = mac.make(keys, _LABEL, *_bound_to(flow, purpose), at, nonce)
    return f"{at}.{nonce}.{vouched}".encode()


def check_challenge(keys: MacKeys, challenge: bytes, flow: Flow, purpose: str) -> Remember:
    """Return the effect that uses a challenge up.

    Raises:
        BadCeremony: it is not ours, for something else, or too old.
    """
    if len(challenge) > _MAX_CHALLENGE or not challenge.isascii():
        raise BadCeremony("challenge")
    at, _, rest = challenge.decode("ascii").partition(".")
    nonce, _, vouched = rest.partition(".")
    if not mac.verify(keys, vouched, _LABEL, *_bound_to(flow, purpose), at, nonce):
        raise BadCeremony("challenge")
    until = int(at) + CHALLENGE_LIFETIME
    if until <= flow.now:
        raise BadCeremony("challenge_expired")
    return Remember(_LABEL, hashlib.sha256(challenge).digest(), until)


def _bound_to(flow: Flow, purpose: str) -> tuple[str, str, str]:
    return flow.browser.id, flow.interaction.digest.hex(), purpose


def request_options(
    party: RelyingParty, challenge: bytes, allow: tuple[Factor, ...] = ()
) -> dict[str, object]:
    """Return what the browser is asked, for any passkey or for some (WebAuthn 5.5)."""
    return {
        "challenge": base64url.encode(challenge),
        "rpId": party.id,
        "timeout": CHALLENGE_LIFETIME * 1000,
        "userVerification": "required",
        "allowCredentials": _describe(allow),
    }


def creation_options(
    party: RelyingParty, challenge: bytes, user: User, name: str, present: tuple[Factor, ...]
) -> dict[str, object]:
    """Return what the browser is asked to make: a discoverable credential (WebAuthn 5.4)."""
    return {
        "challenge": base64url.encode(challenge),
        "rp": {"id": party.id, "name": urlsplit(party.origin).netloc},
        "user": {
            "id": base64url.encode(user_handle(user.id)),
            "name": user.email or user.username,
            "displayName": name,
        },
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in passkeys.ALGS],
        "timeout": CHALLENGE_LIFETIME * 1000,
        "attestation": "none",
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "excludeCredentials": _describe(present),
    }


def _describe(factors: tuple[Factor, ...]) -> list[dict[str, object]]:
    return [
        {
            "type": "public-key",
            "id": base64url.encode(factor.credential.credential_id),
            "transports": list(factor.credential.transports),
        }
        for factor in factors
        if isinstance(factor.credential, Passkey)
    ]


class PasskeyFactor(msgspec.Struct, frozen=True):
    """Checks passkeys against the store."""

    store: LoginStore
    clock: Clock
    party: RelyingParty

    async def check(self, flow: Flow, text: str, visitor: Visitor, keys: MacKeys) -> Verified:
        """Check what the browser returned of a passkey, whoever's it is.

        Raises:
            WrongPasskey: it is not good, or the person may not sign in.
            Unavailable: the store cannot answer now.
        """
        factor = None
        try:
            returned = passkeys.read_returned(text)
            challenge = passkeys.read_challenge(returned, self.party, create=False)
            used = check_challenge(keys, challenge, flow, SIGN_IN)
            factor = await self._find(returned)
            user = await self._require_user(factor, visitor)
            return self._verify(returned, factor, user, used, flow.now)
        except BadCeremony as refusal:
            user_id = None if factor is None else factor.user_id
            await self._tell(visitor, flow, refusal.reason, user_id)
            raise WrongPasskey from None

    def _verify(
        self, returned: Returned, factor: Factor, user: User, used: Remember, now: int
    ) -> Verified:
        credential = factor.credential
        assert isinstance(credential, Passkey)  # noqa: S101 - found as such
        asserted = passkeys.verify_assertion(
            returned,
            self.party,
            credential.public_key,
            backup_eligible=credential.backup_eligible,
        )
        if not passkeys.is_count_plausible(credential.sign_count, asserted.sign_count):
            raise BadCeremony("sign_count")
        seen = msgspec.structs.replace(
            credential, sign_count=asserted.sign_count, backed_up=asserted.backed_up
        )
        bound = factor.kind is FactorKind.BOUND_PASSKEY
        return Verified(
            user=user,
            proof=Proof(kind=ProofKind.PASSKEY, at=now, credential_id=factor.id, bound=bound),
            effects=(used, Update(factor, {"credential": seen, "last_used_at": now})),
        )

    async def _find(self, returned: Returned) -> Factor:
        factor = await self.store.factor(passkey_id(returned.credential_id))
        if factor is None or factor.kind not in PASSKEYS:
            raise BadCeremony("unknown")
        # Discoverable credentials always name whose they are (WebAuthn 7.2, step 6).
        handle = returned.user_handle
        if handle is not None and handle != user_handle(factor.user_id):
            raise BadCeremony("user_handle")
        return factor

    async def _require_user(self, factor: Factor, visitor: Visitor) -> User:
        user = await self.store.user(factor.user_id)
        if user is None:
            raise BadCeremony("unknown")
        policies = await self.store.policies(user.organization_id)
        if not allowed(factor.kind, policies):
            raise BadCeremony("not_allowed")
        if visitor.only is not None and not await belongs(user, visitor.only, self.store):
            raise BadCeremony("other_organization")
        refusal = user_refusal(user, await self.store.organization(user.organization_id))
        if refusal is not None:
            raise BadCeremony(refusal)
        return user

    async def _tell(self, visitor: Visitor, flow: Flow, reason: str, user_id: str | None) -> None:
        event = Event(
            type="auth.login.failure",
            at=flow.now,
            result=Result.FAILURE,
            reason=reason,
            actor_type="user",
            actor_id=user_id,
            user_id=user_id,
            client_id=visitor.client_id,
            organization_id=visitor.organization_id,
            ip=visitor.source.ip,
            user_agent=visitor.source.user_agent,
            trace_id=visitor.source.trace_id,
            details={"method": ProofKind.PASSKEY.value},
        )
        counted = Count(
            f"passkey-failure:{flow.browser.id}", limit=_NOTED_FAILURES, window=3600, at=flow.now
        )
        # Enough were noted: nobody can fill the audit trail by this.
        with suppress(Conflict):
            await self.store.apply((counted, Emit(event)))


def register(
    flow: Flow, signed: SignedIn, text: str, party: RelyingParty, keys: MacKeys
) -> tuple[Registered, Remember]:
    """Check the passkey that the browser made for somebody who is signed in.

    Raises:
        WrongPasskey: what it returned is not good.
    """
    try:
        returned = passkeys.read_returned(text)
        challenge = passkeys.read_challenge(returned, party, create=True)
        used = check_challenge(keys, challenge, flow, f"{ENROL} {signed.user.id}")
        return passkeys.verify_registration(returned, party), used
    except BadCeremony:
        raise WrongPasskey from None
