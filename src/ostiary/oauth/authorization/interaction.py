"""Can a request be answered now, and for whom, or does the person have to act first?

OpenID Connect Core 3.1.2.1 to 3.1.2.6. The decision is pure, and made anew on each
visit: every page of an interaction leads back here, and here says what is still missing.
A prompt counts as satisfied only by what happened within the interaction, and what
satisfied it once does so until the end: no request asks for the same thing for ever.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from ostiary.model.client import Client
from ostiary.model.grant import Consent, Interaction
from ostiary.model.policy import Policies
from ostiary.oauth.authorization.authentication import Authentication, authentication_of
from ostiary.oauth.authorization.request import AuthorizationRequest
from ostiary.oauth.authorization.strength import FRESH, Lack, lack_of, told
from ostiary.oauth.claims import claims_of_scopes
from ostiary.oauth.errors import (
    AccessDenied,
    AccountSelectionRequired,
    ConsentRequired,
    InteractionRequired,
    LoginRequired,
    OAuthError,
    UnmetAuthenticationRequirements,
)
from ostiary.oauth.reader import SignedIn

SECTION = "OpenID Connect Core 3.1.2.6"
DENIED = "denied"


class Reason(StrEnum):
    """What the person has to do; also the mark in `Interaction.done` once it is done."""

    LOGIN = "login"
    SECOND_FACTOR = "second_factor"
    ENROL = "enrol"
    SELECT_ACCOUNT = "select_account"
    SELECT_ORGANIZATION = "select_organization"
    CONSENT = "consent"
    CREATE = "create"


class Respond(msgspec.Struct, frozen=True):
    """Answer now, for the user of this session."""

    signed_in: SignedIn
    authentication: Authentication
    # The organization that the user acts for, where they chose one or the request names it.
    organization_id: str | None = None


class Interact(msgspec.Struct, frozen=True):
    """Show a page first. `why` is a short stable name, for the log."""

    reason: Reason
    why: str
    # The session that the page is for, where that is settled already.
    session_id: str | None = None


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the decision rests on."""

    client: Client
    # Sessions of the browser that answer for their user now, last used first.
    signed_in: tuple[SignedIn, ...] = ()
    # How the client knows these users, by user id, where that is something else and matters.
    subjects: Mapping[str, str] = {}
    # By user id.
    consents: Mapping[str, Consent] = {}
    # That these users sign in under, by user id.
    policies: Mapping[str, Policies] = {}
    # Ids of the active organizations that these users belong to, their own first, by user id;
    # empty where it does not matter.
    organizations: Mapping[str, tuple[str, ...]] = {}
    # None on the first visit.
    interaction: Interaction | None = None

    def policies_of(self, signed_in: SignedIn) -> Policies:
        """Return the policies that somebody signs in under."""
        return self.policies.get(signed_in.user.id) or Policies()

    def organizations_of(self, signed_in: SignedIn) -> tuple[str, ...]:
        """Return the ids of the organizations that somebody can act for, their own first."""
        return self.organizations.get(signed_in.user.id, ())

    def wants(self, reason: str) -> bool:
        """Tell whether the person asked for something besides, within this interaction."""
        return self.interaction is not None and reason in self.interaction.wanted

    def done(self, reason: str) -> bool:
        """Tell whether a page of this interaction was completed."""
        return self.interaction is not None and reason in self.interaction.done


_UNASKABLE: dict[Reason, tuple[type[OAuthError], str]] = {
    Reason.LOGIN: (LoginRequired, "The person has to sign in"),
    Reason.SECOND_FACTOR: (LoginRequired, "The person has to prove a further factor"),
    Reason.ENROL: (InteractionRequired, "The person has to set up a second factor"),
    Reason.SELECT_ACCOUNT: (AccountSelectionRequired, "The person has to choose an account"),
    Reason.SELECT_ORGANIZATION: (
        InteractionRequired,
        "The person has to choose an organization, unless a scope of the request names it",
    ),
    Reason.CONSENT: (ConsentRequired, "The person has to agree"),
}


def decide(request: AuthorizationRequest, facts: Facts, now: int) -> Respond | Interact:
    """Decide whether the request can be answered.

    Raises:
        LoginRequired: `prompt=none` without a fitting session, or the person signed in as
            somebody else than the request insists on.
        UnmetAuthenticationRequirements: the essential claim `acr` asks for what the person
            cannot do.
        AccountSelectionRequired: `prompt=none` with several sessions to choose from.
        ConsentRequired: `prompt=none` without consent.
        AccessDenied: the person said no.
    """
    if facts.done(DENIED):
        raise AccessDenied("The person refused the request.", rule="denied", section=SECTION)
    if Reason.CREATE in request.prompts and not facts.done(Reason.LOGIN):
        # Whoever signs in after all has an account already (Initiating User Registration, 4).
        return Interact(Reason.CREATE, "prompt-create")
    outcome = settle(request, facts, now)
    if isinstance(outcome, Respond):
        outcome = _choose_organization(request, facts, outcome)
    if isinstance(outcome, Respond):
        why = _why_consent(request, facts, outcome.signed_in)
        if why is not None:
            outcome = Interact(Reason.CONSENT, why, outcome.signed_in.session.id)
    if isinstance(outcome, Interact) and "none" in request.prompts:
        refusal, what = _UNASKABLE[outcome.reason]
        raise refusal(
            f"{what}, which prompt=none does not allow; send the request without it.",
            rule=outcome.why,
            section=SECTION,
        )
    return outcome


def settle(request: AuthorizationRequest, facts: Facts, now: int) -> Respond | Interact:
    """Find the session to answer for; consent is not looked at.

    Raises:
        LoginRequired: the person signed in as somebody else than the request insists on.
    """
    wanted, chosen = request.subjects, _chosen(facts)
    if chosen is not None and not _belongs(request, facts, chosen):
        # Somebody signed in with an account of elsewhere: there may be another one.
        chosen = None
    if chosen is not None:
        if not _is_subject(request, facts, chosen):
            raise LoginRequired(
                "The person signed in as somebody else than id_token_hint or claims name.",
                rule="subject-differs",
                section="OpenID Connect Core 3.1.2.2",
            )
        return _answer_for(chosen, request, facts, now)
    candidates = [
        signed_in
        for signed_in in facts.signed_in
        if _is_subject(request, facts, signed_in) and _belongs(request, facts, signed_in)
    ]
    if not candidates:
        return Interact(Reason.LOGIN, "not-signed-in" if wanted is None else "subject-absent")
    if Reason.SELECT_ACCOUNT in request.prompts and wanted is None:
        return Interact(Reason.SELECT_ACCOUNT, "prompt-select-account")
    if len(candidates) == 1:
        return _answer_for(candidates[0], request, facts, now)
    return _choose(candidates, request, facts, now)


def _choose(
    candidates: list[SignedIn], request: AuthorizationRequest, facts: Facts, now: int
) -> Respond | Interact:
    """Find the one of several people that the request can mean; otherwise they choose."""
    answers = [_try_for(candidate, request, facts, now) for candidate in candidates]
    if all(isinstance(answer, Interact) and answer.reason is Reason.LOGIN for answer in answers):
        return answers[0]  # whoever it is: there is nothing to choose first
    hinted = [signed_in for signed_in in candidates if _is_hinted(request, signed_in)]
    if len(hinted) == 1:
        return answers[candidates.index(hinted[0])]
    return Interact(Reason.SELECT_ACCOUNT, "several-sessions")


def _is_subject(request: AuthorizationRequest, facts: Facts, signed_in: SignedIn) -> bool:
    """Tell whether the client takes this person, whom it may know by another name."""
    user_id = signed_in.user.id
    return request.subjects is None or facts.subjects.get(user_id, user_id) in request.subjects


def _belongs(request: AuthorizationRequest, facts: Facts, signed_in: SignedIn) -> bool:
    wanted = request.organization
    return wanted is None or wanted in facts.organizations_of(signed_in)


def acting_organization(
    request: AuthorizationRequest, interaction: Interaction | None, session_id: str
) -> str | None:
    """Return the organization that somebody acts for, as far as that was said.

    Whether they belong to it is another question. What one person chose is not another one's
    choice.
    """
    if request.organization is not None:
        return request.organization
    if interaction is None or interaction.session_id != session_id:
        return None
    done = Reason.SELECT_ORGANIZATION in interaction.done
    return interaction.organization_id if done else None


def _choose_organization(
    request: AuthorizationRequest, facts: Facts, answer: Respond
) -> Respond | Interact:
    """Settle which organization somebody acts for, where that matters."""
    session_id = answer.signed_in.session.id
    acting = acting_organization(request, facts.interaction, session_id)
    if request.organization is None:
        if not facts.client.organization_assertion:
            return answer
        mine = facts.organizations_of(answer.signed_in)
        if acting not in mine:
            acting = mine[0] if len(mine) == 1 else None
    if acting is None:
        return Interact(Reason.SELECT_ORGANIZATION, "several-organizations", session_id)
    return msgspec.structs.replace(answer, organization_id=acting)


def _try_for(
    candidate: SignedIn, request: AuthorizationRequest, facts: Facts, now: int
) -> Respond | Interact:
    """Answer for one of several people; whoever cannot do enough may sign in as another one."""
    try:
        return _answer_for(candidate, request, facts, now)
    except UnmetAuthenticationRequirements:
        return Interact(Reason.LOGIN, Lack.UNREACHABLE)


def _answer_for(
    signed_in: SignedIn, request: AuthorizationRequest, facts: Facts, now: int
) -> Respond | Interact:
    authentication = authentication_of(signed_in.session)
    why = _why_login(request, facts, signed_in, authentication, now)
    if why is not None:
        return Interact(Reason.LOGIN, why)
    session = signed_in.session
    lack = lack_of(session, signed_in.user, facts.policies_of(signed_in), request)
    match lack:
        case Lack.UNREACHABLE:
            raise UnmetAuthenticationRequirements(
                "The person cannot be authenticated in the way that the essential acr claim "
                "demands: they have no factor for it.",
                rule=lack,
                section="OpenID Connect Core 5.5.1.1",
            )
        case Lack.ENROLMENT:
            return Interact(Reason.ENROL, lack, session.id)
        case Lack.SECOND_FACTOR | Lack.STEP_UP:
            return Interact(Reason.SECOND_FACTOR, lack, session.id)
    if _wants_to_enrol(request, facts):
        return Interact(Reason.ENROL, "prompt-enrol", session.id)
    acr = told(authentication, request)
    return Respond(signed_in, msgspec.structs.replace(authentication, acr=acr))


def _wants_to_enrol(request: AuthorizationRequest, facts: Facts) -> bool:
    """Tell whether somebody asked to set up a factor, and it was not done or declined yet."""
    asked = Reason.ENROL in request.prompts or facts.wants(Reason.ENROL)
    return asked and not facts.done(Reason.ENROL)


def _chosen(facts: Facts) -> SignedIn | None:
    """Return the session that the person signed in with, or chose, within the interaction."""
    if facts.interaction is None or facts.interaction.session_id is None:
        return None
    for signed_in in facts.signed_in:
        if signed_in.session.id == facts.interaction.session_id:
            return signed_in
    return None


def _is_hinted(request: AuthorizationRequest, signed_in: SignedIn) -> bool:
    hint, user = (request.login_hint or "").casefold(), signed_in.user
    return hint in {user.username.casefold(), (user.email or user.username).casefold()}


def _why_login(
    request: AuthorizationRequest,
    facts: Facts,
    picked: SignedIn,
    authentication: Authentication,
    now: int,
) -> str | None:
    interaction = facts.interaction
    if (
        interaction is not None
        and facts.done(Reason.LOGIN)
        and interaction.session_id == picked.session.id
        and authentication.auth_time >= interaction.created_at
    ):
        return None  # just authenticated, whatever was asked for
    if Reason.LOGIN in request.prompts:
        return "prompt-login"
    if _wants_to_enrol(request, facts) and now - authentication.auth_time > FRESH:
        return "enrol-stale"
    if request.max_age is None:
        return None
    # max_age=0 means prompt=login, also within the second of a sign-in.
    if request.max_age == 0 or now - authentication.auth_time > request.max_age:
        return "max-age"
    return None


def _why_consent(request: AuthorizationRequest, facts: Facts, signed_in: SignedIn) -> str | None:
    prompted = Reason.CONSENT in request.prompts
    if not prompted and not facts.client.require_consent:
        return None
    consent = facts.consents.get(signed_in.user.id)
    if consent is None:
        return "consent-never"
    if consent.revoked_at is not None:
        return "consent-revoked"
    if not _covers(consent, request):
        return "consent-wider"
    return "prompt-consent" if prompted and not _is_fresh(consent, facts) else None


def _is_fresh(consent: Consent, facts: Facts) -> bool:
    """Tell whether the person agreed within the interaction."""
    return (
        facts.interaction is not None
        and facts.done(Reason.CONSENT)
        and consent.granted_at >= facts.interaction.created_at
    )


def _covers(consent: Consent, request: AuthorizationRequest) -> bool:
    """Tell whether what was allowed once includes what is asked for now."""
    claims = {*consent.claims, *claims_of_scopes(consent.scopes)}
    return set(request.scopes) <= set(consent.scopes) and set(request.single_claims) <= claims
