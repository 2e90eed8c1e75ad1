"""What ends with a person: grants, consents, tokens, mail, roles, groups and memberships.

The state of a user shuts everything at once: every use of a session, grant or token reads
it. What is here ends each by itself besides; in small transactions, one after the other.
"""

from contextlib import suppress

from ostiary.admin import groups
from ostiary.admin.store import PAGE, Admin
from ostiary.identity.users import canonical_name
from ostiary.model.grant import Consent
from ostiary.model.mail import MAIL
from ostiary.model.membership import Membership
from ostiary.model.organization import RoleAssignment
from ostiary.model.personal_token import PersonalToken
from ostiary.model.ticket import Purpose, Ticket
from ostiary.model.user import User
from ostiary.oauth.effects import Conflict, Delete, Effects, RevokeGrant, Update


async def forget_sessions(admin: Admin, user_id: str) -> None:
    """Forget from where and by what a user signed in, also before."""
    after = ""
    while page := await admin.store.list_sessions_of_user(user_id, after, PAGE):
        after = page[-1].id
        for session in page:
            if session.ip or session.user_agent:
                # One that is used at this moment leaves by expiry.
                with suppress(Conflict):
                    await admin.store.apply((Update(session, {"ip": "", "user_agent": ""}),))


async def end_access(admin: Admin, user: User, reason: str) -> None:
    """End what a user granted to applications, what they remember, and their own tokens."""
    after = ""
    while grants := await admin.store.list_grants_of_user(user.id, after, PAGE):
        after = grants[-1].id
        now = admin.clock.now()
        ends = tuple(RevokeGrant(one.id, reason, now) for one in grants if one.revoked_at is None)
        await admin.store.apply(ends)
    after = ""
    while consents := await admin.store.list_consents_of_user(user.id, after, PAGE):
        after = consents[-1].client_id
        await admin.store.apply(
            tuple(Delete(Consent, (one.user_id, one.client_id)) for one in consents)
        )
    await end_personal_tokens(admin, user.id)


async def end_personal_tokens(admin: Admin, user_id: str) -> None:
    """Take back all personal tokens of a user or service account."""
    after = ""
    while tokens := await admin.store.list_personal_tokens(user_id, after, PAGE):
        after = tokens[-1].id
        await admin.store.apply(tuple(Delete(PersonalToken, one.digest) for one in tokens))


async def forget_mail(admin: Admin, user: User) -> None:
    """Forget mail to a user or about them that was not delivered, or given up."""
    addresses = {canonical_name(user.email)} if user.email else set()
    after = 0
    while page := await admin.store.list_messages(MAIL, after, PAGE, failed=False):
        after = page[-1].id
        for waiting in page:
            mail = waiting.payload
            theirs = canonical_name(str(mail.get("to") or "")) in addresses
            if theirs or mail.get("user_id") == user.id:
                await admin.store.delete_message(MAIL, waiting.id)


async def forget_tickets(admin: Admin, user_id: str) -> Effects:
    """Return the effects that delete what a user was mailed links and codes for."""
    found: list[Delete] = []
    for purpose in Purpose:
        after = ""
        while page := await admin.store.list_tickets_of_user(user_id, purpose, after, PAGE):
            found += [Delete(Ticket, one.digest) for one in page]
            after = page[-1].id
    return tuple(found)


async def leave_everything(admin: Admin, user_id: str) -> Effects:
    """Return the effects that take roles, groups and memberships from a user."""
    found: list[Delete] = []
    after = ""
    while roles := await admin.store.list_role_assignments(None, user_id, after, PAGE):
        found += [Delete(RoleAssignment, one.id) for one in roles]
        after = roles[-1].id
    found += await groups.leave_all(admin, user_id)
    after = ""
    while memberships := await admin.store.list_memberships(user_id, after, PAGE):
        found += [Delete(Membership, (one.organization_id, user_id)) for one in memberships]
        after = memberships[-1].organization_id
    return tuple(found)
