"""What a step of signing in can answer instead of going on."""


class Refused(Exception):
    """A step was refused; its effects are committed by then."""


class WrongCredentials(Refused):
    """User name and password do not go together.

    The same for everybody: nothing tells an unknown user from a wrong password, a
    disabled account, or one without a password.
    """


class WrongCode(Refused):
    """A code is wrong, was used before, or is too old: nothing tells which."""


class WrongPasskey(Refused):
    """What the browser returned of a passkey is not good; nothing tells why."""


class NotOffered(Refused):
    """The person has no such factor, or may not use it."""


class Throttled(Refused):
    """Too many failures: wait. `seconds` is None where waiting does not help.

    `address` tells that all sign-ins from the network address wait, not one account.
    """

    def __init__(self, seconds: int | None, *, address: bool = False) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        self.address = address
