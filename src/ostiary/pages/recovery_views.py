"""What the pages of recovering an account and of joining show, as values."""

from typing import ClassVar

from ostiary.pages.views import Problem, View


class ForgotPage(View, frozen=True, kw_only=True):
    """Where a link for a new password is asked for; `sent` once it was."""

    template: ClassVar[str] = "forgot.html"

    client: str
    action: str
    token: str
    login_url: str
    # How long the link is good, in seconds.
    lifetime: int
    username: str = ""
    sent: bool = False
    problem: Problem | None = None


class NewPasswordPage(View, frozen=True, kw_only=True):
    """Where a password is chosen. `kind` names the texts: `reset` or `invitation`.

    `given_name` and `family_name` are asked for where they are not None.
    """

    template: ClassVar[str] = "new_password.html"

    kind: str
    action: str
    token: str
    username: str
    min_length: int
    organization: str = ""
    given_name: str | None = None
    family_name: str | None = None
    problem: Problem | None = None


class RegisterPage(View, frozen=True, kw_only=True):
    """Where people make an account of their own."""

    template: ClassVar[str] = "register.html"

    client: str
    action: str
    token: str
    login_url: str
    min_length: int
    email: str = ""
    given_name: str = ""
    family_name: str = ""
    terms_url: str | None = None
    problem: Problem | None = None


class VerifyPage(View, frozen=True, kw_only=True):
    """Where the code of a mail is typed."""

    template: ClassVar[str] = "verify.html"

    client: str
    action: str
    token: str
    again_url: str
    problem: Problem | None = None


class ConfirmPage(View, frozen=True, kw_only=True):
    """What a mailed link is about to do. `kind` is the purpose of its ticket.

    `password` asks for the one that was chosen with the account.
    """

    template: ClassVar[str] = "confirm.html"

    kind: str
    action: str
    token: str
    address: str
    password: bool = False
    problem: Problem | None = None


class DonePage(View, frozen=True, kw_only=True):
    """What was done, and how to go on; `key` names the texts below `done`."""

    template: ClassVar[str] = "done.html"

    key: str
    # Where to go on, and to which application; None where the person knows better.
    url: str | None = None
    client: str | None = None
    address: str = ""
