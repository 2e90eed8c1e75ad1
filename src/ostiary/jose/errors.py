"""How a key, a token or a document is refused.

The message is public: it says what is wrong and repeats no more of what was received
than a printable, shortened piece. Whoever shows it adds which parameter it was in.
"""


class JoseError(Exception):
    """What was received is not acceptable.

    `rule` is a short stable name of the rule that broke, `section` where it is written.
    """

    def __init__(self, message: str, *, rule: str, section: str = "") -> None:
        """Say what is wrong and, where the reader can change it, what is expected."""
        super().__init__(message)
        self.message = message
        self.rule = rule
        self.section = section


class InvalidEncoding(JoseError):
    """The text is not strict base64url (RFC 7515, 2)."""


class InvalidJson(JoseError):
    """The text is not JSON as strictly as it is read here (RFC 8259; RFC 8725, 3.7)."""


class InvalidKey(JoseError):
    """The key is malformed, weak, private, or of a kind that is not supported."""


class UnsupportedKey(InvalidKey):
    """The key may be fine, but is of a kind, use or size that is not supported."""


class KeysUnavailable(JoseError):
    """A key set that others publish cannot be had now."""


class InvalidToken(JoseError):
    """The token is malformed, or signed in a way that is not accepted."""


class UnknownKey(InvalidToken):
    """No key of the set fits the token: the set may have changed since it was read."""


class InvalidSignature(InvalidToken):
    """The signature does not verify."""


class InvalidClaims(InvalidToken):
    """A claim is missing, of the wrong type, or does not hold now."""


class NoSigningKey(JoseError):
    """The ring has no active key for the algorithm."""


class SealError(JoseError):
    """A sealed value cannot be opened: wrong key-encryption key, moved, or damaged."""


class WrongKeyEncryptionKey(SealError):
    """The value was sealed under another key-encryption key than those configured."""


def shorten(value: object, limit: int = 40) -> str:
    """Show a received value in a message: printable ASCII, quoted, cut at `limit`."""
    text = value if isinstance(value, str) else type(value).__name__
    shown = "".join(c if " " <= c <= "~" else "?" for c in text[:limit])
    return f"'{shown}{'...' if len(text) > limit else ''}'"
