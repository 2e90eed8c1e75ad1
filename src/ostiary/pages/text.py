"""Names from outside, made fit to be shown."""

import unicodedata

from ostiary.model.client import Client

_MAX_NAME = 64


def shown_name(client: Client) -> str:
    """Return what to call an application on a page.

    Without characters that nobody sees or that turn the direction of writing, and not
    longer than 64 characters.
    """
    name = "".join(
        c for c in client.client_name if unicodedata.category(c) not in {"Cc", "Cf", "Co", "Cs"}
    )
    name = " ".join(name.split())
    if len(name) > _MAX_NAME:
        name = name[: _MAX_NAME - 1] + "…"
    return name or client.client_id
