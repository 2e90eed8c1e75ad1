"""What a request asks for, and which answers it takes."""

import msgspec


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A request besides its address.

    `accept` are media types; with none, any answer is taken. `form` is a form-encoded body,
    `json` one of JSON; with one, the method is POST instead of GET. Redirects are never
    followed, so a status of 3xx is never among `statuses`.
    """

    accept: tuple[str, ...]
    statuses: tuple[int, ...] = (200,)
    headers: tuple[tuple[str, str], ...] = ()
    form: bytes | None = None
    json: bytes | None = None
