"""Joining by oneself: an account is made once its address is proven.

Until then there is no account: what was entered waits in a ticket, bound to the flow that it
was entered in. So nobody can hold an address that is not theirs, and nothing tells whether
an address has an account already: its owner is told so by mail, and the page says the same.

The address is proven by the code of the mail, typed in the flow, or by its link. A link that
is opened in another browser asks for the password that was chosen besides: whoever gets a
mail for somebody else's attempt cannot finish an account that the other one knows the
password of.
"""

import msgspec

from ostiary.clock import Clock, Entropy, new_id
from ostiary.identity import notices, tickets
from ostiary.identity.hashing import HashPool
from ostiary.identity.passwords import normalize
from ostiary.identity.tickets import CODE_TRIES, CONFIRMATION, TicketOver
from ostiary.identity.users import canonical_name, login_names
from ostiary.jose.keyring import KeyRing
from ostiary.login import mac
from ostiary.login.authorship import event_of
from ostiary.login.errors import Refused
from ostiary.login.factors.password import Verified
from ostiary.login.flow import Flow
from ostiary.login.rations import Asker, ration
from ostiary.login.recovery import Recovery
from ostiary.login.session import SignIn, sign_in
from ostiary.login.store import RecoveryStore
from ostiary.model.event import Source
from ostiary.model.mail import Mail
from ostiary.model.organization import State
from ostiary.model.policy import JoiningMode, UserRegistration
from ostiary.model.session import Proof, ProofKind
from ostiary.model.ticket import Purpose, Ticket
from ostiary.model.user import Profile, User
from ostiary.oauth.effects import Conflict, Count, Effects, Emit, Enqueue, Insert
from ostiary.oauth.reader import ConfigurationReader

REGISTRATION = frozenset({Purpose.REGISTRATION})


class RegistrationClosed(Refused):
    """Nobody makes an account of their own here."""


class DomainRefused(Refused):
    """Addresses of this domain cannot register here."""


class WrongCode(Refused):
    """What was typed is not the code of the mail, or not the password that was chosen."""


class TooManyTries(Refused):
    """A code or password was wrong too often: the ticket is not looked at again."""


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody enters; checked for its form already. `language` is that of the page."""

    email: str
    password: str
    given_name: str = ""
    family_name: str = ""
    language: str = ""

    def __repr__(self) -> str:
        """Leave the password out of messages and logs."""
        return f"NewAccount({self.email!r})"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An account that waits for its address to be proven."""

    email: str
    password_hash: str
    given_name: str = ""
    family_name: str = ""
    language: str = ""


class Joined(msgspec.Struct, frozen=True):
    """Somebody made an account and is signed in."""

    user: User
    sign_in: SignIn


def home_of(flow: Flow) -> str:
    """Return the organization that somebody who registers in a flow joins."""
    return flow.request.organization or flow.client.organization_id


async def is_open(store: ConfigurationReader, flow: Flow) -> bool:
    """Tell whether people can make an account of their own in a flow.

    Any application can name any organization, whose people alone may sign in then. Nobody
    becomes one of them on the way, unless the organization itself lets everybody join.
    """
    home = home_of(flow)
    if home != flow.client.organization_id:
        organization = await store.organization(home)
        own = organization.policies.get("user_registration", {}) if organization else {}
        if own.get("mode") != JoiningMode.OPEN:
            return False
    return await _is_open_to_all(store, home)


async def _is_open_to_all(store: ConfigurationReader, organization_id: str) -> bool:
    organization = await store.organization(organization_id)
    policy = (await store.policies(organization_id)).user_registration
    active = organization is not None and organization.state is State.ACTIVE
    return active and policy.mode is JoiningMode.OPEN


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """Runs the steps of registering."""

    store: RecoveryStore
    pool: HashPool
    clock: Clock
    entropy: Entropy

    async def begin(
        self, flow: Flow, account: NewAccount, asker: Asker, ring: KeyRing
    ) -> Joined | None:
        """Keep what was entered, and mail a code and a link to the address.

        Where the policy does not want the address proven first, the person is signed in at
        once, unless there is an account already.

        Raises:
            RegistrationClosed: nobody registers here.
            DomainRefused: nobody with an address of this domain.
            PasswordTooLong, PasswordRefused, Busy: the password is not taken.
            Unavailable: the store cannot answer now.
        """
        policy = await self.require_open(flow)
        domain = account.email.rpartition("@")[2].lower()
        if policy.allowed_domains and domain not in policy.allowed_domains:
            raise DomainRefused
        draft = await self._draft(flow, account)
        canonical = canonical_name(account.email)
        owner = await self.store.user_by_login_name(canonical)
        now = self.clock.now()
        tag = mac.name_tag(ring, canonical)
        home = home_of(flow)
        counted = ration("registration", tag, asker, now)
        event = Emit(asker.event("registration.requested", None, home, now, target=tag))
        if owner is None and not policy.verify_email:
            return await self._admit(flow, draft, ring, (*counted, event))
        ticket = tickets.issue(
            ring,
            tickets.Request(
                purpose=Purpose.REGISTRATION,
                user_id=tag,
                organization_id=home,
                email=account.email,
                lifetime=CONFIRMATION,
                flow=flow.interaction.digest,
                # A draft of an address that is taken is kept alike, and never looked at.
                values=msgspec.to_builtins(draft) | {"taken": owner is not None},
            ),
            now,
            self.entropy,
        )
        mail = _mail(ticket, account, owner, now)
        try:
            await self.store.apply((*counted, Insert(ticket), mail, event))
        except Conflict:
            return None  # too often: the answer is the same
        return None

    async def require_open(self, flow: Flow) -> UserRegistration:
        """Return the policy that people register by.

        Raises:
            RegistrationClosed: nobody does.
        """
        if not await is_open(self.store, flow):
            raise RegistrationClosed
        return (await self.store.policies(home_of(flow))).user_registration

    async def finish_by_code(self, flow: Flow, code: str, ring: KeyRing) -> Joined:
        """Make the account by the code of the mail, and sign the person in.

        Raises:
            RegistrationClosed: nobody registers here any more.
            WrongCode: it is another one.
            TooManyTries: it was another one too often.
            TicketOver: there is nothing to finish, or the code has expired.
            Unavailable: the store cannot answer now.
        """
        await self.require_open(flow)
        now = self.clock.now()
        ticket = await self.store.ticket_of_flow(flow.interaction.digest, Purpose.REGISTRATION)
        if ticket is None or not tickets.is_open(ticket, now):
            raise TicketOver
        lifetimes = (await self.store.policies(ticket.organization_id)).token_lifetimes
        if ticket.created_at + lifetimes.email_code <= now:
            raise TicketOver
        await self._count_try(ticket)
        if not tickets.matches_code(ring, ticket, code) or ticket.values["taken"]:
            raise WrongCode
        return await self.finish_in_flow(flow, ticket)

    async def finish_in_flow(self, flow: Flow, ticket: Ticket) -> Joined:
        """Make the account of a ticket in the flow that it was asked for in.

        Raises:
            TicketOver: the ticket is another flow's, was used, or the address is taken now.
            RegistrationClosed: nobody registers here any more.
            Unavailable: the store cannot answer now.
        """
        await self.require_open(flow)
        now = self.clock.now()
        if ticket.flow != flow.interaction.digest or ticket.values["taken"]:
            raise TicketOver
        user, effects = self._make(_draft_of(ticket), ticket.organization_id, flow.source)
        # The password was chosen when the ticket was made, in this very flow.
        proof = Proof(kind=ProofKind.PASSWORD, at=ticket.created_at)
        verified = Verified(user=user, proof=proof, effects=())
        outcome = sign_in(flow, verified, self.entropy, remember=False)
        try:
            await self.store.apply((tickets.consume(ticket, now), *effects, *outcome.effects))
        except Conflict:
            raise TicketOver from None
        return Joined(user, outcome)

    async def find(self, token: str | None) -> Ticket:
        """Return the ticket of a link, and leave it good.

        Raises:
            TicketOver: it is not good (any more).
        """
        ticket = await tickets.find(self.store, token, REGISTRATION, self.clock.now())
        if ticket.values["taken"]:
            raise TicketOver
        return ticket

    async def finish_elsewhere(self, ticket: Ticket, password: str, source: Source) -> User:
        """Make the account of a link, in another browser; nobody is signed in by it.

        Raises:
            PasswordTooLong, Busy: the password cannot be looked at.
            WrongCode: it is not the one that was chosen.
            TooManyTries: it was another one too often.
            TicketOver: the ticket was used, or the address is taken now.
            RegistrationClosed: nobody registers here any more.
            Unavailable: the store cannot answer now.
        """
        if not await _is_open_to_all(self.store, ticket.organization_id):
            raise RegistrationClosed
        secret = normalize(password)
        draft = _draft_of(ticket)
        async with self.pool.slot() as slot:
            await self._count_try(ticket)
            if not await slot.verify(draft.password_hash, secret):
                raise WrongCode
        user, effects = self._make(draft, ticket.organization_id, source)
        try:
            await self.store.apply((tickets.consume(ticket, self.clock.now()), *effects))
        except Conflict:
            raise TicketOver from None
        return user

    async def _count_try(self, ticket: Ticket) -> None:
        """Count a try before it is looked at, so that tries in parallel count as well."""
        key = f"ticket-tries:{ticket.id}"
        count = Count(key, limit=CODE_TRIES, window=CONFIRMATION, at=self.clock.now())
        try:
            await self.store.apply((count,))
        except Conflict:
            raise TooManyTries from None

    async def _draft(self, flow: Flow, account: NewAccount) -> Draft:
        stranger = User(
            id="",
            organization_id=home_of(flow),
            username=account.email,
            email=account.email,
            profile=Profile(given_name=account.given_name, family_name=account.family_name),
        )
        recovery = Recovery(
            store=self.store, pool=self.pool, clock=self.clock, entropy=self.entropy
        )
        return Draft(
            email=account.email,
            password_hash=await recovery.hash_new(account.password, stranger),
            given_name=account.given_name,
            family_name=account.family_name,
            language=account.language,
        )

    async def _admit(
        self, flow: Flow, draft: Draft, ring: KeyRing, effects: Effects
    ) -> Joined | None:
        """Make an account whose address is not proven yet, and mail a link to prove it."""
        now = self.clock.now()
        user, made = self._make(draft, home_of(flow), flow.source, verified=False)
        proof = Proof(kind=ProofKind.PASSWORD, at=now)
        outcome = sign_in(
            flow, Verified(user=user, proof=proof, effects=()), self.entropy, remember=False
        )
        request = tickets.Request(
            purpose=Purpose.EMAIL_VERIFICATION,
            user_id=user.id,
            organization_id=user.organization_id,
            email=draft.email,
            lifetime=CONFIRMATION,
        )
        ticket = tickets.issue(ring, request, now, self.entropy)
        mail = notices.send_ticket("email_verification", ticket, user, now)
        try:
            await self.store.apply((*effects, *made, Insert(ticket), mail, *outcome.effects))
        except Conflict:
            return None
        return Joined(user, outcome)

    def _make(
        self, draft: Draft, organization_id: str, source: Source, *, verified: bool = True
    ) -> tuple[User, Effects]:
        now = self.clock.now()
        user = User(
            id=new_id(now, self.entropy),
            organization_id=organization_id,
            username=draft.email,
            password_hash=draft.password_hash,
            email=draft.email,
            email_verified=verified,
            profile=Profile(
                given_name=draft.given_name or None,
                family_name=draft.family_name or None,
                locale=draft.language or None,
            ),
            created_at=now,
            updated_at=now,
        )
        event = event_of(user, "account.created", source, now, by="registration")
        return user, (Insert(user), *map(Insert, login_names(user)), Emit(event))


def _draft_of(ticket: Ticket) -> Draft:
    return msgspec.convert(ticket.values, Draft)


def _mail(ticket: Ticket, account: NewAccount, owner: User | None, now: int) -> Enqueue:
    """Return the mail of a registration: to the address, or to the owner of the account."""
    if owner is None:
        mail = Mail(
            template="registration",
            to=account.email,
            organization_id=ticket.organization_id,
            language=account.language or None,
            ticket_id=ticket.id,
        )
    else:
        # Somebody may have this as a user name, and read mail elsewhere: then nobody is told.
        theirs = canonical_name(owner.email or "") == canonical_name(account.email)
        mail = Mail(
            template="registration_taken",
            to=(owner.email or "") if theirs else "",
            organization_id=owner.organization_id,
            user_id=owner.id,
            language=owner.profile.locale,
        )
    return notices.enqueue(mail, now)
