"""The way from the network to `make watch` (LAN=1): forwards webhooks to `cargo lambda watch`, and nothing else.

`cargo lambda watch` also invokes functions with any event that is posted to it, for example with a forged sender
address or as a message of a queue. It therefore listens on the loopback, and this forwarder, which knows the webhook
routes of Cargo.toml, on the network. Only private addresses are served. Python's standard library only.
"""

import http.client
import ipaddress
import re
import socket
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from state import ROOT

# More than a function accepts; the function answers what is above its own limit.
LARGEST_BODY = 6 * 1024 * 1024
MAX_CONNECTIONS = 64
# Compiling a function at its first request takes minutes.
FUNCTION_TIMEOUT_SECONDS = 600
CLIENT_TIMEOUT_SECONDS = 30
# Fields of the connection, and fields that cargo lambda or the functions take from a trusted party only.
NOT_FORWARDED = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "trailer", "upgrade",
                 "host", "content-length", "expect", "x-camhook-front", "cloudfront-viewer-address", "forwarded"}
NOT_FORWARDED_PREFIXES = ("x-forwarded-", "x-amz", "lambda-")
# Whatever a server could read as another path: dot segments, empty segments, encoded separators, controls.
AMBIGUOUS = re.compile(r"//|/\.{1,2}(/|$)|\\|%2e|%2f|%5c|%25|%00|[^\x21-\x7e]", re.IGNORECASE)


# What people open in a browser is no webhook.
CONSOLE = "/console"


def webhook_routes():
    """The paths of `[workspace.metadata.lambda.watch.router]` but the console's: (text, whether anything may follow it)."""
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    router = cargo["workspace"]["metadata"]["lambda"]["watch"]["router"]
    return [(path.removesuffix("{*proxy}"), path.endswith("{*proxy}")) for path in router
            if not path.startswith(CONSOLE)]


def is_webhook(target, routes):
    """Whether a request target is one of the webhook routes, read in the only way there is to read it."""
    path = target.partition("?")[0]
    if not path.startswith("/") or AMBIGUOUS.search(path) or any(not 0x20 < ord(letter) < 0x7f for letter in target):
        return False
    return any(path.startswith(route) and len(path) > len(route) if open_ended else path == route
               for route, open_ended in routes)


def is_neighbour(address):
    """Whether an address belongs to a private network or to this machine."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return ip.is_private or ip.is_loopback or ip.is_link_local


class Forwarder(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host, port, target_port):
        self.target_port = target_port
        self.routes = webhook_routes()
        self.slots = threading.BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__((host, port), Handler)

    def verify_request(self, request, client_address):
        return is_neighbour(client_address[0]) and self.slots.acquire(blocking=False)

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.slots.release()

    def handle_error(self, request, client_address):
        pass  # A client that went away.


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = CLIENT_TIMEOUT_SECONDS

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _forward(self):
        if not is_webhook(self.path, self.server.routes):
            return self._refuse(404)
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isascii() or not length.isdigit():
            return self._refuse(411)
        if int(length) > LARGEST_BODY:
            return self._refuse(413)
        body = self.rfile.read(int(length))
        function = http.client.HTTPConnection("127.0.0.1", self.server.target_port, timeout=FUNCTION_TIMEOUT_SECONDS)
        try:
            function.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            function.putheader("Host", "127.0.0.1")
            for name, value in self.headers.items():
                if name.lower() not in NOT_FORWARDED and not name.lower().startswith(NOT_FORWARDED_PREFIXES):
                    function.putheader(name, value)
            function.putheader("Content-Length", str(len(body)))
            function.endheaders(body)
            answer = function.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException, ValueError):
            return self._refuse(502)
        finally:
            function.close()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in NOT_FORWARDED:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _refuse(self, status):
        self.close_connection = True
        self.send_response_only(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _forward

    def log_message(self, format, *arguments):
        pass  # A request's path holds the source's token.


def forward(host, port, target_port):
    """Forwards webhooks from this address until the process ends."""
    forwarder = Forwarder(host, port, target_port)
    threading.Thread(target=forwarder.serve_forever, daemon=True).start()
    return forwarder
