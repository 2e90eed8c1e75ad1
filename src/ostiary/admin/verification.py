"""Links that prove an e-mail address, mailed on behalf of who has it."""

from ostiary.admin.errors import Invalid
from ostiary.admin.store import Admin
from ostiary.identity import notices, tickets
from ostiary.identity.tickets import CONFIRMATION
from ostiary.model.ticket import Purpose
from ostiary.model.user import User
from ostiary.oauth.effects import Effects, Insert


async def mail_link(admin: Admin, user: User) -> Effects:
    """Return the effects that mail a user a link, in place of one that was mailed before.

    Raises:
        Invalid: the user has no address, or it is verified.
        NoSigningKey: the instance has no keys yet; the server makes them.
    """
    if not user.email:
        raise Invalid.at("email", "is missing: there is nowhere to mail to")
    if user.email_verified:
        raise Invalid.at("email", "is verified already")
    now = admin.clock.now()
    request = tickets.Request(
        purpose=Purpose.EMAIL_VERIFICATION,
        user_id=user.id,
        organization_id=user.organization_id,
        email=user.email,
        since=user.credentials_changed_at,
        lifetime=CONFIRMATION,
    )
    ticket = tickets.issue(await admin.keys.ring(), request, now, admin.entropy)
    used = await tickets.use_up(admin.store, user.id, Purpose.EMAIL_VERIFICATION, now)
    return (*used, Insert(ticket), notices.send_ticket("email_verification", ticket, user, now))
