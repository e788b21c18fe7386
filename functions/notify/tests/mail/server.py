"""A real SMTP server (aiosmtpd) on the loopback interface, for the test of the mail channel.

Prints its port and then, as one JSON line each, every mail that it took. Ends with its standard input.
"""

import argparse
import base64
import json
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

USER, PASSWORD = b"camhook", b"mail-secret"


class Printer:
    def __init__(self, refusal, refused):
        self.refusal = refusal
        self.refused = dict(entry.split("=", 1) for entry in refused)

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address in self.refused:
            print(json.dumps({"refused": address}), flush=True)
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.refusal:
            return self.refusal
        mail = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "encrypted": server.transport.get_extra_info("sslcontext") is not None,
                "authenticated": bool(session.authenticated), "hello": session.host_name,
                "content": base64.b64encode(envelope.content).decode()}
        print(json.dumps(mail), flush=True)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    good = (data.login, data.password) == (USER, PASSWORD)
    # What is not handled here the server itself answers, with 535.
    return AuthResult(success=good, handled=good)


class Server(Controller):
    def __init__(self, handler, options, **settings):
        self.options = options
        super().__init__(handler, hostname="127.0.0.1", port=0, **settings)

    def factory(self):
        settings = {}
        if self.options.security == "starttls":
            settings = {"tls_context": context(self.options), "require_starttls": True}
        return SMTP(self.handler, authenticator=authenticate, auth_required=self.options.auth,
                    auth_require_tls=self.options.security == "starttls", data_size_limit=self.options.size_limit, **settings)

    def _trigger_server(self):
        # It connects to the port that was asked for, and that is 0.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def context(options):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(options.certificate, options.key)
    return made


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--security", choices=["tls", "starttls", "none"], required=True)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--auth", action="store_true")
    parser.add_argument("--refusal")
    parser.add_argument("--refuse", metavar="ADDRESS=REPLY", action="append", default=[])
    parser.add_argument("--size-limit", type=int, default=33554432)
    options = parser.parse_args()
    settings = {"ssl_context": context(options)} if options.security == "tls" else {}
    server = Server(Printer(options.refusal, options.refuse), options, **settings)
    server.start()
    print(server.port, flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
