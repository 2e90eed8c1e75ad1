"""The one-time link to the console, which a development server prints at each start.

Who started the server is at its terminal: the link saves them the password. It is good for one
sign-in within fifteen minutes, and the next one takes its place.
"""

from ostiary.admin.actor import Actor, authorize_instance
from ostiary.admin.change import commit, tell
from ostiary.admin.setup import LIFETIME, Link
from ostiary.admin.store import Admin
from ostiary.identity import tickets
from ostiary.model.ticket import Purpose
from ostiary.model.user import User
from ostiary.oauth.effects import Effects, Insert


async def create_link(admin: Admin, actor: Actor, user: User) -> Link:
    """Make a link that signs a user in to the console.

    Raises:
        NotAllowed: the actor does not reach the whole instance, or may only read.
    """
    authorize_instance(actor)

    async def step() -> tuple[Link, Effects]:
        now = admin.clock.now()
        request = tickets.Request(
            purpose=Purpose.CONSOLE,
            user_id=user.id,
            organization_id=user.organization_id,
            email="",
            lifetime=LIFETIME,
            since=user.credentials_changed_at,
        )
        ticket, token = tickets.issue_shown(request, now, admin.entropy)
        told = tell(
            "console.link_created",
            actor,
            now,
            organization_id=user.organization_id,
            user_id=user.id,
        )
        used = await tickets.use_up(admin.store, user.id, Purpose.CONSOLE, now)
        return Link(token, ticket.expires_at), (*used, Insert(ticket), told)

    return await commit(admin, step)
