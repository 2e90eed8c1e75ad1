"""Where settings come from: defaults, then the file, the environment, the command line."""

import difflib
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ostiary.settings.options import OPTIONS, Option
from ostiary.settings.problem import Problem, SettingsError
from ostiary.settings.secret import Secret
from ostiary.settings.tree import OFF, Settings
from ostiary.settings.values import (
    check_value,
    is_loopback,
    join_address,
    parse_key,
    parse_text,
    split_address,
)

PREFIX = "OSTIARY_"
CONFIG_VARIABLE = "OSTIARY_CONFIG"
DEFAULT_FILE = "ostiary.toml"
DEV_FOLDER = ".ostiary"

_BY_NAME = {option.name: option for option in OPTIONS}
_BY_VARIABLE = {option.variable: option for option in OPTIONS}
_SECTIONS = {option.section for option in OPTIONS if option.section}
# What Kubernetes and container links put into the environment for a service of our name.
_LINK = re.compile(r"OSTIARY_(.+_)?(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_[0-9]+_(TCP|UDP)(_.+)?)")
_LINK_VALUE = re.compile(r"(tcp|udp)://")
_SMTP_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_READABLE_BY_OTHERS = stat.S_IRWXO | stat.S_IWGRP


def load(
    config_path: str | Path | None,
    environ: Mapping[str, str],
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Read and check all settings.

    Each source wins over the one before: defaults, the file (`config_path`, else
    `OSTIARY_CONFIG`, else `./ostiary.toml` where it exists), `OSTIARY_*` variables (an
    empty one counts as unset), and `overrides` by name (`listen`, `log.level`, and `host`
    and `port` for the halves of `listen`). Relative paths are taken from the folder of the
    file, or else from the current one.

    Raises:
        SettingsError: with every problem found.
    """
    return _Loader(Path.cwd()).load(config_path, environ, overrides or {})


class _Loader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.values: dict[str, Any] = {}
        self.places: dict[str, str] = {}
        self.problems: list[Problem] = []

    def load(
        self,
        config_path: str | Path | None,
        environ: Mapping[str, str],
        overrides: Mapping[str, Any],
    ) -> Settings:
        self._read_file(config_path, environ)
        self._read_environment(environ)
        self._read_overrides(overrides)
        self._fill_development()
        self._check_together()
        if self.problems:
            raise SettingsError(self.problems)
        return _build(self.values)

    def _refuse(self, place: str, message: str) -> None:
        self.problems.append(Problem(place, message))

    def _take(self, option: Option, value: Any, place: str, folder: Path) -> None:
        self.places[option.name] = place
        try:
            self.values[option.name] = check_value(option, value, folder)
        except ValueError as error:
            self._refuse(place, str(error))

    def _get(self, name: str) -> Any:
        return self.values.get(name, _BY_NAME[name].default)

    def _read_file(self, config_path: str | Path | None, environ: Mapping[str, str]) -> None:
        named = config_path or environ.get(CONFIG_VARIABLE)
        path = (self.folder / (named or DEFAULT_FILE)).absolute()
        if not named and not path.exists():
            return
        try:
            document = tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            self._refuse(str(path), f"cannot be read: {error.strerror}")
            return
        except UnicodeDecodeError:
            self._refuse(str(path), "is not written in UTF-8")
            return
        except tomllib.TOMLDecodeError as error:
            self._refuse(str(path), f"is not valid TOML: {error}")
            return
        for key, value in document.items():
            if key in _SECTIONS and isinstance(value, dict):
                for inner, inner_value in value.items():
                    self._take_key(f"{key}.{inner}", inner_value, path)
            elif key in _SECTIONS:
                self._refuse(f"{path}: {key}", f"is a table: write it as [{key}]")
            else:
                self._take_key(key, value, path)
        secrets = "key_encryption_key" in document or _has_password(document.get("smtp"))
        if secrets and _is_open(path):
            self._refuse(
                str(path), f"holds a secret and is open to others: run chmod 640 {path.name}"
            )

    def _take_key(self, name: str, value: Any, path: Path) -> None:
        place = f"{path}: {name}"
        option = _BY_NAME.get(name)
        if option is None:
            self._refuse(place, f"there is no such setting{_suggest(name, _BY_NAME)}")
        else:
            self._take(option, value, place, path.parent)

    def _read_environment(self, environ: Mapping[str, str]) -> None:
        for variable in sorted(environ):
            text = environ[variable]
            if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE or not text:
                continue
            option = _BY_VARIABLE.get(variable)
            if option is None:
                if not (_LINK.fullmatch(variable) or _LINK_VALUE.match(text)):
                    self._refuse(
                        variable, f"there is no such setting{_suggest(variable, _BY_VARIABLE)}"
                    )
                continue
            try:
                value = parse_text(option, text)
            except ValueError as error:
                self._refuse(variable, str(error))
            else:
                self._take(option, value, variable, self.folder)

    def _read_overrides(self, overrides: Mapping[str, Any]) -> None:
        given = {name: value for name, value in overrides.items() if value is not None}
        host, port = given.pop("host", None), given.pop("port", None)
        for name, value in given.items():
            self._take(_BY_NAME[name], value, f"--{name.replace('_', '-')}", self.folder)
        if host is not None or port is not None:
            old_host, old_port = split_address(self._get("listen"))
            if isinstance(host, str) and ":" in host:
                host = host.strip("[]")
            address = join_address(
                old_host if host is None else host, old_port if port is None else port
            )
            place = " and ".join(
                name for name, part in (("--host", host), ("--port", port)) if part is not None
            )
            self._take(_BY_NAME["listen"], address, place, self.folder)

    def _fill_development(self) -> None:
        if not self._get("dev"):
            return
        _, port = split_address(self._get("listen"))
        if not port and "public_url" not in self.places:
            self._refuse(self.places["listen"], "name the port: public_url follows from it")
            return
        for name, value in (
            ("public_url", f"http://localhost:{port}".removesuffix(":80")),
            ("database_url", f"sqlite:///{DEV_FOLDER}/ostiary.db"),
            ("metrics.listen", OFF),
        ):
            if name not in self.places:
                self._take(_BY_NAME[name], value, name, self.folder)

    def _check_together(self) -> None:
        public_url = urlsplit(self._get("public_url"))
        if (
            public_url.scheme == "http"
            and not self._get("allow_insecure_public_url")
            and not is_loopback(public_url.hostname or "")
        ):
            self._refuse(
                self.places["public_url"],
                "passwords and tokens would travel in the open: use https, or say "
                "allow_insecure_public_url = true",
            )
        self._read_key_file()
        self._check_smtp()

    def _read_key_file(self) -> None:
        name = "key_encryption_key_file"
        path = self._get(name)
        if not path:
            return
        place = self.places[name]
        if self.places.get("key_encryption_key") and self._get("key_encryption_key"):
            self._refuse(place, "key_encryption_key is set as well: keep one of the two")
            return
        try:
            text = Path(path).read_text("ascii")
            if _is_open(Path(path)):
                self._refuse(place, f"{path} is open to others: run chmod 600 {path}")
            self.values["key_encryption_key"] = parse_key(text)
        except FileNotFoundError:
            self._refuse(place, f"{path} does not exist; `ostiary init` makes a key")
        except OSError as error:
            self._refuse(place, f"{path} cannot be read: {error.strerror}")
        except ValueError:
            self._refuse(place, f"{path} does not hold a key: expected 32 bytes as base64url")

    def _check_smtp(self) -> None:
        host, security = self._get("smtp.host"), self._get("smtp.security")
        if not host:
            stray = [name for name in self.places if name.startswith("smtp.")]
            if stray:
                self._refuse(self.places[stray[0]], "is without effect: set smtp.host too")
            return
        if "smtp.from" not in self.places:
            self._refuse(self.places["smtp.host"], "set smtp.from, the sender of the mails, too")
        if bool(self._get("smtp.username")) != bool(self._get("smtp.password")):
            self._refuse(self.places["smtp.host"], "set both smtp.username and smtp.password")
        if security == "none" and self._get("smtp.password") and not is_loopback(host):
            self._refuse(
                self.places["smtp.security"], "the password would travel in the open: use starttls"
            )
        if not self._get("smtp.port"):
            self.values["smtp.port"] = _SMTP_PORTS[security]


def _suggest(name: str, names: Mapping[str, Option]) -> str:
    near = difflib.get_close_matches(name, [*names, *_SECTIONS], 1, 0.7)
    if not near:
        # Perhaps the key is right and its section is not.
        key = name.rpartition(".")[2]
        near = [known for known in names if known.rpartition(".")[2] == key][:1]
    return f"; did you mean {near[0]}?" if near else ""


def _has_password(section: Any) -> bool:
    return isinstance(section, dict) and bool(section.get("password"))


def _is_open(path: Path) -> bool:
    return bool(path.stat().st_mode & _READABLE_BY_OTHERS)


def _build(values: Mapping[str, Any]) -> Settings:
    tree: dict[str, Any] = {}
    for name, value in values.items():
        section, _, key = name.rpartition(".")
        (tree.setdefault(section, {}) if section else tree)[key] = value
    return msgspec.convert(tree, Settings, dec_hook=_keep)


def _keep(_kind: type, value: Any) -> Any:
    assert isinstance(value, Secret)  # noqa: S101 (narrowed for the type checker)
    return value
