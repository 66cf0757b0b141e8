"""An endpoint of events, as an operator has one."""

from __future__ import annotations

import http.server
import threading


class Receiver:
    """An endpoint that fails the first times it is called."""

    def __init__(self, failures: int) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.attempts = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Counted, not printed."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.attempts += 1
                works = outer.attempts > failures
                if works:
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    outer.received.append((headers, body))
                self.send_response(200 if works else 500)
                self.send_header("Content-Length", "0")
                self.end_headers()

        self._listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._listener.server_address[1]}/events"
        threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._listener.shutdown()
        self._listener.server_close()
