"""What may be kept of a request or an answer so that a developer sees what was wrong with it.

Rule: a value is shown only where its parameter is known to hold no secret and nothing about
a person; of all others the length is told. What looks like a token, code or digest is cut
out even of those, since people put the wrong thing into the wrong parameter.
"""

import re
import string
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from ostiary.oauth.errors import printable
from ostiary.oauth.message import Form
from ostiary.oauth.scope import MAX_SCOPES

MAX_PARAMETERS = 40
# What names of parameters are made of. Anything else was meant to be something else, such as
# a JSON object with secrets in it.
_NAME = re.compile(r"[A-Za-z0-9_.:#-]{1,40}")
_MAX_VALUE = 300
_MAX_SENTENCE = 600
_PUSHED = "urn:ietf:params:oauth:request_uri:"

# Shown as they are, but for what looks like a secret in them.
_PLAIN = frozenset(
    {
        *("client_id", "redirect_uri", "post_logout_redirect_uri", "response_type"),
        *("response_mode", "scope", "prompt", "max_age", "ui_locales", "display", "acr_values"),
        *("code_challenge_method", "resource", "audience", "grant_type", "token_type_hint"),
        *("client_assertion_type", "subject_token_type", "actor_token_type"),
        *("requested_token_type", "claims_locales", "iss", "error", "token_type", "expires_in"),
        *("interval", "page", "active"),
    }
)
# More characters in a row than any word or id has: a UUID has 36.
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{6,}[A-Za-z0-9_.-]*|ost_[a-z]+_\w+|[A-Za-z0-9_~+=-]{40,}")
# A host as it is registered: lower-case labels, of which tokens are not made.
_HOST = re.compile(r"(://(?:[a-z0-9-]{1,63}\.)+[a-z]{2,63}(?=[/:?#\s]|\Z))")
_SHOWN_OF_DIGEST = 8
# Parameters within an address.
_SECRET_IN_QUERY = re.compile(
    r"(?i)([?&#;](?:code|state|token|access_token|id_token|refresh_token|client_secret|secret|"
    r"password|session|sid|key|api_key|ticket|nonce|assertion)=)[^&#;\s]*"
)
_MAX_READ = 2000
_WORD = string.ascii_letters + string.digits + "_.~+=-"
# A name and password before a host.
_CREDENTIALS = re.compile(r"//[^/?#@\s]*@")


def tell_length(value: str) -> str:
    """Return what is kept of a value that is not shown."""
    return "1 character" if len(value) == 1 else f"{len(value)} characters"


def scrub(text: str) -> str:
    """Return a text without what could be secret in it, in printable ASCII and bounded."""
    return _scrub(text, _MAX_VALUE)


def scrub_sentence(text: str) -> str:
    """Return what an error describes without what could be secret in it."""
    return _scrub(text, _MAX_SENTENCE)


def _scrub(text: str, limit: int) -> str:
    if len(text) > _MAX_READ:
        # What is cut in two is none of the longer words any more: its first half goes, too.
        # Looked for from the end: a pattern that has to end there takes time that grows with
        # the square of the length.
        text = text[:_MAX_READ].rstrip(_WORD) + "…"
    shown = _CREDENTIALS.sub("//…@", text)
    shown = _SECRET_IN_QUERY.sub(lambda found: f"{found[1]}…", shown)
    # Names of hosts may be long, as those of previews are, and are what differs then.
    parts = _HOST.split(shown)
    parts[::2] = (_TOKEN.sub(lambda found: f"[{tell_length(found[0])}]", one) for one in parts[::2])
    shown = "".join(parts)
    return "…".join(printable(part, limit) for part in shown.split("…"))[:limit]


def show_parameters(form: Form) -> dict[str, str]:
    """Return the parameters of a request as they may be kept."""
    shown: dict[str, str] = {}
    for name, value in form.values.items():
        if len(shown) >= MAX_PARAMETERS:
            break
        several = form.all(name)[:MAX_SCOPES]
        shown[_show_name(name)] = show_value(name, " ".join(several) or value)
    challenge = form.get("code_challenge")
    if challenge is not None and form.get("code_challenge_method") == "S256":
        shown["code_challenge"] = show_digest(challenge)
    for name in form.duplicates[:MAX_PARAMETERS]:
        shown[_show_name(name)] = "sent more than once"
    return shown


def _show_name(name: str) -> str:
    return scrub(name) if _NAME.fullmatch(name) else f"[name of {tell_length(name)}]"


def show_digest(value: str) -> str:
    """Return as much of a digest as it takes to tell it from another."""
    return f"{printable(value[:_SHOWN_OF_DIGEST])}… ({tell_length(value)})"


def show_answer(answer: Mapping[str, object]) -> dict[str, str]:
    """Return the members of an answer as they may be kept; values that are no text are named."""
    shown = {}
    for name, value in list(answer.items())[:MAX_PARAMETERS]:
        if isinstance(value, bool):
            shown[name] = "true" if value else "false"
        elif isinstance(value, int | str):
            shown[name] = show_value(name, str(value))
    return shown


def show_value(name: str, value: str) -> str:
    """Return the value of a parameter as it may be kept."""
    if name == "request_uri":
        return f"{_PUSHED}…" if value.startswith(_PUSHED) else scrub(value)
    return scrub(value) if name in _PLAIN else tell_length(value)


def split_answer(location: str) -> dict[str, str]:
    """Return the parameters that a redirect carries to the application."""
    parts = urlsplit(location)
    return dict(parse_qsl(parts.fragment or parts.query))
