"""Names from outside, made fit to be shown."""

import unicodedata

from ostiary.model.client import Client

_MAX_NAME = 64


def in_language(client: Client, member: str, tag: str | None) -> str | None:
    """Return a member of a client's metadata in a language, where it is given (RFC 7591, 2.2).

    Of several kinds of the language the exact one is taken first; the member without a
    language stands for all others.
    """
    if tag is not None and client.localized:
        wanted = tag.lower()
        given = {
            key.partition("#")[2].lower(): text
            for key, text in client.localized.items()
            if key.partition("#")[0] == member
        }
        for one, text in given.items():
            if one == wanted:
                return text
        for one, text in given.items():
            if one.partition("-")[0] == wanted.partition("-")[0]:
                return text
    found: str | None = getattr(client, member)
    return found


def shown_name(client: Client, tag: str | None = None) -> str:
    """Return what to call an application on a page, in the language `tag` if it has that.

    Without characters that nobody sees or that turn the direction of writing, and not
    longer than 64 characters.
    """
    given = in_language(client, "client_name", tag) or ""
    name = "".join(c for c in given if unicodedata.category(c) not in {"Cc", "Cf", "Co", "Cs"})
    name = " ".join(name.split())
    if len(name) > _MAX_NAME:
        name = name[: _MAX_NAME - 1] + "…"
    return name or client.client_id


def hide_address(address: str) -> str:
    """Return an e-mail address so that its owner knows it, and nobody learns it: `a…@acme.test`."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}…{at}{domain}"
