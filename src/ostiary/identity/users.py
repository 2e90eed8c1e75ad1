"""Names under which people sign in, and names under which they are shown."""

import unicodedata

from ostiary.model.user import LoginName, User

MAX_LOGIN_NAME = 254
"""Longest login name in characters: that of an e-mail address (RFC 5321, 4.5.3.1.3)."""

MAX_SPELLING = 4 * MAX_LOGIN_NAME
"""Longest spelling of a login name: folding makes one character of up to four."""


def canonical_name(name: str) -> str:
    """Fold a login name so that all its spellings are one.

    Space around it, case, compatibility forms (full-width letters, ligatures) and
    invisible format characters make no difference. What is left may be empty. Of a text
    that is too long to spell a name nothing is left: putting accents in their order takes
    time that grows with the square of their number.
    """
    if len(name) > MAX_SPELLING:
        return ""
    folded = unicodedata.normalize("NFKC", name).casefold()
    visible = "".join(c for c in folded if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFKC", visible).casefold().strip()


def valid_login_name(name: str) -> bool:
    """Tell whether a canonical name may be given to a user: it can be typed and seen."""
    return 0 < len(name) <= MAX_LOGIN_NAME and all(
        unicodedata.category(c)[0] != "C" and (c == " " or not c.isspace()) for c in name
    )


def login_names(user: User) -> tuple[LoginName, ...]:
    """Return the names under which a user signs in: user name and e-mail address."""
    names = dict.fromkeys(canonical_name(name) for name in (user.username, user.email) if name)
    return tuple(LoginName(name=name, user_id=user.id) for name in names if name)


def display_name(user: User) -> str:
    """Return what to call a user on a page."""
    profile = user.profile
    full = " ".join(filter(None, (profile.given_name, profile.family_name)))
    return profile.name or full or user.username


def guessable_words(user: User) -> tuple[str, ...]:
    """Return the words that whoever guesses the password of this user would try."""
    claims = (getattr(user.profile, name) for name in user.profile.__struct_fields__)
    return tuple(word for word in (user.username, user.email, user.phone_number, *claims) if word)
