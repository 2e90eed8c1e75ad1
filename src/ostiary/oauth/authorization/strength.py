"""How strongly a person has to be authenticated, and what they can still do about it.

Whoever has a second factor is asked for it after a password. Besides, a policy can demand
one, an application can wish for a class (`acr_values`) or insist on one (the claim `acr`,
OpenID Connect Core 5.5.1.1; RFC 9470, 5). Everything follows from the proofs of the session
and from what the person has, which their record lists.
"""

from enum import StrEnum

from ostiary.model.client import Client
from ostiary.model.factor import PASSKEYS, SECOND_FACTORS, FactorKind
from ostiary.model.policy import MfaRequired, Policies
from ostiary.model.session import ProofKind, Session
from ostiary.model.user import User
from ostiary.oauth.authorization.authentication import (
    ACR_1FA,
    ACR_2FA,
    LEVELS,
    PHR,
    PHRH,
    Authentication,
    authentication_of,
)
from ostiary.oauth.authorization.request import AuthorizationRequest
from ostiary.oauth.authorization.terms import counted, narrow
from ostiary.oauth.claims_request import requested_acr

FRESH = 300
"""Seconds after signing in in which a person may change what they sign in with."""


class Lack(StrEnum):
    """What a session lacks."""

    # The person has a second factor, and has not proven it.
    SECOND_FACTOR = "second-factor"
    # A policy demands one, and the person has none.
    ENROLMENT = "mfa-required"
    # The application asks for more, and the person can do more.
    STEP_UP = "step-up"
    # The application insists on more than the person can do.
    UNREACHABLE = "acr-unreachable"


def allowed(kind: FactorKind, policies: Policies) -> bool:
    """Tell whether the policy lets people use a kind of factor."""
    name = FactorKind.PASSKEY if kind in PASSKEYS else kind
    return name.value in policies.login.allowed_factors


def usable_factors(user: User, policies: Policies) -> tuple[FactorKind, ...]:
    """Return the kinds of factors that a person has and may use, recovery codes included."""
    return tuple(
        kind
        for kind in user.factors
        if allowed(kind, policies)
        and (kind is not FactorKind.EMAIL_CODE or (user.email and user.email_verified))
    )


def second_factors(user: User, policies: Policies) -> tuple[FactorKind, ...]:
    """Return the kinds that a person is asked for after a password."""
    return tuple(kind for kind in usable_factors(user, policies) if kind in SECOND_FACTORS)


def is_mfa_required(policies: Policies) -> bool:
    """Tell whether a policy demands a second factor of a person.

    The policy is as it holds for them (`terms.terms_of`); one that still tells administrators
    apart is taken for the stricter.
    """
    return policies.mfa.required is not MfaRequired.NEVER


def reachable(user: User, policies: Policies) -> tuple[str, ...]:
    """Return the classes that a person can be authenticated in, weakest first."""
    kinds = second_factors(user, policies)
    found = [ACR_1FA]
    if kinds:
        found.append(ACR_2FA)
    if any(kind in PASSKEYS for kind in kinds):
        found.append(PHR)
    if FactorKind.BOUND_PASSKEY in kinds:
        found.append(PHRH)
    return tuple(found)


def fitting_factors(
    user: User, policies: Policies, target: str = ACR_2FA
) -> tuple[FactorKind, ...]:
    """Return the kinds that bring a session with a password to a class, best first."""
    wanted = {
        PHR: set(PASSKEYS),
        PHRH: {FactorKind.BOUND_PASSKEY},
    }.get(target, set(FactorKind))
    kinds = usable_factors(user, policies)
    return tuple(kind for kind in FactorKind if kind in kinds and kind in wanted)


def is_second_factor_settled(session: Session) -> bool:
    """Tell whether the person of a session needs not be asked for a second factor (again)."""
    trusted = any(proof.kind is ProofKind.TRUSTED_DEVICE for proof in session.proofs)
    return trusted or authentication_of(session).reaches(ACR_2FA)


def lack_of(
    session: Session,
    user: User,
    policies: Policies,
    request: AuthorizationRequest,
    client: Client,
) -> Lack | None:
    """Return what a session lacks for a request, or None.

    An application can take fewer factors, and then others do not count; but no application
    makes it easier: whoever has a second factor is asked for it, by whatever it takes.
    """
    lack = _second_factor_lack(session, user, policies)
    if lack is not None:
        return lack
    session, policies = counted(session, client), narrow(policies, client)
    lack = _second_factor_lack(session, user, policies)
    if lack is not None and any(allowed(kind, policies) for kind in SECOND_FACTORS):
        return lack
    authentication = authentication_of(session)
    values, essential = requested_acr(request.claims)
    if essential:
        if any(map(authentication.reaches, values)):
            return None
        can = reachable(user, policies)
        return Lack.STEP_UP if set(values).intersection(can) else Lack.UNREACHABLE
    if "none" in request.prompts:
        return None  # a wish that cannot be asked for is not worth an error
    target = target_of(user, policies, request)
    return None if authentication.reaches(target) else Lack.STEP_UP


def _second_factor_lack(session: Session, user: User, policies: Policies) -> Lack | None:
    if is_second_factor_settled(session):
        return None
    if second_factors(user, policies):
        return Lack.SECOND_FACTOR
    return Lack.ENROLMENT if is_mfa_required(policies) and not session.grace else None


def target_of(user: User, policies: Policies, request: AuthorizationRequest) -> str:
    """Return the class that the person is to reach: the first wish that they can fulfil."""
    can = reachable(user, policies)
    values, essential = requested_acr(request.claims)
    wishes = values if essential else (*values, *request.acr_values)
    return next((wish for wish in wishes if wish in can), ACR_1FA)


def told(authentication: Authentication, request: AuthorizationRequest) -> str:
    """Return the class to tell the client: one that it insists on, where it does (Core 5.5.1.1)."""
    values, essential = requested_acr(request.claims)
    if not essential or authentication.acr in values:
        return authentication.acr
    met = [acr for acr in LEVELS if acr in values and authentication.reaches(acr)]
    return met[-1] if met else authentication.acr


def change_refusal(session: Session, user: User, policies: Policies, now: int) -> Lack | str | None:
    """Return why a session may not change what the person signs in with, or None.

    It has to be fresh, and as strong as the person can make it: nobody who found a browser
    open, or knows a password alone, gets themselves a factor (or rids the person of one).
    """
    authentication = authentication_of(session)
    if now - authentication.auth_time > FRESH:
        return "stale"
    if second_factors(user, policies) and not authentication.reaches(ACR_2FA):
        return Lack.SECOND_FACTOR
    return None
