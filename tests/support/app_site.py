"""Applications on loopback that only receive: what a browser is sent to after signing in."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Application:
    """A web server that notes every request, and answers by path.

    `redirects` maps a path to where it leads on; `pages` to HTML. Other paths say `arrived`.
    """

    def __init__(self) -> None:
        self.origin = ""
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.redirects: dict[str, str] = {}
        self.pages: dict[str, str] = {}

    def received(self, path: str) -> list[tuple[str, dict[str, str]]]:
        """Return full path and headers of the requests to a path."""
        return [
            (full, headers) for _, full, headers in self.requests if full.partition("?")[0] == path
        ]


@contextmanager
def serve_application() -> Iterator[Application]:
    """Serve an application on a free port."""
    application = Application()

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            application.requests.append((self.command, self.path, headers))
            path, _, query = self.path.partition("?")
            if path in application.redirects:
                self.send_response(302)
                self.send_header("Location", f"{application.redirects[path]}?{query}")
                self.end_headers()
                return
            body = application.pages.get(
                path, "<!doctype html><title>App</title><p>arrived"
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            """Keep the test's output to the test."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    application.origin = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield application
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
