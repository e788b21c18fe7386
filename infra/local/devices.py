"""Simulated receivers and relays, for the demonstration and the end-to-end tests.

One loopback server, by path:
  /ntfy/{topic}       accepts a notification like an ntfy server (PUT or POST, a picture as the body)
  /webhook/{name}     accepts a notification like any HTTP receiver
  /telegram, /discord, /pushover
                      messengers, see messengers.py for their tokens
  /rpc, /rpc/{method} a Shelly of the second generation with eight switches, behind SHA-256 digest authentication
  /state.xml          a classic WebRelay with four relays, whose answer has no status line; /stateFull.xml has one
  /ManualAlarmOut/{n} the alarm outputs of a Viewtron recorder: levels without a timer
  /silent/{anything}  a device that accepts a request and does not answer

Every request is a line of devices.jsonl in the given folder, every body and every file of a form a file under
received/.
Python's standard library only.
"""

import argparse
import base64
import hashlib
import itertools
import json
import re
import secrets
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import messengers

SHELLY_ID = "shellyplus1-camhook"
# The device has one user name (Shelly's documentation); the password is that of infra/local/camhook.toml.
SHELLY_USER = "admin"
SHELLY_PASSWORD = "simulated-shelly"
SWITCHES = 8
# The default control password of a WebRelay with its user; a user of the recorder.
WEBRELAY_AUTHORIZATION = "Basic " + base64.b64encode(b"none:webrelay").decode()
WEBRELAYS = 4
VIEWTRON_AUTHORIZATION = "Basic " + base64.b64encode(b"admin:simulated-viewtron").decode()
# Longer than the timeout of a relay.
SILENCE_SECONDS = 30
LARGEST_BODY = 32 * 1024 * 1024
SUFFIXES = {b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png", b"{": ".json"}


class Journal:
    """Writes devices.jsonl and the bodies, one request at a time."""

    def __init__(self, folder):
        self.folder = folder
        self.received = folder / "received"
        self.received.mkdir(parents=True, exist_ok=True)
        self.lock = threading.Lock()
        self.numbers = itertools.count(1 + len(list(self.received.iterdir())))

    def keep_body(self, name, body):
        if not body:
            return None
        suffix = next((suffix for magic, suffix in SUFFIXES.items() if body.startswith(magic)), ".txt")
        with self.lock:
            path = self.received / f"{next(self.numbers):04}-{name}{suffix}"
        path.write_bytes(body)
        return str(path)

    def write(self, entry):
        line = json.dumps(entry, ensure_ascii=False)
        with self.lock, open(self.folder / "devices.jsonl", "a", encoding="utf-8") as file:
            file.write(line + "\n")


class Switch:
    """One output with its timer."""

    def __init__(self, journal, number, device="shelly"):
        self.journal = journal
        self.number = number
        self.device = device
        self.lock = threading.Lock()
        self.output = False
        self.timer = None
        self.timer_ends = None

    def set(self, output, toggle_after):
        with self.lock:
            was_on = self.output
            if self.timer:
                self.timer.cancel()
            self.output, self.timer, self.timer_ends = output, None, None
            if toggle_after:
                self.timer = threading.Timer(toggle_after, self._turn_back, [not output])
                self.timer.daemon = True
                self.timer_ends = time.time() + toggle_after
                self.timer.start()
            return was_on

    def _turn_back(self, output):
        with self.lock:
            self.output, self.timer, self.timer_ends = output, None, None
        self.journal.write({"time": now(), "device": self.device, "what": "switched by its timer",
                            "output": output})

    def status(self):
        status = {"id": self.number, "source": "HTTP_in", "output": self.output}
        if self.timer_ends:
            status["timer_remaining"] = round(max(0.0, self.timer_ends - time.time()), 3)
        return status


class RpcError(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


def call(switches, method, parameters):
    """An RPC of a switch; returns the result object of the device."""
    if method not in ("Switch.Set", "Switch.Toggle", "Switch.GetStatus"):
        raise RpcError(404, f"No handler for {method}")
    if "id" not in parameters:
        raise RpcError(-103, "Argument 'id' is missing")
    switch = switches.get(str(parameters["id"]))
    if switch is None:
        raise RpcError(-105, f"Argument 'id', value {parameters['id']} not found!")
    if method == "Switch.GetStatus":
        return switch.status()
    if method == "Switch.Toggle":
        return {"was_on": switch.set(not switch.output, None)}
    on = {"true": True, "false": False, True: True, False: False}.get(parameters.get("on"))
    if on is None:
        raise RpcError(-103, "Argument 'on' is missing or not a boolean")
    try:
        toggle_after = float(parameters.get("toggle_after", 0))
    except (TypeError, ValueError) as error:
        raise RpcError(-103, "Argument 'toggle_after' is not a number") from error
    return {"was_on": switch.set(on, toggle_after)}


class Nonces:
    """Nonces of challenges, with the highest count that each was used with."""

    def __init__(self):
        self.lock = threading.Lock()
        self.used = {}

    def new(self):
        nonce = secrets.token_hex(16)
        with self.lock:
            self.used[nonce] = 0
        return nonce

    def use(self, nonce, count):
        with self.lock:
            if count <= self.used.get(nonce, count):
                return False
            self.used[nonce] = count
            return True


def digest_holds(header, method, uri, nonces):
    """RFC 7616 with SHA-256 and qop=auth, as the device requires it; each count is valid once."""
    if not header.startswith("Digest "):
        return False
    fields = {name: quoted or bare
              for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', header[len("Digest "):])}
    if fields.get("algorithm") != "SHA-256" or fields.get("qop") != "auth" or fields.get("uri") != uri:
        return False
    if fields.get("username") != SHELLY_USER or not re.fullmatch(r"[0-9a-f]{8}", fields.get("nc", "")):
        return False
    ha1 = sha256(f"{SHELLY_USER}:{SHELLY_ID}:{SHELLY_PASSWORD}")
    ha2 = sha256(f"{method}:{uri}")
    expected = sha256(f"{ha1}:{fields.get('nonce')}:{fields['nc']}:{fields.get('cnonce')}:auth:{ha2}")
    return secrets.compare_digest(expected, fields.get("response", "")) and nonces.use(
        fields["nonce"], int(fields["nc"], 16))


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{time.time_ns() // 1_000_000 % 1000:03}Z"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    journal = None
    switches = {}
    nonces = Nonces()
    webrelays = []

    def do_GET(self):
        self._handle()

    do_POST = do_PUT = do_GET

    def log_message(self, format, *arguments):
        pass  # Requests are recorded in devices.jsonl.

    def _handle(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            return self._answer("none", 413, {"error": "too large"}, b"")
        body = self._chunks() if "chunked" in self.headers.get("Transfer-Encoding", "") else self.rfile.read(length)
        path = urlsplit(self.path).path
        parts = [part for part in path.split("/") if part]
        if path == "/":
            return self._send(200, {"devices": ["ntfy", "webhook", "shelly"], "switch": self.switches["0"].status()}, {})
        if parts[0] == "rpc":
            return self._shelly(parts, body)
        if path in ("/state.xml", "/stateFull.xml"):
            return self._webrelay(path)
        if parts[0] == "ManualAlarmOut" and self.command == "POST":
            return self._viewtron(body)
        if parts[0] == "silent":
            self._note("silent", 0, body)
            time.sleep(SILENCE_SECONDS)
            self.close_connection = True
            return None
        if parts[0] == "ntfy" and self.command in ("PUT", "POST") and len(parts) == 2:
            message = {"id": secrets.token_urlsafe(9), "time": int(time.time()), "event": "message",
                       "topic": parts[1], "message": self.headers.get("Message", "")}
            return self._answer(f"ntfy-{parts[1]}", 200, message, body)
        if parts[0] == "webhook" and self.command == "POST" and len(parts) == 2:
            return self._answer(f"webhook-{parts[1]}", 200, {"received": True}, body)
        if parts[0] in ("telegram", "discord", "pushover") and self.command == "POST":
            return self._messenger(parts[0], path.partition(f"/{parts[0]}/")[2], body)
        return self._answer("none", 404, {"error": "no such device"}, body)

    def _messenger(self, name, path, body):
        form = messengers.read_form(self.headers.get("Content-Type", ""), body, parse_qsl)
        if form is None:
            return self._answer(name, 400, {"error": "the body cannot be read"}, body)
        if name == "telegram":
            status, answer = messengers.telegram(path, form)
        elif name == "discord":
            status, answer = messengers.discord(path, dict(parse_qsl(urlsplit(self.path).query)), form)
        else:
            status, answer = messengers.pushover(path, form)
        files = [self.journal.keep_body(f"{name}-{file.field}", file.content) for file in form.files]
        self._note(name, status, body, {"fields": form.fields, "files": list(filter(None, files))})
        return self._send(status, answer, {})

    def _shelly(self, parts, body):
        authorization = self.headers.get("Authorization", "")
        if not digest_holds(authorization, self.command, self.path, self.nonces):
            challenge = (f'Digest qop="auth", realm="{SHELLY_ID}", nonce="{self.nonces.new()}", algorithm=SHA-256')
            return self._answer("shelly", 401, None, body, {"WWW-Authenticate": challenge})
        frame = None
        try:
            if len(parts) == 2:
                parameters = dict(parse_qsl(urlsplit(self.path).query))
                parameters |= json.loads(body) if body else {}
                return self._answer("shelly", 200, call(self.switches, parts[1], parameters), body)
            frame = json.loads(body)
            result = call(self.switches, frame["method"], frame.get("params", {}))
            return self._answer("shelly", 200, {"id": frame.get("id"), "src": SHELLY_ID, "result": result}, body)
        except RpcError as error:
            answer = {"code": error.code, "message": error.message}
            if frame is not None:
                answer = {"id": frame.get("id"), "src": SHELLY_ID, "error": answer}
            return self._answer("shelly", 404 if error.code == 404 else 400, answer, body)
        except (ValueError, KeyError, TypeError, AttributeError):
            return self._answer("shelly", 400, {"code": -103, "message": "not a request"}, body)

    def _webrelay(self, path):
        """ControlByWeb's manual of WebRelay-Quad: 0 is off, 1 is on, 2 is a pulse of `pulseTimeN` (1.5 s if absent)."""
        if self.headers.get("Authorization") != WEBRELAY_AUTHORIZATION:
            return self._answer("webrelay", 401, None, b"", {"WWW-Authenticate": 'Basic realm="WebRelay"'})
        asked = dict(parse_qsl(urlsplit(self.path).query))
        for number, relay in enumerate(self.webrelays, start=1):
            state = asked.get(f"relay{number}State")
            if state in ("0", "1", "2"):
                relay.set(state != "0", float(asked.get(f"pulseTime{number}", 1.5)) if state == "2" else None)
        states = "".join(f"  <relay{number}state>{int(relay.output)}</relay{number}state>\n"
                         for number, relay in enumerate(self.webrelays, start=1))
        page = f"<?xml version='1.0' encoding='utf-8' ?>\n<datavalues>\n{states}</datavalues>\n"
        self._note("webrelay", 200, b"")
        if path == "/stateFull.xml":
            return self._send_text(200, page, {"Content-Type": "text/xml"})
        self.close_connection = True
        return self.wfile.write(page.encode())

    def _viewtron(self, body):
        """Viewtron's API guide: a level, answered by a status of 200 whatever came of it."""
        if self.headers.get("Authorization") != VIEWTRON_AUTHORIZATION:
            return self._answer("viewtron", 401, None, body, {"WWW-Authenticate": 'Basic realm="recorder"'})
        is_read = re.search(rb"<status>(true|false)</status>", body) and body.startswith(b"<?xml")
        status = 'status="success"' if is_read else 'status="failed" errorCode="3" errorDesc="Invalid XML Content"'
        self._note("viewtron", 200, body)
        return self._send_text(200, f'<?xml version="1.0" encoding="UTF-8"?>\n<config {status}/>\n',
                               {"Content-Type": "application/xml"})

    def _answer(self, name, status, answer, body, headers=None):
        self._note(name, status, body)
        self._send(status, answer, headers or {})

    def _note(self, name, status, body, more=None):
        entry = {"time": now(), "device": name, "method": self.command, "path": self.path, "status": status,
                 "headers": {key.lower(): value for key, value in self.headers.items()
                             if key.lower() != "authorization"}}
        entry |= more or {}
        if name == "shelly":
            entry["authorization"] = self.headers.get("Authorization", "").partition(" ")[0] or "none"
            asked = self.switches.get(dict(parse_qsl(urlsplit(self.path).query)).get("id"), self.switches["0"])
            entry["output"] = asked.status()["output"]
        if kept := self.journal.keep_body(name, body):
            entry["body"] = kept
        self.journal.write(entry)

    def _send(self, status, answer, headers):
        text = "" if answer is None else json.dumps(answer)
        self._send_text(status, text, {**headers, "Content-Type": "application/json"})

    def _send_text(self, status, text, headers):
        body = text.encode()
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _chunks(self):
        body = b""
        while len(body) <= LARGEST_BODY and (size := int(self.rfile.readline().split(b";")[0], 16)):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    Handler.journal = Journal(options.folder)
    Handler.switches = {str(number): Switch(Handler.journal, number) for number in range(SWITCHES)}
    Handler.webrelays = [Switch(Handler.journal, number, "webrelay") for number in range(1, WEBRELAYS + 1)]
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
