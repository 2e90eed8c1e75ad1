"""The first administrator: a one-time link, good for fifteen minutes, makes the account.

There is no default password anywhere. Who may run commands on the server makes the link;
whoever opens it chooses the password.
"""

import msgspec

from ostiary.admin import user_passwords, users
from ostiary.admin.actor import Actor, authorize_instance
from ostiary.admin.change import commit, tell
from ostiary.admin.errors import AdminError
from ostiary.admin.organizations import DEFAULT_ID
from ostiary.admin.store import Admin
from ostiary.admin.user_fields import EmailFields, UserFields
from ostiary.clock import new_id
from ostiary.identity.passwords import normalize
from ostiary.model.administrator import Administrator, AdministratorRole
from ostiary.model.setup import SetupToken
from ostiary.model.user import User
from ostiary.oauth.effects import Consume, Effects, Insert
from ostiary.oauth.handle import Kind, digest, make, unseal

LIFETIME = 900


class LinkOver(AdminError):
    """The link is not one of ours, was used before, or is older than fifteen minutes."""

    code = "not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__("This link is not good any more.", hint="`ostiary setup` makes another.")


class Link(msgspec.Struct, frozen=True):
    """A link that was made: its secret is shown once."""

    token: str
    expires_at: int


class FirstAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What the first administrator chooses; the e-mail address may be empty."""

    username: str = ""
    email: str = ""
    password: str = ""

    def __repr__(self) -> str:
        """Leave the password out of messages and logs."""
        return f"FirstAccount({self.username!r})"


async def create_link(admin: Admin, actor: Actor) -> Link:
    """Make a one-time link.

    Raises:
        NotAllowed: the actor does not reach the whole instance, or may only read.
    """
    authorize_instance(actor)
    now = admin.clock.now()
    token = make(Kind.SETUP, admin.entropy)
    record = SetupToken(digest=digest(token), created_at=now, expires_at=now + LIFETIME)
    await admin.store.apply((Insert(record), tell("setup.link_created", actor, now)))
    return Link(token, record.expires_at)


async def require_link(admin: Admin, token: str | None) -> SetupToken:
    """Return what a link's token stands for, and leave it good.

    Raises:
        LinkOver: it is not good.
    """
    if token is None or unseal(Kind.SETUP, token) is None:
        raise LinkOver
    found = await admin.store.read_setup_token(digest(token))
    if found is None or found.consumed_at is not None or found.expires_at <= admin.clock.now():
        raise LinkOver
    return found


async def complete(admin: Admin, actor: Actor, token: str | None, account: FirstAccount) -> User:
    """Make the account, and use the link up.

    Raises:
        LinkOver: the link is not good.
        Invalid: a value breaks a rule, or the password policy refuses the password.
        AlreadyExists: somebody signs in under the user name or e-mail address.
    """
    await require_link(admin, token)
    request = UserFields(
        username=account.username,
        email=EmailFields(address=account.email) if account.email else None,
    )
    draft = users.draft(admin, DEFAULT_ID, request)
    await user_passwords.check_password(admin, account.password, draft)
    password_hash = await admin.hash_password(normalize(account.password))

    async def step() -> tuple[User, Effects]:
        now = admin.clock.now()
        link = await require_link(admin, token)
        made = msgspec.structs.replace(draft, password_hash=password_hash)
        inserts = await users.insert(admin, made)
        created = tell(
            "account.created", actor, now, organization_id=made.organization_id, user_id=made.id
        )
        administrator = Administrator(
            id=new_id(now, admin.entropy),
            user_id=made.id,
            role=AdministratorRole.INSTANCE_OWNER,
            created_at=now,
            updated_at=now,
        )
        done = tell(
            "setup.completed", actor, now, organization_id=made.organization_id, user_id=made.id
        )
        return made, (
            Consume(SetupToken, link.digest, now),
            *inserts,
            Insert(administrator),
            created,
            done,
        )

    return await commit(admin, step)
