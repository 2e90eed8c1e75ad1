"""Personal access tokens of service accounts, and of people where the policy lets them.

A token is shown once, and kept as a digest. It has scopes of its owner's, and an end.
"""

from functools import partial

import msgspec
from msgspec import UNSET, UnsetType

from ostiary.admin import clients, holdings, texts, users
from ostiary.admin.actor import Actor, Area, authorize_change, authorize_read
from ostiary.admin.change import commit, tell
from ostiary.admin.decode import Request, suggest
from ostiary.admin.errors import Invalid, NotAllowed, NotFound, Problem
from ostiary.admin.service_accounts import KIND
from ostiary.admin.store import PAGE, Admin
from ostiary.clock import new_id
from ostiary.identity.listing import read_all
from ostiary.model.organization import Api, State
from ostiary.model.personal_token import PersonalToken
from ostiary.oauth import handle, management
from ostiary.oauth.effects import Delete, Effects, Emit, Insert
from ostiary.oauth.handle import Kind
from ostiary.oauth.scope import IDENTITY_SCOPES, audience
from ostiary.oauth.token.personal import may_ask

WHAT = "personal token"
MAX_TOKENS = 50
DEFAULT_LIFETIME = 90 * 86400
_SHORTEST = 60


class PersonalTokenFields(Request, frozen=True, kw_only=True):
    """Whose token it is to be, what for, and for how many seconds."""

    user: str | UnsetType = UNSET
    service_account: str | UnsetType = UNSET
    name: str = ""
    scopes: tuple[str, ...]
    lifetime: int = DEFAULT_LIFETIME


class Made(msgspec.Struct, frozen=True):
    """A new token, and its text: it cannot be read again."""

    token: PersonalToken
    text: str

    def __repr__(self) -> str:
        """Leave the text out of messages and logs."""
        return f"Made({self.token.id!r})"


class _Owner(msgspec.Struct, frozen=True):
    id: str
    organization_id: str
    scopes: frozenset[str]
    apis: tuple[Api, ...]


async def create(admin: Admin, actor: Actor, request: PersonalTokenFields) -> Made:
    """Make a personal token.

    Raises:
        NotFound: there is no such user or service account for the actor.
        NotAllowed: the actor may only read, or people may not have such tokens.
        Invalid: a scope is not the owner's, a value breaks a rule, or there are 50.
    """

    async def step() -> tuple[Made, Effects]:
        now = admin.clock.now()
        owner = await _find_owner(admin, actor, request)
        # Whoever holds the token can do what its owner may do.
        await holdings.authorize_power_over(admin, actor, owner.id, "account")
        policy = (await admin.store.policies(owner.organization_id)).personal_tokens
        _check(request, owner, policy.max_lifetime)
        if len(await admin.store.list_personal_tokens(owner.id, "", MAX_TOKENS)) == MAX_TOKENS:
            raise Invalid.at("", f"there are {MAX_TOKENS} already: revoke one first")
        text = handle.make(Kind.PERSONAL_TOKEN, admin.entropy)
        token = PersonalToken(
            digest=handle.digest(text),
            id=new_id(now, admin.entropy),
            user_id=owner.id,
            organization_id=owner.organization_id,
            name=request.name,
            scopes=request.scopes,
            audience=_audience(admin, owner, request.scopes),
            created_at=now,
            expires_at=now + request.lifetime,
        )
        event = _tell(admin, actor, token, "personal_token.created")
        return Made(token, text), (Insert(token), event)

    return await commit(admin, step)


async def revoke(admin: Admin, actor: Actor, token_id: str) -> PersonalToken:
    """Take a personal token back: it is good for nothing from now on.

    Raises:
        NotFound: there is none with this id for the actor.
        NotAllowed: the actor may only read, or its owner administers more than the actor.
    """

    async def step() -> tuple[PersonalToken, Effects]:
        found = await admin.store.read_personal_token(token_id)
        if found is None:
            raise NotFound(WHAT, token_id)
        authorize_change(actor, found.organization_id, WHAT, token_id, Area.USER)
        await holdings.authorize_power_over(admin, actor, found.user_id, "account")
        event = _tell(admin, actor, found, "personal_token.revoked")
        return found, (Delete(PersonalToken, found.digest), event)

    return await commit(admin, step)


async def show(admin: Admin, actor: Actor, token_id: str) -> PersonalToken:
    """Return a personal token.

    Raises:
        NotFound: there is none with this id for the actor.
    """
    found = await admin.store.read_personal_token(token_id)
    if found is None:
        raise NotFound(WHAT, token_id)
    authorize_read(actor, found.organization_id, WHAT, token_id, Area.USER)
    return found


async def find_owner(admin: Admin, actor: Actor, name: str) -> str:
    """Return the id of the service account, or else of the user, whose tokens are wanted.

    Raises:
        NotFound: there is none for the actor, with tokens or without.
    """
    try:
        return (await clients.show(admin, actor, name, kind=KIND)).client_id
    except NotFound:
        return (await users.find(admin, actor, name)).id


async def list_all(
    admin: Admin, actor: Actor, owner_id: str, *, after: str = "", limit: int = PAGE
) -> tuple[PersonalToken, ...]:
    """Return the personal tokens of a user or service account, ordered by id.

    Raises:
        NotFound: one of them belongs to an organization that the actor does not reach.
    """
    found = await admin.store.list_personal_tokens(owner_id, after, limit)
    for token in found:
        authorize_read(actor, token.organization_id, "owner of tokens", owner_id, Area.USER)
    return found


async def _find_owner(admin: Admin, actor: Actor, request: PersonalTokenFields) -> _Owner:
    if (request.user is UNSET) == (request.service_account is UNSET):
        raise Invalid.at("user", "name either a user or a service_account")
    if request.service_account is not UNSET:
        account = await clients.require(admin, actor, KIND, request.service_account)
        scopes = frozenset(account.allowed_scopes) - set(IDENTITY_SCOPES)
        apis = await _apis(admin, account.organization_id)
        return _Owner(account.client_id, account.organization_id, scopes, apis)
    found = await users.find(admin, actor, request.user or "")
    user = await users.require(admin, actor, found.id)
    policy = (await admin.store.policies(user.organization_id)).personal_tokens
    if not policy.users:
        raise NotAllowed(
            "People may not have personal tokens here: the policy personal_tokens.users is off.",
            hint="Use a service account, or switch the policy on.",
        )
    apis = await _apis(admin, user.organization_id)
    scopes = frozenset(scope for api in apis for scope in api.scopes)
    identity = frozenset(filter(may_ask, IDENTITY_SCOPES))
    return _Owner(user.id, user.organization_id, scopes | identity | {management.SCOPE}, apis)


async def _apis(admin: Admin, organization_id: str) -> tuple[Api, ...]:
    apis = await read_all(partial(admin.store.list_apis, organization_id, None))
    return tuple(api for api in apis if api.state is State.ACTIVE)


def _check(request: PersonalTokenFields, owner: _Owner, longest: int) -> None:
    problems = [
        Problem(
            f"scopes[{index}]", f"is not a scope of the owner{suggest(scope, owner.scopes, index)}"
        )
        for index, scope in enumerate(request.scopes)
        if scope not in owner.scopes
    ]
    if not request.scopes:
        problems.append(Problem("scopes", "must name at least one"))
    if request.name and (wrong := texts.check_name(request.name)):
        problems.append(Problem("name", wrong))
    if not _SHORTEST <= request.lifetime <= longest:
        problems.append(Problem("lifetime", f"must be {_SHORTEST} to {longest} seconds"))
    if problems:
        raise Invalid(problems)


def _audience(admin: Admin, owner: _Owner, scopes: tuple[str, ...]) -> tuple[str, ...]:
    others = tuple(scope for scope in scopes if scope != management.SCOPE)
    found = audience(admin.issuer, others, (), owner.apis) if others else ()
    return found if len(others) == len(scopes) else (*found, management.audience_of(admin.issuer))


def _tell(admin: Admin, actor: Actor, token: PersonalToken, event: str) -> Emit:
    return tell(
        event,
        actor,
        admin.clock.now(),
        organization_id=token.organization_id,
        user_id=token.user_id,
        target=token.id,
    )
