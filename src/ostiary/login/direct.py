"""Passwords that an application brings itself, by the password grant (RFC 6749, 4.3).

They are checked as those of the sign-in page, against the same counters. An application is
no device of the person's, so that its failures count with those of strangers.
"""

from contextlib import suppress

import msgspec

from ostiary.identity.hashing import Busy
from ostiary.identity.passwords import PasswordTooLong
from ostiary.login.errors import Throttled, WrongCredentials
from ostiary.login.factors.password import PasswordFactor, Visitor
from ostiary.oauth.authorization.strength import is_mfa_required, second_factors
from ostiary.oauth.effects import Conflict
from ostiary.oauth.errors import InvalidGrant, TemporarilyUnavailable
from ostiary.oauth.grants.password import Proven
from ostiary.oauth.issuance import TokenRequest
from ostiary.oauth.membership import policies_for

_SECTION = "RFC 6749, 4.3.2"


class DirectSignIn(msgspec.Struct, frozen=True):
    """Checks passwords for the password grant (`ostiary.oauth.grants.password.PasswordProof`).

    `exempt_loopback`: this machine's own address may fail as often as it likes.
    """

    factor: PasswordFactor
    exempt_loopback: bool = False

    async def prove(
        self, username: str, password: str, request: TokenRequest, only: str | None
    ) -> Proven:
        """Check a user name or e-mail address and a password.

        `only` is the organization whose people alone can sign in.

        Raises:
            InvalidGrant: they do not go together, the person may not sign in or needs a second
                factor, or there were too many failures.
            TemporarilyUnavailable: too many passwords are being checked at once.
            Unavailable: the store cannot answer now.
        """
        visitor = Visitor(
            source=request.source,
            device=None,
            client_id=request.client.client_id,
            organization_id=request.client.organization_id,
            only=only,
            exempt_loopback=self.exempt_loopback,
        )
        try:
            verified = await self.factor.check(username, password, visitor, request.ring)
        except (WrongCredentials, PasswordTooLong):
            raise _no_match() from None
        except Throttled as refusal:
            raise InvalidGrant(
                "There were too many failed attempts. Wait before the next one, or send the "
                "person through the code flow.",
                rule="password-throttled",
                section=_SECTION,
                expected=None if refusal.seconds is None else f"{refusal.seconds} seconds",
            ) from None
        except Busy:
            raise TemporarilyUnavailable(
                "Too many people sign in at once; send the request again in some seconds.",
                rule="password-busy",
            ) from None
        policies = await policies_for(verified.user, only, self.factor.store)
        if second_factors(verified.user, policies) or is_mfa_required(policies):
            # As for a wrong password, failures included: there is no way to prove more here, and
            # nothing is to be learnt about the password.
            raise _no_match()
        if verified.renewed_hash:
            # Whoever changed the account meanwhile comes first; the next time will do.
            with suppress(Conflict):
                await self.factor.store.apply(verified.renewed_hash)
        return Proven(user=verified.user, proof=verified.proof, effects=verified.effects)


def _no_match() -> InvalidGrant:
    return InvalidGrant(
        "User name and password do not go together, or this person cannot sign in in this way.",
        rule="password-wrong",
        section=_SECTION,
    )
