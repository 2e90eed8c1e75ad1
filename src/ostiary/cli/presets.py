"""Presets: what an application of a kind is registered with."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ostiary.advisor.frameworks import FRAMEWORKS, Framework
from ostiary.advisor.stacks import STACKS, Kind, Stack

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
    """A kind of application: what it is registered with, and what it is told."""

    framework: Framework
    stack: Stack
    metadata: Mapping[str, Any]

    @property
    def title(self) -> str:
        """What people call it."""
        return self.framework.title

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        """Where people are sent back to while it is developed."""
        return self.framework.redirect_uris


_METADATA: dict[Kind, dict[str, Any]] = {
    Kind.WEB: _WEB,
    Kind.BROWSER: _BROWSER,
    Kind.NATIVE: _NATIVE,
    Kind.DEVICE: {"type": "DEVICE"},
    Kind.MACHINE: _MACHINE,
}

PRESETS: dict[str, Preset] = {
    id_: Preset(framework=framework, stack=STACKS[id_], metadata=_METADATA[STACKS[id_].kind])
    for id_, framework in FRAMEWORKS.items()
}
