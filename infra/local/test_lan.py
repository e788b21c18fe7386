"""Tests of the forwarder of `make watch` with LAN=1: python3 -m unittest discover infra/local"""

import http.client
import json
import socket
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import lan


class Watch(BaseHTTPRequestHandler):
    """Stands in for `cargo lambda watch`: records what reaches it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        answer = json.dumps({"path": self.path}).encode()
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="camhook"')
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST

    def log_message(self, format, *arguments):
        pass


class ForwarderTest(unittest.TestCase):
    def setUp(self):
        self.watch = ThreadingHTTPServer(("127.0.0.1", 0), Watch)
        self.watch.seen = []
        threading.Thread(target=self.watch.serve_forever, daemon=True).start()
        self.forwarder = lan.forward("127.0.0.1", 0, self.watch.server_address[1])
        for server in (self.watch, self.forwarder):
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)

    def send(self, target, body=b"<config/>", headers=()):
        """The status of a request whose target is sent as it is."""
        with socket.create_connection(self.forwarder.server_address, timeout=10) as connection:
            fields = "".join(f"{name}: {value}\r\n" for name, value in headers)
            head = f"POST {target} HTTP/1.1\r\nHost: camera\r\nContent-Length: {len(body)}\r\n{fields}\r\n"
            connection.sendall(head.encode("latin-1") + body)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            answer.read()
            return answer

    def test_webhooks_are_forwarded_with_body_query_and_answer(self):
        answer = self.send("/viewtron/gate/token/SendAlarmData?a=1&b=%20", b"<a/>", [("Authorization", "Basic eA==")])
        self.assertEqual((answer.status, answer.headers["WWW-Authenticate"]), (401, 'Basic realm="camhook"'))
        path, headers, body = self.watch.seen[0]
        self.assertEqual((path, body), ("/viewtron/gate/token/SendAlarmData?a=1&b=%20", b"<a/>"))
        self.assertEqual(headers["authorization"], "Basic eA==")
        self.assertEqual(self.send("/API/HttpListening/KeepLive").status, 401)

    def test_functions_cannot_be_invoked_from_the_network(self):
        for target in [
            "/2015-03-31/functions/relay/invocations", "/2018-06-01/runtime/invocation/next", "/lambda-url/relay/",
            "/", "/relay", "/viewtron", "/viewtron/", "/viewtron/../2015-03-31/functions/relay/invocations",
            "/viewtron/%2e%2e/2015-03-31/functions/relay/invocations", "/viewtron/..%2f2015-03-31/x",
            "//2015-03-31/functions/relay/invocations", "/viewtron//2015-03-31/x", "/viewtron/..\\x",
            "/viewtron/%252e%252e/x", "/API/HttpListening/KeepLive/more", "http://127.0.0.1/viewtron/gate/t",
            "/2015-03-31/functions/relay/invocations?/viewtron/gate",
            "/console", "/console/", "/console/sign-in",
        ]:
            self.assertEqual(self.send(target).status, 404, target)
        self.assertEqual(self.watch.seen, [])

    def test_fields_of_trusted_parties_are_removed(self):
        forged = [("X-Forwarded-For", "203.0.113.9"), ("Lambda-Runtime-Aws-Request-Id", "1"), ("X-Amzn-Trace-Id", "1"),
                  ("X-Camhook-Front", "secret"), ("CloudFront-Viewer-Address", "203.0.113.9:1"), ("X-Kept", "1")]
        self.send("/viewtron/gate/token", headers=forged)
        self.assertEqual(set(self.watch.seen[0][1]), {"host", "content-length", "x-kept"})

    def test_bodies_are_limited_and_not_ambiguous(self):
        for headers, status in [([("Transfer-Encoding", "chunked")], 411)]:
            self.assertEqual(self.send("/viewtron/gate/token", headers=headers).status, status)
        with socket.create_connection(self.forwarder.server_address, timeout=10) as connection:
            connection.sendall(f"POST /viewtron/gate/t HTTP/1.1\r\nContent-Length: {lan.LARGEST_BODY + 1}\r\n\r\n".encode())
            self.assertIn(b" 413 ", connection.recv(100))
        self.assertEqual(self.watch.seen, [])

    def test_only_private_addresses_are_served(self):
        for address in ["127.0.0.1", "192.168.1.20", "10.1.2.3", "172.16.0.9", "fe80::1%eth0", "::ffff:192.168.1.4", "fd00::1"]:
            self.assertTrue(lan.is_neighbour(address), address)
        for address in ["8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]:
            self.assertFalse(lan.is_neighbour(address), address)


if __name__ == "__main__":
    unittest.main()
