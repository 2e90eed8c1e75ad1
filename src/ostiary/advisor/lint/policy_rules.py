"""Rules about policies: opinions on what an instance or an organization decides."""

from collections.abc import Callable, Iterable
from typing import Any

from ostiary.advisor.lint.finding import Found, LintRule
from ostiary.advisor.references import Severity
from ostiary.advisor.rule import MINUTE
from ostiary.model.policy import JoiningMode, MfaRequired, Policies, RegistrationMode

# Of one factor alone (NIST SP 800-63B-4, 3.1.1.2).
_LENGTH = 15
_CODE = 120


def _when(
    holds: Callable[[Policies], bool], policy: str, **change: Any
) -> Callable[[Policies], Iterable[Found]]:
    """Make what finds one thing, with the change that ends it; without a change none does."""
    mend = {policy: change} if change else None

    def find(policies: Policies) -> Iterable[Found]:
        return (Found(mend=mend),) if holds(policies) else ()

    return find


def _switch(name: str) -> Callable[[Policies], Iterable[Found]]:
    def find(policies: Policies) -> Iterable[Found]:
        return (Found(mend={name: False}),) if getattr(policies, name) else ()

    return find


_NOTE, _CAUTION, _DANGER = Severity

RULES: tuple[LintRule[Policies], ...] = (
    LintRule(
        id="policy-unsigned-id-tokens",
        severity=_DANGER,
        member="client_registration",
        references=("OpenID Connect Core 3.1.3.7", "RFC 8725, 3.2"),
        find=_when(
            lambda one: one.client_registration.allow_unsigned_id_token,
            "client_registration",
            allow_unsigned_id_token=False,
        ),
    ),
    LintRule(
        id="policy-joining-unverified",
        severity=_DANGER,
        member="user_registration",
        references=("OpenID Connect Core 5.7",),
        find=_when(
            lambda one: (
                one.user_registration.mode is JoiningMode.OPEN
                and not one.user_registration.verify_email
            ),
            "user_registration",
            verify_email=True,
        ),
    ),
    LintRule(
        id="policy-registration-open",
        severity=_CAUTION,
        member="client_registration",
        references=("RFC 7591, 5",),
        find=_when(
            lambda one: one.client_registration.mode is RegistrationMode.OPEN,
            "client_registration",
            mode=RegistrationMode.TOKEN.value,
        ),
    ),
    LintRule(
        id="policy-registration-legacy",
        severity=_CAUTION,
        member="client_registration",
        references=("RFC 9700, 2.1.2",),
        find=_when(
            lambda one: (
                one.client_registration.mode is not RegistrationMode.OFF
                and one.client_registration.legacy is not None
            ),
            "client_registration",
        ),
    ),
    LintRule(
        id="policy-registration-pkce",
        severity=_CAUTION,
        member="client_registration",
        references=("RFC 9700, 2.1.1",),
        find=_when(
            lambda one: (
                one.client_registration.mode is not RegistrationMode.OFF
                and not one.client_registration.require_pkce
            ),
            "client_registration",
            require_pkce=True,
        ),
    ),
    LintRule(
        id="policy-blocklist",
        severity=_CAUTION,
        member="password",
        references=("NIST SP 800-63B-4, 3.1.1.2",),
        find=_when(lambda one: not one.password.blocklist, "password", blocklist=True),
    ),
    LintRule(
        id="policy-password-short",
        severity=_CAUTION,
        member="password",
        references=("NIST SP 800-63B-4, 3.1.1.2",),
        find=_when(
            lambda one: (
                one.password.min_length < _LENGTH and one.mfa.required is not MfaRequired.ALWAYS
            ),
            "password",
            min_length=_LENGTH,
        ),
    ),
    LintRule(
        id="policy-mfa",
        severity=_NOTE,
        member="mfa",
        references=("NIST SP 800-63B-4, 2.2",),
        find=_when(
            lambda one: one.mfa.required is MfaRequired.NEVER,
            "mfa",
            required=MfaRequired.ADMINISTRATORS.value,
        ),
    ),
    LintRule(
        id="policy-access-token-long",
        severity=_CAUTION,
        member="token_lifetimes",
        references=("RFC 9700, 4.10",),
        find=_when(
            lambda one: one.token_lifetimes.access_token > 15 * MINUTE,
            "token_lifetimes",
            access_token=5 * MINUTE,
        ),
    ),
    LintRule(
        id="policy-code-long",
        severity=_NOTE,
        member="token_lifetimes",
        references=("RFC 6749, 4.1.2",),
        find=_when(lambda one: one.token_lifetimes.code > _CODE, "token_lifetimes", code=60),
    ),
    LintRule(
        id="policy-cross-site-sessions",
        severity=_NOTE,
        member="login",
        references=("RFC 10017",),
        find=_when(lambda one: one.login.cross_site_sessions, "login", cross_site_sessions=False),
    ),
    LintRule(
        id="policy-request-uris",
        severity=_NOTE,
        member="fetch_request_uris",
        references=("RFC 9101, 10.4.1",),
        find=_switch("fetch_request_uris"),
    ),
)
