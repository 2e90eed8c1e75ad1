"""What goes between whom, step by step: each drawing has three participants.

A step is (from, to, text): participants are counted from 0, and a step to oneself is work
that is done there.
"""

import msgspec


class Drawing(msgspec.Struct, frozen=True):
    """A sequence. Names of participants and steps are those of texts."""

    participants: tuple[str, str, str]
    steps: tuple[tuple[int, int, str], ...]


_CODE_STEPS = (
    (0, 1, "wants-in"),
    (1, 0, "to-server"),
    (0, 2, "request"),
    (0, 2, "sign-in"),
    (2, 0, "code-back"),
    (0, 1, "code-on"),
    (1, 2, "redeem"),
    (2, 1, "tokens"),
)

DRAWINGS: dict[str, Drawing] = {
    "code": Drawing(("browser", "application", "server"), _CODE_STEPS),
    "bff": Drawing(
        ("browser", "backend", "server"),
        (*_CODE_STEPS, (1, 0, "cookie"), (0, 1, "through-backend")),
    ),
    "spa": Drawing(
        ("page", "server", "api"),
        (
            (0, 0, "verifier"),
            (0, 1, "request"),
            (0, 1, "sign-in"),
            (1, 0, "code-back"),
            (0, 1, "redeem-page"),
            (1, 0, "tokens"),
            (0, 2, "call"),
        ),
    ),
    "native": Drawing(
        ("program", "system-browser", "server"),
        (
            (0, 0, "verifier"),
            (0, 1, "open-browser"),
            (1, 2, "request"),
            (1, 2, "sign-in"),
            (2, 1, "code-back"),
            (1, 0, "code-program"),
            (0, 2, "redeem-page"),
            (2, 0, "tokens"),
        ),
    ),
    "device": Drawing(
        ("device", "server", "telephone"),
        (
            (0, 1, "ask-codes"),
            (1, 0, "codes"),
            (0, 2, "show-code"),
            (2, 1, "type-code"),
            (2, 1, "sign-in"),
            (0, 1, "poll"),
            (1, 0, "tokens"),
        ),
    ),
    "ciba": Drawing(
        ("application", "server", "telephone"),
        (
            (0, 1, "ask-person"),
            (1, 2, "push"),
            (2, 1, "agree"),
            (0, 1, "poll"),
            (1, 0, "tokens"),
        ),
    ),
    "machine": Drawing(
        ("job", "server", "api"),
        ((0, 1, "prove"), (1, 0, "access-token"), (0, 2, "call"), (2, 2, "check")),
    ),
    "machine-jwt": Drawing(
        ("job", "server", "api"),
        (
            (0, 0, "sign-jwt"),
            (0, 1, "send-jwt"),
            (1, 0, "access-token"),
            (0, 2, "call"),
            (2, 2, "check"),
        ),
    ),
    "exchange": Drawing(
        ("service", "server", "api"),
        (
            (0, 0, "token-came"),
            (0, 1, "exchange"),
            (1, 0, "narrower-token"),
            (0, 2, "call"),
            (2, 2, "check"),
        ),
    ),
    "implicit": Drawing(
        ("browser", "application", "server"),
        (
            (1, 0, "to-server"),
            (0, 2, "request-old"),
            (0, 2, "sign-in"),
            (2, 0, "tokens-in-front"),
            (0, 1, "tokens-on"),
            (1, 1, "check-nonce"),
        ),
    ),
    "hybrid": Drawing(
        ("browser", "application", "server"),
        (
            (1, 0, "to-server"),
            (0, 2, "request"),
            (0, 2, "sign-in"),
            (2, 0, "code-and-id-token"),
            (0, 1, "tokens-on"),
            (1, 1, "check-hash"),
            (1, 2, "redeem"),
            (2, 1, "tokens"),
        ),
    ),
    "password": Drawing(
        ("person", "application", "server"),
        ((0, 1, "type-password"), (1, 2, "send-password"), (2, 1, "tokens")),
    ),
}
