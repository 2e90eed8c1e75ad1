"""Stacks: what an application of each framework is told, and the program that begins with it.

Each stack names a folder of `examples/`, whose program runs with nothing but the variables
that are told here. What is not `tested` cannot be had where Ostiary is built: a recipe.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What an application is, as far as its program can tell."""

    WEB = "web"
    BROWSER = "browser"
    NATIVE = "native"
    DEVICE = "device"
    MACHINE = "machine"


class Stack(msgspec.Struct, frozen=True, kw_only=True):
    """How to begin with a framework. Its id is that of the framework.

    Values of `variables`, and the commands, may name what `quickstart.Values` has.
    `secrets` are variables with a random text that only the application knows.
    """

    id: str
    kind: Kind
    folder: str
    program: str
    variables: Mapping[str, str]
    install: tuple[str, ...]
    run: tuple[str, ...]
    secrets: tuple[str, ...] = ()
    # Where it listens when its redirect URI does not say so.
    port: int = 8000
    tested: bool = True
    note: str = ""


GENERIC = {
    "OIDC_ISSUER": "{issuer}",
    "OIDC_CLIENT_ID": "{client_id}",
    "OIDC_CLIENT_SECRET": "{client_secret}",
    "OIDC_REDIRECT_URI": "{redirect_uri}",
    "OIDC_SCOPE": "{scope}",
}
"""What an application of no known framework is told."""

_PUBLIC = {name: value for name, value in GENERIC.items() if value != "{client_secret}"}
_VITE = {
    "VITE_OIDC_AUTHORITY": "{issuer}",
    "VITE_OIDC_CLIENT_ID": "{client_id}",
    "VITE_OIDC_REDIRECT_URI": "{redirect_uri}",
    "VITE_OIDC_SCOPE": "{scope}",
}
_SPRING = "SPRING_SECURITY_OAUTH2_CLIENT"
_ENVIRONMENT = "set -a; . ./.env; set +a"
_PIP = ("python -m venv .venv", ". .venv/bin/activate", "pip install -r requirements.txt")
_NPM = ("npm install",)
_START = ("npm start",)
_LOOPBACK = Stack(
    id="cli",
    kind=Kind.NATIVE,
    folder="cli",
    program="application.py",
    variables=_PUBLIC,
    install=_PIP,
    run=(_ENVIRONMENT, "python application.py"),
    note="It listens on a free port of 127.0.0.1: of a loopback address any is accepted.",
)

STACKS: dict[str, Stack] = {
    one.id: one
    for one in (
        Stack(
            id="fastapi",
            kind=Kind.WEB,
            folder="fastapi",
            program="application.py",
            variables=GENERIC,
            secrets=("SESSION_SECRET",),
            install=_PIP,
            run=(_ENVIRONMENT, "python -m uvicorn application:app --host localhost --port {port}"),
        ),
        Stack(
            id="flask",
            kind=Kind.WEB,
            folder="flask",
            program="application.py",
            variables=GENERIC,
            secrets=("SESSION_SECRET",),
            install=_PIP,
            run=(
                _ENVIRONMENT,
                "python -m flask --app application run --host localhost --port {port}",
            ),
            port=5000,
        ),
        Stack(
            id="django",
            kind=Kind.WEB,
            folder="django",
            program="application.py",
            variables={
                "OIDC_RP_CLIENT_ID": "{client_id}",
                "OIDC_RP_CLIENT_SECRET": "{client_secret}",
                "OIDC_RP_SIGN_ALGO": "RS256",
                "OIDC_RP_SCOPES": "{scope}",
                "OIDC_USE_PKCE": "true",
                "OIDC_OP_JWKS_ENDPOINT": "{issuer}/oauth/v2/keys",
                "OIDC_OP_AUTHORIZATION_ENDPOINT": "{issuer}/oauth/v2/authorize",
                "OIDC_OP_TOKEN_ENDPOINT": "{issuer}/oauth/v2/token",
                "OIDC_OP_USER_ENDPOINT": "{issuer}/oidc/v1/userinfo",
            },
            secrets=("SESSION_SECRET",),
            install=_PIP,
            run=(
                _ENVIRONMENT,
                "python application.py migrate",
                "python application.py runserver --noreload localhost:{port}",
            ),
            note="Read these variables in settings.py under the same names. The redirect URI is"
            " /oidc/callback/, with the slash.",
        ),
        Stack(
            id="express",
            kind=Kind.WEB,
            folder="express",
            program="application.mjs",
            variables={
                "ISSUER_BASE_URL": "{issuer}",
                "BASE_URL": "{origin}",
                "CLIENT_ID": "{client_id}",
                "CLIENT_SECRET": "{client_secret}",
                "REDIRECT_URI": "{redirect_uri}",
                "SCOPE": "{scope}",
            },
            secrets=("SECRET",),
            install=_NPM,
            run=_START,
            port=3000,
        ),
        Stack(
            id="nextjs",
            kind=Kind.WEB,
            folder="nextjs",
            program="app/api/auth/[...nextauth]/route.js",
            variables={
                "AUTH_OSTIARY_ISSUER": "{issuer}",
                "AUTH_OSTIARY_ID": "{client_id}",
                "AUTH_OSTIARY_SECRET": "{client_secret}",
                "NEXTAUTH_URL": "{origin}",
            },
            secrets=("NEXTAUTH_SECRET",),
            install=_NPM,
            run=("npm run dev -- --port {port}",),
            port=3000,
            tested=False,
        ),
        Stack(
            id="spring",
            kind=Kind.WEB,
            folder="spring",
            program="src/main/java/application/Application.java",
            variables={
                f"{_SPRING}_PROVIDER_OSTIARY_ISSUER_URI": "{issuer}",
                f"{_SPRING}_REGISTRATION_OSTIARY_CLIENT_ID": "{client_id}",
                f"{_SPRING}_REGISTRATION_OSTIARY_CLIENT_SECRET": "{client_secret}",
                f"{_SPRING}_REGISTRATION_OSTIARY_SCOPE": "openid,profile,email",
                "SERVER_PORT": "{port}",
            },
            install=(),
            run=(_ENVIRONMENT, "mvn spring-boot:run"),
            port=8081,
            tested=False,
            note="The redirect URI is /login/oauth2/code/ostiary.",
        ),
        Stack(
            id="go",
            kind=Kind.WEB,
            folder="go",
            program="main.go",
            variables=GENERIC,
            install=(),
            run=(_ENVIRONMENT, "go run ."),
            port=8082,
        ),
        Stack(
            id="aspnet",
            kind=Kind.WEB,
            folder="aspnet",
            program="Program.cs",
            variables=GENERIC | {"ASPNETCORE_URLS": "{origin}"},
            install=(),
            run=(_ENVIRONMENT, "dotnet run"),
            port=5001,
            tested=False,
            note="The redirect URI is /signin-oidc.",
        ),
        Stack(
            id="nuxt",
            kind=Kind.WEB,
            folder="nuxt",
            program="server/routes/auth/ostiary.get.js",
            variables={
                "NUXT_OAUTH_OIDC_CLIENT_ID": "{client_id}",
                "NUXT_OAUTH_OIDC_CLIENT_SECRET": "{client_secret}",
                "NUXT_OAUTH_OIDC_OPENID_CONFIG": "{issuer}/.well-known/openid-configuration",
                "NUXT_OAUTH_OIDC_REDIRECT_URL": "{redirect_uri}",
            },
            secrets=("NUXT_SESSION_PASSWORD",),
            install=_NPM,
            run=("npx nuxt dev --port {port}",),
            port=3000,
            tested=False,
        ),
        Stack(
            id="apache",
            kind=Kind.WEB,
            folder="apache",
            program="site.conf",
            variables=GENERIC | {"PORT": "{port}", "UPSTREAM": "http://localhost:8084/"},
            secrets=("OIDC_CRYPTO_PASSPHRASE",),
            install=("sudo apt-get install apache2 libapache2-mod-auth-openidc",),
            run=(
                _ENVIRONMENT,
                "mkdir -p run",
                '/usr/sbin/apache2 -DFOREGROUND -f "$PWD/site.conf"',
            ),
            port=8083,
            note="What is behind it, at UPSTREAM, reads who it is from the header OIDC_CLAIM_sub.",
        ),
        Stack(
            id="angular",
            kind=Kind.BROWSER,
            folder="angular",
            program="src/main.ts",
            variables={
                "NG_APP_ISSUER": "{issuer}",
                "NG_APP_CLIENT_ID": "{client_id}",
                "NG_APP_REDIRECT_URI": "{redirect_uri}",
                "NG_APP_SCOPE": "{scope}",
            },
            install=_NPM,
            run=("npm start -- --port {port}",),
            port=4200,
            tested=False,
        ),
        Stack(
            id="react",
            kind=Kind.BROWSER,
            folder="react",
            program="main.jsx",
            variables=_VITE,
            install=_NPM,
            run=("npm start -- --port {port}",),
            port=5173,
        ),
        Stack(
            id="spa",
            kind=Kind.BROWSER,
            folder="spa",
            program="application.js",
            variables=_PUBLIC,
            install=_NPM,
            run=_START,
            port=5173,
        ),
        msgspec.structs.replace(_LOOPBACK, id="native"),
        _LOOPBACK,
        Stack(
            id="device",
            kind=Kind.DEVICE,
            folder="device",
            program="application.mjs",
            variables={
                "OIDC_ISSUER": "{issuer}",
                "OIDC_CLIENT_ID": "{client_id}",
                "OIDC_SCOPE": "{scope}",
            },
            install=_NPM,
            run=_START,
        ),
        Stack(
            id="m2m",
            kind=Kind.MACHINE,
            folder="machine",
            program="application.py",
            variables={
                "OAUTH_TOKEN_URL": "{issuer}/oauth/v2/token",
                "OAUTH_CLIENT_ID": "{client_id}",
                "OAUTH_CLIENT_SECRET": "{client_secret}",
                "OAUTH_SCOPE": "{scope}",
            },
            install=_PIP,
            run=(_ENVIRONMENT, "python application.py"),
        ),
    )
}
