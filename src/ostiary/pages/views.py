"""What each page shows, as values. The texts around them are the language's."""

from typing import ClassVar

import msgspec


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link to a page of somebody else; `host` is given where it is another site."""

    key: str
    url: str
    host: str | None = None


class Brand(msgspec.Struct, frozen=True, kw_only=True):
    """Whose page it is, and what they made their own about it.

    Without a `name` the page is as we make it. `accent` is readable on white, for mail.
    `client_logo_host` is where the application's logo is from, if not from the application.
    """

    name: str = ""
    style_url: str | None = None
    accent: str | None = None
    logo_url: str | None = None
    heading: str | None = None
    links: tuple[Link, ...] = ()
    client_logo_url: str | None = None
    client_logo_host: str | None = None


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A page before it is rendered."""

    template: ClassVar[str]

    # The site's own name: host and port of the issuer.
    site: str
    brand: Brand = Brand()


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong on a page that is shown again. `key` names a text below `problem`."""

    key: str
    # How long to wait, in seconds.
    wait: int | None = None
    # Fields of the form that it is about.
    fields: tuple[str, ...] = ()


def initial_of(name: str) -> str:
    """Return the letter that stands for a picture of whoever has a name."""
    return next((letter.upper() for letter in name if letter.isalnum()), "·")


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account as it is shown to its owner."""

    session_id: str
    name: str
    login_name: str

    @property
    def initial(self) -> str:
        """The letter that stands for a picture."""
        return initial_of(self.name)


class PasskeyForm(msgspec.Struct, frozen=True, kw_only=True):
    """A form that the browser's answer about a passkey is sent with.

    `options` is what the browser is asked, as JSON; `refresh_url` gives it anew.
    """

    action: str
    token: str
    options: str
    refresh_url: str


class LoginPage(View, frozen=True, kw_only=True):
    """User name and password, or a passkey."""

    template: ClassVar[str] = "login.html"

    client: str
    action: str
    token: str
    username: str = ""
    remember: bool | None = None
    # Whether people can sign in with a password here.
    password: bool = True
    passkey: PasskeyForm | None = None
    # Whether to offer setting up a passkey after signing in with a password.
    passkey_offer: bool = False
    # Somebody is signed in already and is asked to prove it again.
    confirming: bool = False
    # Where to choose among the accounts that are signed in.
    select_url: str | None = None
    # Where a link for a new password is asked for, and where accounts are made.
    forgot_url: str | None = None
    register_url: str | None = None
    links: tuple[Link, ...] = ()
    problem: Problem | None = None


class IdentifierPage(View, frozen=True, kw_only=True):
    """User name or e-mail address, or a passkey; the password is asked for on the next page."""

    template: ClassVar[str] = "identifier.html"

    client: str
    action: str
    token: str
    username: str = ""
    passkey: PasskeyForm | None = None
    # Where to choose among the accounts that are signed in.
    select_url: str | None = None
    register_url: str | None = None
    links: tuple[Link, ...] = ()
    problem: Problem | None = None


class PasskeyPage(View, frozen=True, kw_only=True):
    """A passkey as a second factor, or to prove more than before."""

    template: ClassVar[str] = "passkey.html"

    client: str
    # None where nobody has signed in yet.
    account: Account | None
    form: PasskeyForm
    # Whether the session is one to be kept.
    remember: bool
    # Where the other ways are, where there are any.
    other_url: str | None
    problem: Problem | None = None


class CodePage(View, frozen=True, kw_only=True):
    """A code to type in. `kind` is that of the factor, and names the texts below `code`."""

    template: ClassVar[str] = "code.html"

    client: str
    account: Account
    kind: str
    field: str
    action: str
    token: str
    # Days for which the device can be remembered; None: it cannot.
    trust_days: int | None = None
    # Where a code is mailed from, and the address that it goes to, in part.
    send_url: str | None = None
    send_token: str = ""
    address: str = ""
    # Whether a code was mailed and waits.
    sent: bool = True
    other_url: str | None = None
    problem: Problem | None = None


class OtherWayPage(View, frozen=True, kw_only=True):
    """The ways to prove a second factor: (kind, address)."""

    template: ClassVar[str] = "other_way.html"

    client: str
    account: Account
    ways: tuple[tuple[str, str], ...]


class EnrolPage(View, frozen=True, kw_only=True):
    """What can be set up: (kind, address)."""

    template: ClassVar[str] = "enrol.html"

    client: str
    account: Account
    ways: tuple[tuple[str, str], ...]
    action: str
    token: str
    # Whether a policy demands it, and how often one may still go on without.
    demanded: bool
    grace: int
    # Where new recovery codes are made, for whoever has a second factor.
    codes_url: str | None = None
    codes_token: str = ""
    problem: Problem | None = None


class EnrolPasskeyPage(View, frozen=True, kw_only=True):
    """A passkey that is to be made."""

    template: ClassVar[str] = "enrol_passkey.html"

    client: str
    account: Account
    form: PasskeyForm
    back_url: str
    problem: Problem | None = None


class EnrolTotpPage(View, frozen=True, kw_only=True):
    """An authenticator app that is to be set up: a QR code, and the key to type instead."""

    template: ClassVar[str] = "enrol_totp.html"

    client: str
    account: Account
    action: str
    token: str
    sealed: str
    qr: str
    key: str
    back_url: str
    problem: Problem | None = None


class RecoveryCodesPage(View, frozen=True, kw_only=True):
    """New recovery codes: they are shown this once."""

    template: ClassVar[str] = "recovery_codes.html"

    client: str
    account: Account
    codes: tuple[str, ...]
    continue_url: str


class SelectPage(View, frozen=True, kw_only=True):
    """The accounts that are signed in in this browser."""

    template: ClassVar[str] = "select.html"

    client: str
    action: str
    token: str
    accounts: tuple[Account, ...]
    other_url: str
    problem: Problem | None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """An organization that a person can act for, and its primary domain, if it has one."""

    id: str
    name: str
    domain: str | None = None

    @property
    def initial(self) -> str:
        """The letter that stands for a picture."""
        return initial_of(self.name)


class OrganizationPage(View, frozen=True, kw_only=True):
    """The organizations that a person belongs to, of which they act for one."""

    template: ClassVar[str] = "organization.html"

    client: str
    action: str
    token: str
    account: Account
    switch_url: str
    choices: tuple[Choice, ...]
    problem: Problem | None = None


class ConsentItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is asked for: `key` names a text below `scope` or `claim`.

    Where the catalogue has none, `name` is shown as it stands. `value` is the person's own
    datum, `seconds` how long something lasts.
    """

    name: str
    key: str | None = None
    value: str | None = None
    seconds: int | None = None
    # Shown with a mark: `offline` or `api`.
    mark: str | None = None


class ConsentGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Things of one kind; `key` names a text of `consent.group.`, `name` the API."""

    key: str
    items: tuple[ConsentItem, ...]
    name: str = ""


class DeviceNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What a person compares with the device in front of them."""

    user_code: str
    # Who runs the application; None where that has been removed.
    organization: str | None
    # Seconds since the device asked.
    age: int
    ip: str
    # Whether the person comes from the same network.
    nearby: bool


class ConsentPage(View, frozen=True, kw_only=True):
    """What an application asks for."""

    template: ClassVar[str] = "consent.html"

    client: str
    action: str
    token: str
    account: Account
    switch_url: str
    groups: tuple[ConsentGroup, ...]
    # Host that the answer goes to; None for an app on this device.
    destination: str | None
    links: tuple[Link, ...] = ()
    # The device that waits for the answer, where one does.
    device: DeviceNotice | None = None
    # The organization that the person acts for, where that was said, and where to choose
    # another one.
    organization: str | None = None
    organization_url: str | None = None


class DevicePage(View, frozen=True, kw_only=True):
    """Where the code of a device is typed; `user_code` fills the field in."""

    template: ClassVar[str] = "device.html"

    action: str
    user_code: str = ""
    problem: Problem | None = None


class DeviceDonePage(View, frozen=True, kw_only=True):
    """A device was answered."""

    template: ClassVar[str] = "device_done.html"

    allowed: bool


class LogoutPage(View, frozen=True, kw_only=True):
    """Whether to sign out. `client` is the application that asks, if it named itself."""

    template: ClassVar[str] = "logout.html"

    client: str | None
    action: str
    token: str
    accounts: tuple[Account, ...]


class SignedOutPage(View, frozen=True, kw_only=True):
    """Somebody is signed out; or stays signed in, `kept`, because they said so.

    `parameter` names what of the request keeps the browser from going back by itself.
    `frames` are the addresses at which applications sign the person out as well, and
    `target` is where the page leads on to after that.
    """

    template: ClassVar[str] = "signed_out.html"

    client: str | None
    back_url: str | None
    kept: bool = False
    parameter: str | None = None
    target: str | None = None
    frames: tuple[str, ...] = ()


class SetupPage(View, frozen=True, kw_only=True):
    """The account of the first administrator; `done` once it is made."""

    template: ClassVar[str] = "setup.html"

    action: str
    min_length: int
    username: str = ""
    email: str = ""
    done: bool = False
    problem: Problem | None = None


class ErrorPage(View, frozen=True, kw_only=True):
    """What happened and what to do. `reason` names the texts below `error`."""

    template: ClassVar[str] = "error.html"

    reason: str
    client: str | None = None
    back_url: str | None = None
    # For whoever looks into it.
    code: str | None = None
    # Literal name of the request parameter that is wrong.
    parameter: str | None = None
    description: str | None = None
    trace_id: str
    time: str
    # Where it is explained, for whoever may see that.
    explanation_url: str | None = None


class FormPostPage(View, frozen=True, kw_only=True):
    """Sends the answer to the application as a form (OAuth 2.0 Form Post Response Mode)."""

    template: ClassVar[str] = "form_post.html"

    client: str
    action: str
    fields: tuple[tuple[str, str], ...]
    nonce: str
