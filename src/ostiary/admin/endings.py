"""What ends with a person: grants, consents, tokens, mail, roles, groups and memberships.

The state of a user shuts everything at once: every use of a session, grant or token reads
it. What is here ends each by itself besides; in small transactions, one after the other.
"""

from contextlib import suppress
from functools import partial

from ostiary.admin import groups, role_assignments
from ostiary.admin.store import PAGE, Admin
from ostiary.identity.listing import read_all, read_pages
from ostiary.identity.users import canonical_name
from ostiary.model.grant import Consent
from ostiary.model.mail import MAIL
from ostiary.model.membership import Membership
from ostiary.model.personal_token import PersonalToken
from ostiary.model.ticket import Purpose, Ticket
from ostiary.model.user import User
from ostiary.oauth.effects import Conflict, Delete, Effects, RevokeGrant, Update


async def forget_sessions(admin: Admin, user_id: str) -> None:
    """Forget from where and by what a user signed in, also before."""
    async for page in read_pages(partial(admin.store.list_sessions_of_user, user_id)):
        for session in page:
            if session.ip or session.user_agent:
                # One that is used at this moment leaves by expiry.
                with suppress(Conflict):
                    await admin.store.apply((Update(session, {"ip": "", "user_agent": ""}),))


async def end_access(admin: Admin, user: User, reason: str) -> None:
    """End what a user granted to applications, what they remember, and their own tokens."""
    async for grants in read_pages(partial(admin.store.list_grants_of_user, user.id)):
        now = admin.clock.now()
        ends = tuple(RevokeGrant(one.id, reason, now) for one in grants if one.revoked_at is None)
        await admin.store.apply(ends)
    given = partial(admin.store.list_consents_of_user, user.id)
    async for consents in read_pages(given, "client_id"):
        await admin.store.apply(
            tuple(Delete(Consent, (one.user_id, one.client_id)) for one in consents)
        )
    await end_personal_tokens(admin, user.id)


async def end_personal_tokens(admin: Admin, user_id: str) -> None:
    """Take back all personal tokens of a user or service account."""
    async for tokens in read_pages(partial(admin.store.list_personal_tokens, user_id)):
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
        mailed = await read_all(partial(admin.store.list_tickets_of_user, user_id, purpose))
        found += [Delete(Ticket, one.digest) for one in mailed]
    return tuple(found)


async def leave_everything(admin: Admin, user_id: str) -> Effects:
    """Return the effects that take roles, groups and memberships from a user."""
    memberships = await read_all(partial(admin.store.list_memberships, user_id), "organization_id")
    return (
        *await role_assignments.take_all(admin, user_id),
        *await groups.leave_all(admin, user_id),
        *(Delete(Membership, (one.organization_id, user_id)) for one in memberships),
    )
