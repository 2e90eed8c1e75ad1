"""From what was written to a checked value. Every `ValueError` here says what to change."""

import base64
import difflib
import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ostiary.settings.options import Option
from ostiary.settings.secret import Secret
from ostiary.settings.tree import OFF

_MAX_PORT = 65_535
_BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*\.?")
_SENDER = re.compile(r"[^\s<>@]+@[^\s<>@]+|[^<>@]*<[^\s<>@]+@[^\s<>@]+>")
_DEFAULT_PORTS = {"https": 443, "http": 80}


def parse_text(option: Option, text: str) -> Any:
    """Turn the text of a variable into the option's type. A list is separated by commas."""
    if option.kind is bool:
        try:
            return _BOOLEANS[text.strip().lower()]
        except KeyError:
            raise ValueError(f"write true or false instead of {text!r}") from None
    if option.kind is int:
        if not re.fullmatch(r"\s*-?[0-9]{1,18}\s*", text):
            raise ValueError(f"write a whole number instead of {text!r}")
        return int(text)
    if option.kind is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def check_value(option: Option, value: Any, folder: Path) -> Any:
    """Return the value in its canonical form.

    A relative path is taken from `folder`.

    Raises:
        ValueError: the value cannot be used.
    """
    value = _check_type(option, value)
    check = _CHECKS.get(option.name)
    if check is None or value in ("", ()):
        return Secret(value) if option.secret else value
    return check(value, folder)


def _check_type(option: Option, value: Any) -> Any:
    expected: type = str if option.secret else option.kind
    if expected is tuple:
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise ValueError('expected a list of texts, such as ["a", "b"]')
        return tuple(value)
    if type(value) is not expected:
        shown = type(value).__name__ if option.secret else repr(value)
        raise ValueError(f"expected {option.type_label}, got {shown}")
    if isinstance(value, str) and option.choices and value not in option.choices:
        near = difflib.get_close_matches(value, option.choices, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"expected one of {', '.join(option.choices)}, got {value!r}{hint}")
    if isinstance(value, str) and not value.isprintable():
        raise ValueError("leave out control characters and line breaks")
    if isinstance(value, int) and expected is int and not _fits(option, value):
        raise ValueError(f"expected {option.at_least} to {option.at_most}, got {value}")
    return value


def _fits(option: Option, number: int) -> bool:
    return option.at_least <= number <= option.at_most


def split_address(address: str) -> tuple[str, int]:
    """Split `host:port`; an IPv6 address stands in brackets.

    Raises:
        ValueError: there is no port, or the host is none.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > _MAX_PORT:
        raise ValueError(f"write host:port, such as localhost:8080, instead of {address!r}")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        if ":" not in host:
            raise ValueError(f"brackets are for IPv6 addresses, such as [::1]:{port}")
    elif ":" in host:
        raise ValueError(f"write an IPv6 address in brackets: [{host}]:{port}")
    if ":" in host:
        return str(ipaddress.IPv6Address(host)), int(port)
    if not _HOST.fullmatch(host.lower()):
        raise ValueError(f"{host!r} is no host; 0.0.0.0:{port} listens on every IPv4 address")
    return host.lower(), int(port)


def join_address(host: str, port: int) -> str:
    """Write host and port as one text."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address stays on this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_public_url(value: str, _folder: Path) -> str:
    # Clients compare the issuer character by character, and browsers write an origin in one
    # form only: so exactly that form is accepted here, rather than repaired.
    url, port = _split_url(value)
    host = url.hostname or ""
    if url.scheme not in _DEFAULT_PORTS:
        raise ValueError("write an https URL, such as https://login.example.com")
    if not host.isascii():
        raise ValueError(f"write the host in its ASCII form: {host.encode('idna').decode()}")
    if "@" in url.netloc or not host or not (_is_ip(host) or _HOST.fullmatch(host)):
        raise ValueError("write scheme and host only, such as https://login.example.com")
    if url.path or url.query or url.fragment or value.endswith(("?", "#")):
        # `__Host-` cookies span the whole host: an issuer shares its host with nobody.
        raise ValueError(
            f"leave out everything after the host ({url.path or '/'}): the issuer has a host "
            "of its own and no path, not even a slash at the end"
        )
    if host.endswith("."):
        raise ValueError("leave out the dot at the end of the host")
    if port == _DEFAULT_PORTS[url.scheme]:
        raise ValueError(f"leave out :{port}, which is the usual port of {url.scheme}")
    canonical = f"{url.scheme}://{f'[{host}]' if ':' in host else host}"
    canonical += f":{port}" if port else ""
    if value != canonical:
        raise ValueError(f"write it in its canonical form: {canonical}")
    return value


def _split_url(value: str) -> tuple[SplitResult, int | None]:
    if not value.isprintable() or " " in value or "\\" in value:
        raise ValueError("leave out blanks, backslashes and control characters")
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError as error:
        raise ValueError(f"this is no URL: {error}") from None
    return url, port


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _check_database_url(value: str, folder: Path) -> Secret[str]:
    scheme, _, rest = value.partition("://")
    if scheme == "sqlite":
        path = rest[1:]
        if not rest.startswith("/") or not path or "?" in path:
            raise ValueError("write sqlite:///relative/path or sqlite:////absolute/path")
        if path == ":memory:":
            raise ValueError("a database in memory is lost and shared by nobody; name a file")
        return Secret(f"sqlite:///{_absolute(path, folder)}")
    if scheme in ("postgresql", "postgres"):
        # The value may hold a password: no message repeats any of it.
        try:
            url = urlsplit(f"postgresql://{rest}")
            named = bool(url.path.strip("/"))
            _ = url.port
        except ValueError:
            named = False
        if not named:
            raise ValueError("write postgresql://user:password@host:port/database")
        return Secret(f"postgresql://{rest}")
    raise ValueError("write sqlite:///path or postgresql://user:password@host/database")


def _check_listen(value: str, _folder: Path) -> str:
    return join_address(*split_address(value))


def _check_metrics_listen(value: str, folder: Path) -> str:
    return OFF if value == OFF else _check_listen(value, folder)


def _check_trusted_proxies(value: tuple[str, ...], _folder: Path) -> tuple[str, ...]:
    networks = tuple(_network(item) for item in value)
    for network in networks:
        if network.prefixlen == 0:
            raise ValueError(
                f"{network} would believe whatever any sender says of itself; "
                "name the networks of your proxies"
            )
    return tuple(str(network) for network in networks)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f"write networks such as 10.0.0.0/24: {error}") from None


def _check_egress_allow(value: tuple[str, ...], _folder: Path) -> tuple[str, ...]:
    allowed = []
    for item in value:
        try:
            allowed.append(str(ipaddress.ip_network(item)))
        except ValueError:
            try:
                allowed.append(join_address(*split_address(item)))
            except ValueError:
                raise ValueError(
                    f"{item!r} is neither a network such as 10.0.0.0/8 (with no bits set beyond "
                    "its length) nor host:port"
                ) from None
    return tuple(allowed)


def _check_dns_servers(value: tuple[str, ...], _folder: Path) -> tuple[str, ...]:
    found = []
    for item in value:
        try:
            host, port = split_address(item)
            found.append(join_address(str(ipaddress.ip_address(host)), port))
        except ValueError:
            raise ValueError(
                f"{item!r} is not an IP address with a port, such as 9.9.9.9:53"
            ) from None
    return tuple(found)


def parse_key(text: str) -> Secret[bytes]:
    """Decode a key-encryption key.

    Raises:
        ValueError: it is not base64url of 32 bytes.
    """
    stripped = text.strip().removesuffix("=")
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}", stripped):
        raise ValueError("expected 32 random bytes as base64url; `ostiary init` makes a new key")
    return Secret(base64.urlsafe_b64decode(stripped + "="))


def _check_sender(value: str, _folder: Path) -> str:
    if not _SENDER.fullmatch(value):
        raise ValueError("write an address, such as Example Login <login@example.com>")
    return value


def _absolute(path: str, folder: Path) -> str:
    return str((folder / Path(path).expanduser()).absolute())


_CHECKS: dict[str, Callable[[Any, Path], Any]] = {
    "public_url": _check_public_url,
    "database_url": _check_database_url,
    "listen": _check_listen,
    "trusted_proxies": _check_trusted_proxies,
    "key_encryption_key": lambda value, _folder: parse_key(value),
    "key_encryption_key_file": _absolute,
    "egress.allow": _check_egress_allow,
    "egress.ca_file": _absolute,
    "egress.dns_servers": _check_dns_servers,
    "metrics.listen": _check_metrics_listen,
    "smtp.from": _check_sender,
}
