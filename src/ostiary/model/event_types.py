"""The catalogue of event types: what each of them tells.

Types are never renamed or removed: the trail keeps events of all versions. Whatever is not
in `PUBLIC_DETAILS` may be about a person, and leaves the instance only where an
administrator asked for that.
"""

from types import MappingProxyType

PUBLIC_DETAILS = frozenset(
    {
        *("act", "alg", "attempt", "changed", "error", "factor", "grant_type", "kind"),
        *("known_device", "method", "pushed_request", "role", "scopes"),
    }
)
"""The members of `details` that say nothing about a person beyond their id."""

EVENT_TYPES = MappingProxyType(
    {
        # What was issued.
        "code.issued": "An authorization code was issued to an application for a person.",
        "code.redeemed": "An authorization code was exchanged.",
        "code.replayed": "A used authorization code came again; its grant was revoked.",
        "code.client_mismatch": "A client presented an authorization code of another one.",
        "token.issued": "Tokens were issued; `reason` is the grant type.",
        "token.refreshed": "A refresh token was exchanged.",
        "token.revoked": "A client revoked one of its access tokens.",
        "token.reuse_detected": "An old refresh token came again; its grant was revoked.",
        "grant.revoked": "A grant was ended with all its tokens.",
        "request.pushed": "An application pushed an authorization request.",
        "device.requested": "A device asked to be approved.",
        "device.approved": "A person approved a device.",
        "device.denied": "A person refused a device.",
        "device.code_unknown": "A code of a device was typed that does not exist.",
        "device.bruteforce": "Too many wrong codes of devices were typed.",
        "device.trusted": "A browser was trusted to be asked for fewer factors.",
        "device.revoked": "Trust in a browser ended.",
        # What was refused.
        "authz.request.rejected": "An authorization request was refused.",
        "redirect_uri.mismatch": "An authorization request named a foreign redirect URI.",
        "ratelimit.tripped": "There were too many requests of a kind.",
        "client_auth.failed": "An application did not prove who it is.",
        "csrf.blocked": "A form came from elsewhere, and was refused.",
        # Signing in and out.
        "auth.login.success": "A person proved who they are.",
        "auth.login.failure": "A sign-in failed; `reason` tells why.",
        "auth.locked": "Sign-ins of a person from unknown devices are refused for a while.",
        "auth.logout": "A person signed out.",
        "auth.factor.success": "A further factor was verified.",
        "auth.factor.failure": "A further factor was wrong.",
        "session.created": "A session began.",
        "session.revoked": "A session was ended.",
        "consent.granted": "A person allowed an application what it asked for.",
        "consent.denied": "A person refused an application what it asked for.",
        "consent.revoked": "What an application was allowed was taken back.",
        "backchannel_logout.delivered": "An application was told that a session is over.",
        "backchannel_logout.failed": "An application could not be told that a session is over.",
        # People.
        "account.created": "A user was made.",
        "account.updated": "A user was changed.",
        "account.deleted": "A user was deleted.",
        "account.disabled": "A user was deactivated.",
        "account.enabled": "A user was activated.",
        "account.locked": "A user was locked.",
        "account.unlocked": "A user was unlocked.",
        "account.exported": "The data of a user were exported.",
        "account.imported": "A user was imported.",
        "password.changed": "A password was set.",
        "password.removed": "A password was removed.",
        "password.rehashed": "A password was hashed anew, by today's rules.",
        "password.reset.requested": "A link to set a new password was asked for.",
        "password.reset.completed": "A new password was set by a link.",
        "email.verification.requested": "An administrator had a link mailed that proves an "
        "address.",
        "email.change.requested": "A person asked to change their e-mail address.",
        "email.change.undone": "A change of an e-mail address was undone.",
        "email.changed": "An e-mail address was changed.",
        "email.verified": "An e-mail address was verified.",
        "registration.requested": "A person asked to register.",
        "invite.created": "A person was invited.",
        "invite.resent": "An invitation was sent again.",
        "invite.revoked": "An invitation was taken back.",
        "invite.accepted": "A person accepted an invitation.",
        "factor.added": "A person added a factor to sign in with.",
        "factor.removed": "A factor of a person was removed.",
        "factor.code_sent": "A code to sign in with was sent.",
        "factors.reset": "All factors of a person were removed.",
        "recovery_codes.created": "A person was given new recovery codes.",
        "personal_token.created": "A personal access token was made.",
        "personal_token.revoked": "A personal access token was ended.",
        "mail.delivered": "A mail was handed over.",
        "mail.failed": "A mail could not be handed over.",
        "mail.dropped": "A mail was not sent: nobody wants it any more.",
        "mail.given_up": "A mail was given up.",
        # Organizations and what is in them.
        "organization.created": "An organization was made.",
        "organization.updated": "An organization was changed.",
        "organization.deleted": "An organization was deleted.",
        "organization.domain.added": "A domain was added to an organization.",
        "organization.domain.verified": "A domain of an organization was verified.",
        "organization.domain.removed": "A domain was removed from an organization.",
        "membership.added": "A user became a member of an organization.",
        "membership.removed": "A user is no longer a member of an organization.",
        "group.created": "A group was made.",
        "group.updated": "A group was changed.",
        "group.deleted": "A group was deleted.",
        "group.member_added": "A user was put into a group.",
        "group.member_removed": "A user was taken out of a group.",
        "project.created": "A project was made.",
        "project.updated": "A project was changed.",
        "project.deleted": "A project was deleted.",
        "project_grant.created": "A project was shared with an organization.",
        "project_grant.changed": "What is shared of a project was changed.",
        "project_grant.revoked": "A project is no longer shared with an organization.",
        "role.created": "A role was added to a project.",
        "role.updated": "A role was renamed.",
        "role.deleted": "A role was deleted.",
        "role.granted": "A user or service account was given roles.",
        "role.changed": "The roles of a user or service account were changed.",
        "role.revoked": "Roles were taken from a user or service account.",
        "administrator.granted": "Somebody was made an administrator.",
        "administrator.revoked": "Somebody is no longer an administrator.",
        "api.created": "An API was made.",
        "api.updated": "An API was changed.",
        "api.deleted": "An API was deleted.",
        # Applications and service accounts.
        "client.created": "An application was made.",
        "client.updated": "An application was changed.",
        "client.deleted": "An application was deleted.",
        "client.registered": "An application registered itself.",
        "client.expired": "An application that registered itself was never used, and left.",
        "service_account.created": "A service account was made.",
        "service_account.updated": "A service account was changed.",
        "service_account.deleted": "A service account was deleted.",
        "service_account.key_added": "A key was added to a service account.",
        "service_account.key_removed": "A key of a service account was removed.",
        "secret.rotated": "A client was given a new secret.",
        "secret.revoked": "A secret of a client was ended.",
        "registration_token.created": "An initial access token was made.",
        "registration_token.deleted": "An initial access token was ended.",
        "lint.mended": "An application was changed as lint proposed; `target` is the rule.",
        "lint.undone": "Such a change was undone; `target` is the rule.",
        "lint.silenced": "A finding about an application was accepted; `target` is the rule.",
        "lint.unsilenced": "A finding that was accepted is told of again; `target` is the rule.",
        "client.recorded": "All exchanges of an application are traced for a while.",
        "client.unrecorded": "Such a recording was ended before its time.",
        # The instance.
        "instance.updated": "The configuration of the instance was changed.",
        "policy.changed": "Policies were changed.",
        "branding.changed": "The look of pages was changed.",
        "key.generated": "A signing key was made.",
        "key.published": "A signing key was published.",
        "key.activated": "A signing key began to sign.",
        "key.retired": "A signing key stopped signing.",
        "key.revoked": "A signing key was revoked.",
        "console.link_created": "A one-time link to the console was made, in development mode.",
        "setup.link_created": "A link for the first administrator was made.",
        "setup.completed": "The first administrator was made.",
        # Telling others of events.
        "webhook.created": "A webhook was made.",
        "webhook.updated": "A webhook was changed.",
        "webhook.deleted": "A webhook was deleted.",
        "webhook.secret_rotated": "A webhook was given a new secret.",
        "webhook.replayed": "A webhook was sent back to earlier events.",
        "webhook.disabled": "A webhook failed for days, or is gone, and was switched off.",
    }
)


class UnknownType(ValueError):
    """There is no such event type, and none that begins so. The text says what was given."""


def expand(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the types that patterns name, in the order of the catalogue.

    A pattern is a type, a beginning such as `auth` or `auth.*`, or `*` for all.

    Raises:
        UnknownType: a pattern names no type.
    """
    found: set[str] = set()
    for pattern in patterns:
        prefix = pattern.removesuffix("*").removesuffix(".")
        named = {
            name
            for name in EVENT_TYPES
            if pattern == "*" or name == prefix or name.startswith(f"{prefix}.")
        }
        if not named:
            raise UnknownType(pattern)
        found |= named
    return tuple(name for name in EVENT_TYPES if name in found)
