"""An old client on Authlib: without PKCE, or with tokens from the fragment.

It is told its provider, client and response type, and says where to send somebody; then it
is told where they came back to, and says what it got: the tokens, the claims of the ID
token, and those at userinfo.
"""

import json
import secrets
import sys
from typing import Any

import httpx
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.jwk import KeySet


def read_claims(metadata: dict[str, Any], id_token: str, nonce: str) -> dict[str, Any]:
    """Verify an ID token."""
    keys = KeySet.import_key_set(httpx.get(metadata["jwks_uri"]).json())
    claims = jwt.decode(id_token, keys, algorithms=["RS256"]).claims
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": metadata["issuer"]},
        nonce={"essential": True, "value": nonce},
    ).validate(claims)
    return dict(claims)


def main() -> None:
    """Send somebody, hear where they came back to, and get the tokens."""
    told = json.loads(sys.stdin.readline())
    metadata = httpx.get(f"{told['issuer']}/.well-known/openid-configuration").json()
    nonce = secrets.token_urlsafe(16)
    with OAuth2Client(
        told["client_id"],
        told.get("client_secret"),
        scope="openid email",
        redirect_uri=told["redirect_uris"][0],
    ) as client:
        url, state = client.create_authorization_url(
            metadata["authorization_endpoint"],
            response_type=told["response_types"][0],
            nonce=nonce,
        )
        print(json.dumps({"authorize": url}), flush=True)
        came = json.loads(sys.stdin.readline())["url"]
        tokens = client.fetch_token(
            metadata["token_endpoint"], authorization_response=came, state=state
        )
        answer = {
            "asked": url,
            "tokens": dict(tokens),
            "claims": read_claims(metadata, tokens["id_token"], nonce),
            "userinfo": client.get(metadata["userinfo_endpoint"]).json(),
        }
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
