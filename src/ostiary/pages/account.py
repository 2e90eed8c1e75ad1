"""What each of the account pages shows, as values."""

from typing import ClassVar

import msgspec

from ostiary.pages.agents import Agent
from ostiary.pages.views import Account, Brand, ConsentItem, Problem, View

SECTIONS = (
    *("overview", "profile", "email", "password", "methods", "sessions", "apps"),
    *("activity", "data", "delete"),
)
"""The pages in the order in which they are listed; the first is the entrance."""

ROOT = "/account"


def path_of(section: str) -> str:
    """Return the address of one of the account pages."""
    return ROOT if section == SECTIONS[0] else f"{ROOT}/{section}"


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What surrounds each page: who is signed in, and what was just done."""

    account: Account
    # Of the form that signs out.
    token: str
    # The person's time zone.
    zone: str | None = None
    # Names a text below `account.notice`.
    notice: str | None = None
    # How the pages of the person's organization look.
    brand: Brand = Brand()

    @property
    def sections(self) -> tuple[tuple[str, str], ...]:
        """The pages by name, and where they are."""
        return tuple((section, path_of(section)) for section in SECTIONS)

    @property
    def sign_out(self) -> str:
        """Where the form that signs out goes."""
        return f"{ROOT}/sign-out"

    @property
    def switch(self) -> str:
        """Where another account is chosen."""
        return f"{ROOT}/switch"


class AccountPage(View, frozen=True, kw_only=True):
    """One of the account pages."""

    section: ClassVar[str]

    frame: Frame
    problem: Problem | None = None

    @property
    def action(self) -> str:
        """Where the forms of the page go."""
        return path_of(self.section)


class OverviewPage(AccountPage, frozen=True, kw_only=True):
    """Where everything begins."""

    template: ClassVar[str] = "account/overview.html"
    section: ClassVar[str] = "overview"

    email: str | None
    email_verified: bool
    has_password: bool
    methods: int
    sessions: int
    apps: int


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A text of the profile; `fault` and `hint` name texts."""

    name: str
    value: str = ""
    # Whether it may have several lines.
    lines: bool = False
    autocomplete: str = "off"
    hint: str | None = None
    fault: str | None = None


class FieldGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Texts that belong together."""

    key: str
    fields: tuple[Field, ...]


class ProfilePage(AccountPage, frozen=True, kw_only=True):
    """The person's details, to be changed."""

    template: ClassVar[str] = "account/profile.html"
    section: ClassVar[str] = "profile"

    token: str
    # The state of the profile that the form was filled in from.
    stamp: str
    username: str
    groups: tuple[FieldGroup, ...]
    locale: str
    languages: tuple[tuple[str, str], ...]
    zone: Field
    zones: tuple[str, ...]


class EmailPage(AccountPage, frozen=True, kw_only=True):
    """The e-mail address, and a form for another one."""

    template: ClassVar[str] = "account/email.html"
    section: ClassVar[str] = "email"

    token: str
    email: str | None
    verified: bool
    # Whether mail can be sent, by which an address is proven.
    changeable: bool
    typed: str = ""


class PasswordPage(AccountPage, frozen=True, kw_only=True):
    """A form for another password."""

    template: ClassVar[str] = "account/password.html"
    section: ClassVar[str] = "password"

    token: str
    username: str
    has_password: bool
    min_length: int
    others: bool = True


class MethodRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the person signs in with. `kind` names a text below `factor.name`."""

    factor_id: str
    kind: str
    name: str
    since: int
    used: int | None
    # Whether people tell several of the kind apart by name.
    named: bool
    # Codes that are left, where there are so many.
    left: int | None = None


class MethodsPage(AccountPage, frozen=True, kw_only=True):
    """What the person signs in with, besides a password."""

    template: ClassVar[str] = "account/methods.html"
    section: ClassVar[str] = "methods"

    token: str
    methods: tuple[MethodRow, ...]
    # Devices on which no second factor is asked for.
    trusted: int
    add_url: str = f"{ROOT}/methods/add"


class DeviceRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where the person is signed in."""

    session_id: str
    agent: Agent
    network: str
    since: int
    seen: int
    present: bool
    remembered: bool


class SessionsPage(AccountPage, frozen=True, kw_only=True):
    """All places where the person is signed in."""

    template: ClassVar[str] = "account/sessions.html"
    section: ClassVar[str] = "sessions"

    token: str
    devices: tuple[DeviceRow, ...]


class AppRow(msgspec.Struct, frozen=True, kw_only=True):
    """An application that can use the account, or may."""

    client_id: str
    name: str
    url: str | None
    items: tuple[ConsentItem, ...]
    since: int
    # None where it has no access now.
    used: int | None
    offline: bool


class AppsPage(AccountPage, frozen=True, kw_only=True):
    """The connected applications."""

    template: ClassVar[str] = "account/apps.html"
    section: ClassVar[str] = "apps"

    token: str
    apps: tuple[AppRow, ...]


class ActivityRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. `type` names a text below `account.event`."""

    type: str
    at: int
    failed: bool
    by_other: bool
    app: str | None
    agent: Agent | None
    network: str | None


class ActivityPage(AccountPage, frozen=True, kw_only=True):
    """What happened with the account, newest first."""

    template: ClassVar[str] = "account/activity.html"
    section: ClassVar[str] = "activity"

    rows: tuple[ActivityRow, ...]
    choices: tuple[str, ...]
    chosen: str
    older_url: str | None
    newest_url: str | None


class DataPage(AccountPage, frozen=True, kw_only=True):
    """The copy of one's own data."""

    template: ClassVar[str] = "account/data.html"
    section: ClassVar[str] = "data"

    token: str


class DeletePage(AccountPage, frozen=True, kw_only=True):
    """The end of the account. `obstacle` names a text that says why it cannot be."""

    template: ClassVar[str] = "account/delete.html"
    section: ClassVar[str] = "delete"

    token: str
    username: str
    obstacle: str | None = None


class DeletedPage(View, frozen=True, kw_only=True):
    """The account is no more."""

    template: ClassVar[str] = "account/deleted.html"
