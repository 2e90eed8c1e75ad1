"""A machine on Authlib's client that gets a token, asks about it, ends it, and asks again.

It is told its client on standard input, and says what it learnt. Endpoints come from
discovery.
"""

import json
import sys
from typing import Any

import httpx
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT


def learn(told: dict[str, Any]) -> dict[str, Any]:
    """Do it all; return what was learnt."""
    provider = httpx.get(f"{told['issuer']}/.well-known/oauth-authorization-server").json()
    method: Any = "client_secret_basic"
    if "private_key" in told:
        method = PrivateKeyJWT(provider["token_endpoint"])
    client = OAuth2Client(
        told["client_id"],
        told.get("private_key") or told["client_secret"],
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
    )
    token = client.fetch_token(
        provider["token_endpoint"], grant_type="client_credentials", scope=told["scope"]
    )["access_token"]

    def ask() -> dict[str, Any]:
        answer = client.introspect_token(
            provider["introspection_endpoint"], token, token_type_hint="access_token"
        )
        return dict(answer.json())

    before = ask()
    ended = client.revoke_token(provider["revocation_endpoint"], token)
    return {"before": before, "ended": ended.status_code, "after": ask()}


if __name__ == "__main__":
    print(json.dumps(learn(json.loads(sys.stdin.readline()))), flush=True)
