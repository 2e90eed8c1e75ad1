"""Presets: what an application of a kind is registered with, and how it is told so."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ostiary.advisor.frameworks import FRAMEWORKS, Framework
from ostiary.model.client import Client
from ostiary.oauth.scope import OFFLINE_ACCESS

_CODE = {"grant_types": ["authorization_code", "refresh_token"]}
_WEB = _CODE | {"type": "OIDC_APP_TYPE_WEB", "token_endpoint_auth_method": "client_secret_basic"}
_BROWSER = _CODE | {"type": "OIDC_APP_TYPE_USER_AGENT", "token_endpoint_auth_method": "none"}
_NATIVE = _CODE | {"type": "OIDC_APP_TYPE_NATIVE", "token_endpoint_auth_method": "none"}
_MACHINE = {
    "type": "API",
    "grant_types": ["client_credentials"],
    "token_endpoint_auth_method": "client_secret_basic",
}


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of application.

    `variables` are environment variables of the application; their values may name
    `{issuer}`, `{client_id}`, `{client_secret}`, `{redirect_uri}`, `{origin}`, `{scope}`.
    """

    framework: Framework
    metadata: Mapping[str, Any]
    variables: Mapping[str, str]
    hint: str = ""

    @property
    def title(self) -> str:
        """What people call it."""
        return self.framework.title

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        """Where people are sent back to while it is developed."""
        return self.framework.redirect_uris


GENERIC = {
    "OIDC_ISSUER": "{issuer}",
    "OIDC_CLIENT_ID": "{client_id}",
    "OIDC_CLIENT_SECRET": "{client_secret}",
    "OIDC_REDIRECT_URI": "{redirect_uri}",
    "OIDC_SCOPE": "{scope}",
}
_VITE = {
    "VITE_OIDC_AUTHORITY": "{issuer}",
    "VITE_OIDC_CLIENT_ID": "{client_id}",
    "VITE_OIDC_REDIRECT_URI": "{redirect_uri}",
    "VITE_OIDC_SCOPE": "{scope}",
}
_SPRING = "SPRING_SECURITY_OAUTH2_CLIENT"
_AUTHLIB = (
    'With Authlib: oauth.register("ostiary", client_id=…, client_secret=…,'
    ' server_metadata_url=OIDC_ISSUER + "/.well-known/openid-configuration",'
    ' client_kwargs={"scope": OIDC_SCOPE, "code_challenge_method": "S256"})'
)

PRESETS: dict[str, Preset] = {
    "fastapi": Preset(
        framework=FRAMEWORKS["fastapi"],
        metadata=_WEB,
        variables=GENERIC,
        hint=_AUTHLIB,
    ),
    "flask": Preset(
        framework=FRAMEWORKS["flask"],
        metadata=_WEB,
        variables=GENERIC,
        hint=_AUTHLIB,
    ),
    "django": Preset(
        framework=FRAMEWORKS["django"],
        metadata=_WEB,
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
        hint="Read these variables in settings.py under the same names.",
    ),
    "express": Preset(
        framework=FRAMEWORKS["express"],
        metadata=_WEB,
        variables={
            "ISSUER_BASE_URL": "{issuer}",
            "BASE_URL": "{origin}",
            "CLIENT_ID": "{client_id}",
            "CLIENT_SECRET": "{client_secret}",
        },
        hint="Set SECRET as well, to a long random text of your own; then app.use(auth("
        '{authorizationParams: {response_type: "code", scope: "openid profile email"}}))',
    ),
    "nextjs": Preset(
        framework=FRAMEWORKS["nextjs"],
        metadata=_WEB,
        variables={
            "AUTH_OSTIARY_ISSUER": "{issuer}",
            "AUTH_OSTIARY_ID": "{client_id}",
            "AUTH_OSTIARY_SECRET": "{client_secret}",
        },
        hint='Add the provider {id: "ostiary", name: "Ostiary", type: "oidc",'
        " issuer: process.env.AUTH_OSTIARY_ISSUER}",
    ),
    "spring": Preset(
        framework=FRAMEWORKS["spring"],
        metadata=_WEB,
        variables={
            f"{_SPRING}_PROVIDER_OSTIARY_ISSUER_URI": "{issuer}",
            f"{_SPRING}_REGISTRATION_OSTIARY_CLIENT_ID": "{client_id}",
            f"{_SPRING}_REGISTRATION_OSTIARY_CLIENT_SECRET": "{client_secret}",
            f"{_SPRING}_REGISTRATION_OSTIARY_SCOPE": "openid,profile,email",
            "SERVER_PORT": "8081",
        },
    ),
    "react": Preset(
        framework=FRAMEWORKS["react"],
        metadata=_BROWSER,
        variables=_VITE,
        hint="<AuthProvider authority={…} client_id={…} redirect_uri={…} scope={…}>",
    ),
    "spa": Preset(
        framework=FRAMEWORKS["spa"],
        metadata=_BROWSER,
        variables=_VITE,
        hint="With oidc-client-ts: new UserManager({authority, client_id, redirect_uri, scope})",
    ),
    "native": Preset(
        framework=FRAMEWORKS["native"],
        metadata=_NATIVE,
        variables=GENERIC,
        hint="On a phone, use a private-use scheme: --redirect-uri com.example.app:/callback",
    ),
    "cli": Preset(
        framework=FRAMEWORKS["cli"],
        metadata=_NATIVE,
        variables=GENERIC,
        hint="Listen on a free port of 127.0.0.1 and open the browser; any port is accepted.",
    ),
    "device": Preset(
        framework=FRAMEWORKS["device"],
        metadata={"type": "DEVICE"},
        variables={
            "OIDC_ISSUER": "{issuer}",
            "OIDC_CLIENT_ID": "{client_id}",
            "OIDC_SCOPE": "{scope}",
        },
        hint="Ask /oauth/v2/device_authorization for codes, show the user_code, then poll.",
    ),
    "m2m": Preset(
        framework=FRAMEWORKS["m2m"],
        metadata=_MACHINE,
        variables={
            "OAUTH_TOKEN_URL": "{issuer}/oauth/v2/token",
            "OAUTH_CLIENT_ID": "{client_id}",
            "OAUTH_CLIENT_SECRET": "{client_secret}",
        },
        hint='curl -u "$OAUTH_CLIENT_ID:$OAUTH_CLIENT_SECRET" -d grant_type=client_credentials'
        ' "$OAUTH_TOKEN_URL"',
    ),
}


def fill_in(
    variables: Mapping[str, str], client: Client, issuer: str, secret: str | None
) -> dict[str, str]:
    """Return environment variables of an application; without the secret if it is unknown.

    What an application has none of is left out.
    """
    redirect_uri = next(iter(client.redirect_uris), "")
    values = {
        "issuer": issuer,
        "client_id": client.client_id,
        "client_secret": secret or "",
        "redirect_uri": redirect_uri,
        "origin": "/".join(redirect_uri.split("/")[:3]),
        "scope": " ".join(one for one in client.allowed_scopes if one != OFFLINE_ACCESS),
    }
    filled = {name: template.format_map(values) for name, template in variables.items()}
    return {name: value for name, value in filled.items() if value}


def write_env(variables: Mapping[str, str]) -> str:
    """Write variables as a `.env` file; values with spaces are quoted."""
    return "\n".join(
        f'{name}="{value}"' if any(letter in value for letter in " #'$`") else f"{name}={value}"
        for name, value in variables.items()
    )
