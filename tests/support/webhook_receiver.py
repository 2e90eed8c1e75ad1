"""A receiver of webhooks, as a program of its own: `python webhook_receiver.py SECRET…`.

It verifies each request as Standard Webhooks describes it, with nothing of Ostiary, and
writes a line of JSON for each. The first line is its port. It answers with the statuses that
it reads from standard input, one for each request, and waits for them; after the end of its
input with 204.
"""

import base64
import hashlib
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

TOLERANCE = 300


def verify(secrets: list[str], headers: dict[str, str], body: bytes, now: float) -> bool:
    """Tell whether one of the signatures is by one of the secrets, and the time is near."""
    if abs(now - int(headers["webhook-timestamp"])) > TOLERANCE:
        return False
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    given = [
        value.partition(",")[2]
        for value in headers["webhook-signature"].split(" ")
        if value.startswith("v1,")
    ]
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        if any(hmac.compare_digest(expected, one) for one in given):
            return True
    return False


class Receiver(BaseHTTPRequestHandler):
    """One request after the other."""

    def do_POST(self) -> None:
        """Take an event."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers["content-length"]))
        line = {
            "id": headers["webhook-id"],
            "type": headers["content-type"],
            "good": verify(sys.argv[1:], headers, body, time.time()),
            "body": json.loads(body),
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        status = int(sys.stdin.readline() or 204)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
