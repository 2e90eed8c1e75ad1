"""An application that asks people for their password itself, with Authlib's client.

It is told its provider and client, then a user name and a password a line, and says what
it got with them: the tokens, the claims at userinfo, the tokens after a refresh.
"""

import json
import sys
from typing import Any

import httpx
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client


def sign_in(told: dict[str, Any], username: str, password: str) -> dict[str, Any]:
    """Get tokens by the password grant, and use them."""
    with OAuth2Client(told["client_id"], told["client_secret"], scope=told["scope"]) as client:
        metadata = httpx.get(f"{told['issuer']}/.well-known/openid-configuration").json()
        endpoint = metadata["token_endpoint"]
        try:
            tokens = client.fetch_token(endpoint, username=username, password=password)
        except OAuthError as refusal:
            return {"refused": refusal.error, "grants": metadata["grant_types_supported"]}
        return {
            "grants": metadata["grant_types_supported"],
            "tokens": dict(tokens),
            "userinfo": client.get(metadata["userinfo_endpoint"]).json(),
            "refreshed": dict(client.refresh_token(endpoint)),
        }


def main() -> None:
    """Hear the client, then try each pair."""
    told = json.loads(sys.stdin.readline())
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(sign_in(told, **json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
