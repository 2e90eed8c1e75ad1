"""From a stack and an application to a program that runs: variables, commands, files."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import msgspec

from ostiary.advisor.frameworks import FRAMEWORKS
from ostiary.advisor.stacks import GENERIC, STACKS, Kind, Stack
from ostiary.model.client import AppType, Client
from ostiary.oauth.registry import SECRET_METHODS
from ostiary.oauth.scope import OFFLINE_ACCESS

# What means itself to a shell and to every reader of `.env` files.
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]+")
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_MAX_PORT = 65_535
ENV = ".env"
"""The file of a program that holds its variables, for its owner only."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a program; `name` is its path in the folder."""

    name: str
    content: str


class Values(msgspec.Struct, frozen=True, kw_only=True):
    """What an application is told of itself. Its secret is known only when it was just made."""

    issuer: str
    client_id: str
    client_secret: str = ""
    redirect_uri: str = ""
    scope: str = ""

    def __repr__(self) -> str:
        """Leave the secret out."""
        return f"Values({self.client_id!r})"

    @property
    def origin(self) -> str:
        """Where the application is, by its redirect URI."""
        return "/".join(self.redirect_uri.split("/")[:3])


class Quickstart(msgspec.Struct, frozen=True, kw_only=True):
    """A program that signs in, with everything that it has to be told.

    `env` are its variables, and `env_file` the same as a file. `url` is where a browser
    begins, empty where none does.
    """

    stack: str
    title: str
    tested: bool
    env: dict[str, str]
    env_file: str
    install: tuple[str, ...]
    run: tuple[str, ...]
    program: str
    files: tuple[File, ...]
    url: str
    note: str

    @property
    def folder(self) -> tuple[File, ...]:
        """Everything that stands in its folder, with its variables, which git is to ignore."""
        return (
            File(name=ENV, content=f"{self.env_file}\n"),
            File(name=".gitignore", content=f"{ENV}\n"),
            *self.files,
        )

    def __repr__(self) -> str:
        """Leave the secrets out."""
        return f"Quickstart({self.stack!r})"


def values_of(client: Client, issuer: str, secret: str | None) -> Values:
    """Return what a registered application is told."""
    return Values(
        issuer=issuer,
        client_id=client.client_id,
        client_secret=secret or "",
        redirect_uri=next(iter(client.redirect_uris), ""),
        scope=" ".join(one for one in client.allowed_scopes if one != OFFLINE_ACCESS),
    )


def kind_of(client: Client) -> Kind | None:
    """Tell what an application is; None for one that no quick start fits.

    The programs prove themselves by a secret or not at all, and get tokens by no old flow.
    """
    grants = client.grant_types
    public = client.token_endpoint_auth_method == "none"
    if not public and client.token_endpoint_auth_method not in SECRET_METHODS:
        return None
    if "authorization_code" in grants and "code" in client.response_types:
        if not public:
            return Kind.WEB
        return Kind.BROWSER if client.type is AppType.USER_AGENT else Kind.NATIVE
    if _DEVICE in grants:
        return Kind.DEVICE
    if "client_credentials" in grants and not public:
        return Kind.MACHINE
    return None


def fitting(client: Client) -> tuple[Stack, ...]:
    """Return the stacks that fit an application, the likeliest first.

    That is the one whose framework has the redirect URI, or else the path of it.
    """
    kind = kind_of(client)
    uri = next(iter(client.redirect_uris), "")
    path = urlsplit(uri).path
    found = [stack for stack in STACKS.values() if stack.kind is kind]
    return tuple(
        sorted(
            found,
            key=lambda stack: (
                uri not in FRAMEWORKS[stack.id].redirect_uris,
                path not in _paths(stack),
            ),
        )
    )


def variables_of(client: Client) -> Mapping[str, str]:
    """Return the variables of an application of which no stack is known."""
    if client.redirect_uris:
        return GENERIC
    return STACKS["device" if _DEVICE in client.grant_types else "m2m"].variables


def fill_in(variables: Mapping[str, str], values: Values, port: int = 0) -> dict[str, str]:
    """Return variables of an application with its values.

    What an application has none of is left out.
    """
    told = {name: getattr(values, name) for name in (*values.__struct_fields__, "origin")}
    told["port"] = str(_port(values.redirect_uri) or port)
    filled = {name: template.format_map(told) for name, template in variables.items()}
    return {name: value for name, value in filled.items() if value}


def render(
    stack: Stack, values: Values, files: tuple[File, ...], secrets: Iterable[str] = ()
) -> Quickstart:
    """Return the quick start of an application.

    `secrets` are fresh random texts, one for each of the stack's own.
    """
    env = fill_in(stack.variables, values, stack.port)
    env |= dict(zip(stack.secrets, secrets, strict=False))
    port = str(_port(values.redirect_uri) or stack.port)
    lacking = [] if values.client_secret else _secret_names(stack)
    return Quickstart(
        stack=stack.id,
        title=FRAMEWORKS[stack.id].title,
        tested=stack.tested,
        env=env,
        env_file=write_env(env, lacking, values.client_id),
        install=stack.install,
        run=tuple(one.format_map({"port": port}) for one in stack.run),
        program=stack.program,
        files=files,
        url=f"{values.origin}/" if stack.kind in {Kind.WEB, Kind.BROWSER} else "",
        note=stack.note,
    )


def write_env(
    variables: Mapping[str, str], lacking: Iterable[str] = (), client_id: str = ""
) -> str:
    """Write variables as a `.env` file, which a shell reads as well.

    Nothing in a value means anything to the shell. Of `lacking`, which nobody knows any
    more, the file says how to get them.
    """
    lines = [f"{name}={_quote(value)}" for name, value in variables.items()]
    lines += [
        f"# {name}: shown when it was made; ostiary app rotate-secret {_quote(client_id)}"
        for name in lacking
    ]
    return "\n".join(lines)


def _quote(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    # Readers differ in what may stand in quotes: an apostrophe and a line break in none.
    clean = value.replace("'", "%27").replace("\n", "%0A").replace("\r", "%0D")
    return f"'{clean}'"


def _secret_names(stack: Stack) -> list[str]:
    return [name for name, template in stack.variables.items() if template == "{client_secret}"]


def _paths(stack: Stack) -> tuple[str, ...]:
    return tuple(urlsplit(uri).path for uri in FRAMEWORKS[stack.id].redirect_uris)


def _port(redirect_uri: str) -> int:
    """Return the port of an address, 0 where it names none."""
    try:
        found = urlsplit(redirect_uri).port or 0
    except ValueError:
        return 0
    return found if found <= _MAX_PORT else 0
