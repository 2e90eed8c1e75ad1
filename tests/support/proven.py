"""What is known of people in a walk, and how much what they proved is worth at most.

Written down from the standards and the policies, not from the code that is walked.
"""

from dataclasses import dataclass, field
from typing import Any

from ostiary.model.session import ProofKind
from support.authenticator import Authenticator

PASSWORD, PASSKEY = ProofKind.PASSWORD, ProofKind.PASSKEY
CLASSES = ("urn:ostiary:acr:1fa", "urn:ostiary:acr:2fa", "phr", "phrh")
_METHODS = {
    PASSWORD: {"pwd"},
    PASSKEY: {"swk", "pop", "user", "mfa"},
    ProofKind.TOTP: {"otp"},
    ProofKind.EMAIL_CODE: {"otp"},
    ProofKind.RECOVERY_CODE: {"otp"},
}

Proofs = dict[ProofKind, int]
"""Kinds of proofs that somebody gave in a browser since they signed in there, and when."""


@dataclass(eq=False)
class Somebody:
    """A person, or an address that nobody has yet. `state` is None for the latter."""

    address: str
    state: str | None = None
    password: str | None = None
    secret: bytes | None = None
    devices: list[Authenticator] = field(default_factory=list)
    mail_codes: bool = False
    codes: list[str] = field(default_factory=list)

    @property
    def active(self) -> bool:
        """Whether they may take part."""
        return self.state == "active"

    @property
    def has_more(self) -> bool:
        """Whether a password alone is not enough for them."""
        return self.secret is not None or bool(self.devices) or self.mail_codes

    def forget_factors(self) -> None:
        """Have nothing besides the password."""
        self.secret, self.mail_codes = None, False
        self.devices, self.codes = [], []


@dataclass(eq=False)
class Mailed:
    """A link that was mailed. `flow` is where it was asked for, `password` what was chosen."""

    kind: str
    person: Somebody
    address: str
    path: str
    at: int
    lifetime: int
    flow: str = ""
    password: str = ""
    code: str = ""
    over: bool = False

    def good(self, now: int) -> bool:
        """Whether nothing is known that ends it."""
        return not self.over and now < self.at + self.lifetime


@dataclass(eq=False)
class Held:
    """The tokens that an application got of a person, in a browser."""

    person: Somebody
    who: int
    at: int
    tokens: dict[str, Any]
    dead: bool = False


@dataclass(frozen=True)
class Asked:
    """An authorization request: when it was sent, and what it wants."""

    who: int
    at: int
    prompt: str = ""
    max_age: int | None = None


def is_settled(proofs: Proofs) -> bool:
    """Whether proofs are enough for somebody who has a second factor."""
    return PASSKEY in proofs or (PASSWORD in proofs and len(proofs) > 1)


def judge(claims: dict[str, Any], proofs: Proofs) -> None:
    """Hold what is claimed of an authentication to the proofs that were given."""
    highest = "phr" if PASSKEY in proofs else CLASSES[1 if is_settled(proofs) else 0]
    assert CLASSES.index(claims["acr"]) <= CLASSES.index(highest), (claims, proofs)
    methods = set().union(*(_METHODS[kind] for kind in proofs))
    assert set(claims["amr"]) <= methods | ({"mfa"} if is_settled(proofs) else set())
    alone = [at for kind, at in proofs.items() if kind in {PASSWORD, PASSKEY}]
    assert claims["auth_time"] <= max(alone, default=-1)


def judge_request(asked: Asked, claims: dict[str, Any], now: int) -> None:
    """Hold an answer to how young the request wanted the authentication to be."""
    fresh = claims["auth_time"] >= asked.at
    if "login" in asked.prompt.split():
        assert fresh, (asked, claims)
    if asked.max_age is not None:
        assert fresh or now - claims["auth_time"] <= asked.max_age, (asked, claims)
