"""A job that gets a token for itself by client credentials, with Authlib, and prints its scope."""

import os

from authlib.integrations.requests_client import OAuth2Session

session = OAuth2Session(
    os.environ["OAUTH_CLIENT_ID"],
    os.environ["OAUTH_CLIENT_SECRET"],
    scope=os.environ.get("OAUTH_SCOPE"),
    token_endpoint_auth_method="client_secret_basic",
)
token = session.fetch_token(os.environ["OAUTH_TOKEN_URL"], grant_type="client_credentials")
# From here on, session.get("https://api.example.com/…") sends the token along.
print(f"A token for {token['expires_in']} seconds, scope: {token.get('scope', 'none')}")
