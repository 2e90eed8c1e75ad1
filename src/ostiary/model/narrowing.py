"""How the policies of an organization work within those of the instance.

An organization may be stricter than the instance, and never laxer. What it decided is
joined with what the instance decides each time it is read: an instance that becomes
stricter later is obeyed at once, without anybody touching its organizations.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from ostiary.model.policy import Policies

# Joins what the instance and what an organization decided.
Join = Callable[[Any, Any], Any]


def _own(_instance: Any, own: Any) -> Any:
    """Take what the organization says: neither value is stricter than the other."""
    return own


def _both(instance: bool, own: bool) -> bool:
    return instance and own


def _either(instance: bool, own: bool) -> bool:
    return instance or own


def _least_positive(instance: int, own: int) -> int:
    """Take the lower limit, where 0 stands for none."""
    return min(instance, own) if instance and own else instance or own


def _common(instance: list[str], own: list[str]) -> list[str]:
    return [one for one in instance if one in own]


def _common_or_own(instance: list[str], own: list[str]) -> list[str]:
    """Take what both have, where an empty list stands for everything.

    Two lists with nothing in common leave those of the instance, rather than everything.
    """
    if not instance or not own:
        return instance or own
    return _common(instance, own) or instance


def _first_of(*strict_to_lax: str) -> Join:
    return lambda instance, own: min(instance, own, key=strict_to_lax.index)


# What an organization may decide, by policy and key, and how that is joined. Nothing else
# about the instance is an organization's to decide.
JOINS: dict[tuple[str, str], Join] = {
    ("login", "identifier_first"): _own,
    ("login", "remember_me"): _both,
    ("login", "cross_site_sessions"): _both,
    ("login", "allowed_factors"): _common,
    ("login", "passkey_offer"): _own,
    ("password", "min_length"): max,
    ("password", "min_length_with_mfa"): max,
    ("password", "max_length"): min,
    ("password", "blocklist"): _either,
    ("password", "history"): max,
    ("lockout", "free_attempts"): min,
    ("lockout", "soft_lock_after"): min,
    ("lockout", "soft_lock_seconds"): max,
    ("lockout", "hard_ceiling"): min,
    ("lockout", "failures_per_address_per_minute"): _least_positive,
    ("mfa", "required"): _first_of("always", "administrators", "never"),
    ("mfa", "trusted_device_days"): min,
    ("mfa", "grace_logins"): min,
    ("user_registration", "mode"): _first_of("off", "invitation", "open"),
    ("user_registration", "verify_email"): _either,
    ("user_registration", "allowed_domains"): _common_or_own,
    ("user_registration", "terms_uri"): _own,
}
NARROWED = frozenset(policy for policy, _ in JOINS)
"""Names of the policies that an organization may narrow."""


def narrow(instance: Policies, own: dict[str, dict[str, Any]]) -> Policies:
    """Return the policies in force for an organization.

    `own` is what it decided, by policy and key. What this version does not know was
    decided in a newer one, and is left out.
    """
    changed = {}
    for name, values in own.items():
        policy = getattr(instance, name, None)
        if name in NARROWED and policy is not None:
            present = msgspec.to_builtins(policy)
            joined = {
                key: JOINS[name, key](present[key], value)
                for key, value in values.items()
                if key in present and (name, key) in JOINS
            }
            changed[name] = msgspec.convert(present | joined, type(policy))
    return msgspec.structs.replace(instance, **changed)


def join_mfa(instance: Policies, own: Policies) -> Policies:
    """Return the policies of the first, with a second factor where the second demands one."""
    return narrow(instance, {"mfa": {"required": own.mfa.required}})


def join_lockouts(instance: Policies, own: Policies) -> Policies:
    """Return the policies of the first with the stricter lockout of both."""
    return narrow(instance, {"lockout": msgspec.to_builtins(own.lockout)})
