"""A command that people sign in to by their browser, with Authlib (RFC 8252).

The answer comes to a port that is free at the moment: of a loopback address, any is accepted.
"""

import os
import webbrowser
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

ISSUER = os.environ["OIDC_ISSUER"]
REGISTERED = urlsplit(os.environ["OIDC_REDIRECT_URI"])


class Answer(BaseHTTPRequestHandler):
    """Takes the browser back, once."""

    path_and_query = ""

    def do_GET(self) -> None:
        """Note the answer, and say that all is done."""
        if urlsplit(self.path).path != REGISTERED.path:
            self.send_error(404)
            return
        Answer.path_and_query = self.path
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"You can close this window.")

    def log_message(self, *_: object) -> None:
        """Keep the code out of the terminal."""


def main() -> None:
    """Sign in, and greet."""
    provider = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=10).json()
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        redirect_uri = f"http://127.0.0.1:{server.server_port}{REGISTERED.path}"
        session = OAuth2Session(
            os.environ["OIDC_CLIENT_ID"],
            token_endpoint_auth_method="none",
            scope=os.environ["OIDC_SCOPE"],
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )
        verifier = generate_token(64)
        url, state = session.create_authorization_url(
            provider["authorization_endpoint"], code_verifier=verifier
        )
        print(f"Opening {url}", flush=True)
        webbrowser.open(url)
        while not Answer.path_and_query:
            server.handle_request()
    # The library refuses the answer to another request.
    session.fetch_token(
        provider["token_endpoint"],
        authorization_response=redirect_uri + Answer.path_and_query.removeprefix(REGISTERED.path),
        state=state,
        code_verifier=verifier,
    )
    user = session.get(provider["userinfo_endpoint"]).json()
    print(f"Hello, {user.get('name', user['sub'])}")


if __name__ == "__main__":
    main()
