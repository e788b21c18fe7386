"""Tests of the simulated messengers over HTTP: python3 infra/local/test_messengers.py"""

import json
import tempfile
import threading
import unittest
import urllib.error
import urllib.request
from http.server import ThreadingHTTPServer
from pathlib import Path

import devices
import messengers

PICTURE = b"\xff\xd8\xff\xe0\r\n--not-the-boundary\r\n\xff\xd9"
BOUNDARY = "boundary"


def multipart(fields, files=()):
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
             for name, value in fields.items()]
    parts += [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
              "Content-Type: image/jpeg\r\n\r\n".encode() + content + b"\r\n" for field, name, content in files]
    return f"multipart/form-data; boundary={BOUNDARY}", b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


class MessengersTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        handler = type("Handler", (devices.Handler,), {"journal": devices.Journal(self.folder)})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_port}"

    def post(self, path, content_type, body):
        request = urllib.request.Request(self.url + path, body, {"Content-Type": content_type})
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def telegram(self, method, content, token=messengers.TELEGRAM_TOKEN):
        if isinstance(content, dict):
            content = ("application/json", json.dumps(content).encode())
        return self.post(f"/telegram/bot{token}/{method}", *content)

    def received(self):
        return [json.loads(line) for line in (self.folder / "devices.jsonl").read_text().splitlines()]

    def test_telegram_takes_text_photo_and_album(self):
        bold = [{"type": "bold", "offset": 0, "length": 6}]
        status, answer = self.telegram("sendMessage", {"chat_id": "7", "text": "Person", "entities": bold})
        self.assertEqual((status, answer["ok"], answer["result"]["text"]), (200, True, "Person"))
        fields = {"chat_id": "7", "caption": "Person", "caption_entities": json.dumps(bold)}
        status, answer = self.telegram("sendPhoto", multipart(fields, [("photo", "1.jpg", PICTURE)]))
        self.assertEqual((status, answer["result"]["photo"][0]["file_size"]), (200, len(PICTURE)))
        media = [{"type": "photo", "media": f"attach://photo{number}"} for number in range(2)]
        files = [(f"photo{number}", "1.jpg", PICTURE) for number in range(2)]
        status, answer = self.telegram("sendMediaGroup", multipart({"chat_id": "7", "media": json.dumps(media)}, files))
        self.assertEqual((status, len(answer["result"])), (200, 2))
        photo = self.received()[1]
        self.assertEqual((photo["device"], photo["fields"]["caption"]), ("telegram", "Person"))
        self.assertEqual(Path(photo["files"][0]).read_bytes(), PICTURE)

    def test_telegram_refuses_as_documented(self):
        text = {"chat_id": "7", "text": "Person"}
        for method, content, token, status, description in [
            ("sendMessage", text, "110201543:another-telegram-token-of-35-characters", 401, "Unauthorized"),
            ("sendMessage", text, "no-token", 404, "Not Found"),
            ("sendNothing", text, None, 404, "Not Found"),
            ("sendMessage", {"chat_id": messengers.UNKNOWN_CHAT, "text": "x"}, None, 400, "Bad Request: chat not found"),
            ("sendMessage", {"chat_id": "7", "text": " "}, None, 400, "Bad Request: message text is empty"),
            ("sendMessage", {"chat_id": "7", "text": "\U0001f4f7" * 2049}, None, 400, "Bad Request: message is too long"),
            ("sendPhoto", multipart({"chat_id": "7"}), None, 400, "Bad Request: there is no photo in the request"),
            ("sendPhoto", multipart({"chat_id": "7"}, [("photo", "1.jpg", b"text")]), None, 400,
             "Bad Request: IMAGE_PROCESS_FAILED"),
        ]:
            with self.subTest(description=description, method=method):
                answer = self.telegram(method, content, token or messengers.TELEGRAM_TOKEN)
                self.assertEqual(answer, (status, {"ok": False, "error_code": status, "description": description}))

    def test_discord_takes_and_refuses(self):
        path = "/discord/api/webhooks/" + "/".join(messengers.DISCORD_WEBHOOK)
        form = multipart({"payload_json": json.dumps({"content": "Person"})}, [("files[0]", "1.jpg", PICTURE)])
        status, answer = self.post(path + "?wait=true", *form)
        self.assertEqual((status, answer["content"], len(answer["attachments"])), (200, "Person", 1))
        as_json = lambda message: ("application/json", json.dumps(message).encode())
        self.assertEqual(self.post(path, *as_json({"content": "Person"})), (204, None))
        for where, message, status, code in [
            (path, {"content": ""}, 400, 50006),
            (path, {"content": "a" * 2001}, 400, 50035),
            ("/discord/api/webhooks/1/2", {"content": "Person"}, 404, 10015),
            (path + "x", {"content": "Person"}, 401, 50027),
        ]:
            answered, answer = self.post(where, *as_json(message))
            self.assertEqual((answered, answer["code"]), (status, code))

    def test_pushover_takes_and_refuses(self):
        fields = {"token": messengers.PUSHOVER_TOKEN, "user": messengers.PUSHOVER_USER, "message": "Person"}
        status, answer = self.post("/pushover/1/messages.json",
                                   *multipart(fields, [("attachment", "1.jpg", PICTURE)]))
        self.assertEqual((status, answer["status"]), (200, 1))
        for change, error in [
            ({"token": "x"}, "application token is invalid"),
            ({"user": "x"}, "user identifier is not a valid user, group, or subscribed user key, see "
                            "https://pushover.net/api#identifiers"),
            ({"message": ""}, "message cannot be blank"),
            ({"priority": "2", "retry": "5", "expire": "60"}, "retry parameter is invalid for priority=2 message"),
        ]:
            status, answer = self.post("/pushover/1/messages.json", *multipart(fields | change))
            self.assertEqual((status, answer["status"], answer["errors"]), (400, 0, [error]))

    def test_an_unreadable_body_is_refused(self):
        for content_type, body in [("application/json", b"{"), ("application/json", b"[]"),
                                   (f"multipart/form-data; boundary={BOUNDARY}", b"--boundary\r\n\r\n"),
                                   ("multipart/form-data", b"")]:
            status, _ = self.post(f"/telegram/bot{messengers.TELEGRAM_TOKEN}/sendMessage", content_type, body)
            self.assertEqual(status, 400)


if __name__ == "__main__":
    unittest.main()
