"""Rules for names, ids and other short texts that people choose."""

import re
import unicodedata
from collections.abc import Callable

MAX_NAME = 64
MAX_EMAIL = 254
_MAX_LOCAL_PART = 64

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}")
_CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~@-]{0,127}")
# What other systems give as ids; a comma would end it in a position of a list.
_USER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:@|+=-]{0,127}")
_ROLE = re.compile(r"[!#-\[\]-~]{1,100}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_BIRTHDATE = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))?")
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}")
_LOCALE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,5}")

# Control, private and unassigned characters, and those that steer how a line is laid out.
# The joiners are needed in several scripts and in emoji.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")

Check = Callable[[str], str | None]


def check_text(text: str, limit: int) -> str | None:
    """Tell what is wrong with a text of one line, or None."""
    if len(text) > limit:
        return f"must be at most {limit} characters long"
    if text != text.strip():
        return "must not begin or end with white space"
    for letter in text:
        if unicodedata.category(letter) in _UNPRINTABLE and letter not in _JOINERS:
            return (
                f"must not hold the character U+{ord(letter):04X}: it is invisible or steers text"
            )
    return None


def check_name(text: str) -> str | None:
    """Tell what is wrong with the name of something, as it is shown to people, or None."""
    if not text:
        return "must not be empty"
    return check_text(text, MAX_NAME)


def check_id(text: str) -> str | None:
    """Tell what is wrong with a chosen id, or None."""
    if not _ID.fullmatch(text):
        return "must be 1 to 100 letters, digits or . _ ~ - and begin with a letter or digit"
    return None


def check_client_id(text: str) -> str | None:
    """Tell what is wrong with a chosen client_id, or None."""
    if not _CLIENT_ID.fullmatch(text):
        return "must be 1 to 128 letters, digits or . _ ~ @ - and begin with a letter or digit"
    return None


def check_user_id(text: str) -> str | None:
    """Tell what is wrong with an id that somebody brings from elsewhere, or None."""
    if not _USER_ID.fullmatch(text):
        return (
            "must be 1 to 128 letters, digits or . _ ~ : @ | + = - and begin with a letter or digit"
        )
    return None


def check_role_key(text: str) -> str | None:
    """Tell what is wrong with the key of a role, or None."""
    if not _ROLE.fullmatch(text):
        return 'must be 1 to 100 printable ASCII characters without spaces, " or \\'
    return None


def check_domain(text: str) -> str | None:
    """Tell what is wrong with a domain name, or None."""
    labels = text.split(".")
    if len(text) > MAX_EMAIL or len(labels) < 2:  # noqa: PLR2004 - a name and its top level
        return "must be a domain name, such as example.com"
    if text != text.lower():
        return "must be in lower case"
    if not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        return "must be a domain name, such as example.com (international ones in xn-- form)"
    return None


def check_email(text: str) -> str | None:
    """Tell what is wrong with an e-mail address (RFC 5322, 3.4.1: dot-atom only), or None."""
    local, at, domain = text.partition("@")
    if not at or "@" in domain:
        return "must be one address with one @"
    if len(text) > MAX_EMAIL or len(local) > _MAX_LOCAL_PART:
        return f"must be at most {MAX_EMAIL} characters long"
    if not all(_ATOM.fullmatch(atom) for atom in local.split(".")):
        return "must be a plain address without spaces, quotes or comments"
    return check_domain(domain.lower()) and "the part after the @ must be a domain name"


def check_username(text: str) -> str | None:
    """Tell what is wrong with a user name, or None."""
    if not text:
        return "must not be empty"
    if any(letter.isspace() for letter in text):
        return "must not hold white space"
    return check_text(text, 200)


def check_phone(text: str) -> str | None:
    """Tell what is wrong with a telephone number (E.164), or None."""
    if not _PHONE.fullmatch(text):
        return "must be an international number without spaces, such as +41446681800"
    return None


def check_birthdate(text: str) -> str | None:
    """Tell what is wrong with a birthdate (OpenID Connect Core 5.1), or None."""
    if not _BIRTHDATE.fullmatch(text):
        return "must be written YYYY-MM-DD, or YYYY alone"
    return None


def check_zoneinfo(text: str) -> str | None:
    """Tell what is wrong with the name of a time zone, or None."""
    if not _ZONE.fullmatch(text):
        return "must be the name of a time zone, such as Europe/Zurich"
    return None


def check_locale(text: str) -> str | None:
    """Tell what is wrong with a language tag (BCP 47), or None."""
    if not _LOCALE.fullmatch(text):
        return "must be a language tag, such as de or de-CH"
    return None
