"""Simulated messengers: Telegram, Discord and Pushover, answering as the services document it.

Each function takes a parsed request and returns a status and an answer. Tokens and keys are fixed, so that wrong ones
are refused as by the service:

  Telegram   server = ".../telegram", token TELEGRAM_TOKEN, any chat but UNKNOWN_CHAT
  Discord    url = ".../discord/api/webhooks/ID/TOKEN" with DISCORD_WEBHOOK
  Pushover   server = ".../pushover", token PUSHOVER_TOKEN, user PUSHOVER_USER

Sources: the Telegram Bot API (making requests, sendMessage, sendPhoto, sendMediaGroup, sendDocument), Discord's
developer documentation (Execute Webhook, JSON error codes), Pushover's message API. Descriptions of Telegram's errors
are those that it is known to send; they are not documented.
"""

import itertools
import json
import re
import time
import uuid
from typing import NamedTuple

TELEGRAM_TOKEN = "110201543:simulated-telegram-token-0000000000"
UNKNOWN_CHAT = "404"
DISCORD_WEBHOOK = ("1234567890", "simulated-discord-token")
PUSHOVER_TOKEN = "simulatedpushoverapptoken00000"
PUSHOVER_USER = "simulatedpushoveruserkey000000"

MEGABYTE = 1024 * 1024
JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG"
NUMBERS = itertools.count(1)


class File(NamedTuple):
    """A file of a form."""

    field: str
    name: str
    content: bytes


class Form(NamedTuple):
    """The fields and files of a request, whichever media type carried them."""

    fields: dict
    files: list

    def text(self, name):
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else json.dumps(value)

    def decoded(self, name, default):
        """A field that holds JSON: already decoded in a JSON body, text in a form. None if it is not JSON."""
        value = self.fields.get(name, default)
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            return None

    def file(self, field):
        return next((file for file in self.files if file.field == field), None)


def units(text):
    """Telegram and Discord count UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def is_picture(content):
    return content.startswith((JPEG, PNG))


# ---- Telegram --------------------------------------------------------------------------------------


def telegram(path, form):
    """`path` is what stands below the server: bot<token>/<method>."""
    token, _, method = path.partition("/")
    if not re.fullmatch(r"bot\d+:[\w-]{30,}", token):
        return _telegram_error(404, "Not Found")
    if token != f"bot{TELEGRAM_TOKEN}":
        return _telegram_error(401, "Unauthorized")
    send = {"sendMessage": _send_message, "sendPhoto": _send_photo, "sendDocument": _send_document,
            "sendMediaGroup": _send_media_group}.get(method)
    if not send:
        return _telegram_error(404, "Not Found")
    chat = form.text("chat_id")
    if not chat:
        return _telegram_error(400, "Bad Request: chat_id is empty")
    if chat == UNKNOWN_CHAT or not re.fullmatch(r"-?\d+|@\w+", chat):
        return _telegram_error(400, "Bad Request: chat not found")
    try:
        return 200, {"ok": True, "result": send(form, {"id": int(chat)} if chat[0] != "@" else {"username": chat[1:]})}
    except TelegramError as error:
        return _telegram_error(400, f"Bad Request: {error}")


class TelegramError(Exception):
    """The description of a 400 after its first words."""


def _telegram_error(status, description):
    return status, {"ok": False, "error_code": status, "description": description}


def _message(chat, **content):
    return {"message_id": next(NUMBERS), "date": int(time.time()), "chat": chat, **content}


def _entities(form, name, text):
    entities = form.decoded(name, [])
    if not isinstance(entities, list):
        raise TelegramError("can't parse MessageEntity: object expected as message entities")
    for entity in entities:
        if entity.get("offset", -1) < 0 or entity["offset"] + entity.get("length", 0) > units(text):
            raise TelegramError("ENTITY_BOUNDS_INVALID")


def _caption(form, caption):
    if units(caption) > 1024:
        raise TelegramError("message caption is too long")
    _entities(form, "caption_entities", caption)


def _photo(file):
    if len(file.content) > 10 * MEGABYTE:
        raise TelegramError("file is too big")
    if not is_picture(file.content):
        raise TelegramError("IMAGE_PROCESS_FAILED")


def _send_message(form, chat):
    text = form.text("text")
    if not text.strip():
        raise TelegramError("message text is empty")
    if units(text) > 4096:
        raise TelegramError("message is too long")
    _entities(form, "entities", text)
    return _message(chat, text=text)


def _send_photo(form, chat):
    file = form.file("photo")
    if not file:
        raise TelegramError("there is no photo in the request")
    _photo(file)
    caption = form.text("caption")
    _caption(form, caption)
    return _message(chat, caption=caption, photo=[{"file_id": uuid.uuid4().hex, "file_size": len(file.content)}])


def _send_document(form, chat):
    file = form.file("document")
    if not file:
        raise TelegramError("there is no document in the request")
    if len(file.content) > 50 * MEGABYTE:
        raise TelegramError("file is too big")
    caption = form.text("caption")
    _caption(form, caption)
    return _message(chat, caption=caption, document={"file_name": file.name, "file_size": len(file.content)})


def _send_media_group(form, chat):
    media = form.decoded("media", None)
    if not isinstance(media, list) or not 2 <= len(media) <= 10:
        raise TelegramError("there are no media messages to send")
    messages = []
    for item in media:
        caption = item.get("caption", "")
        _caption(Form(item, []), caption)
        file = form.file(item.get("media", "").removeprefix("attach://"))
        if not file:
            raise TelegramError("wrong file identifier/HTTP URL specified")
        _photo(file)
        messages.append(_message(chat, caption=caption, photo=[{"file_size": len(file.content)}]))
    return messages


# ---- Discord ---------------------------------------------------------------------------------------


def discord(path, query, form):
    """`path` is what stands below the server: api/webhooks/<id>/<token>."""
    parts = path.split("/")
    if len(parts) != 4 or parts[:2] != ["api", "webhooks"]:
        return 404, {"message": "404: Not Found", "code": 0}
    if parts[2] != DISCORD_WEBHOOK[0]:
        return 404, {"message": "Unknown Webhook", "code": 10015}
    if parts[3] != DISCORD_WEBHOOK[1]:
        return 401, {"message": "Invalid Webhook Token", "code": 50027}
    message = form.decoded("payload_json", None) if "payload_json" in form.fields else form.fields
    if not isinstance(message, dict):
        return 400, {"message": "The request body contains invalid JSON.", "code": 50109}
    content = message.get("content", "")
    if not content and not form.files and not message.get("embeds"):
        return 400, {"message": "Cannot send an empty message", "code": 50006}
    if units(content) > 2000:
        error = {"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length."}
        return 400, {"message": "Invalid Form Body", "code": 50035, "errors": {"content": {"_errors": [error]}}}
    if sum(len(file.content) for file in form.files) > 10 * MEGABYTE:
        return 413, {"message": "Request entity too large", "code": 40005}
    if query.get("wait") != "true":
        return 204, None
    attachments = [{"id": str(next(NUMBERS)), "filename": file.name, "size": len(file.content)} for file in form.files]
    return 200, {"id": str(next(NUMBERS)), "type": 0, "content": content, "attachments": attachments,
                 "webhook_id": DISCORD_WEBHOOK[0]}


# ---- Pushover --------------------------------------------------------------------------------------


def pushover(path, form):
    """`path` is what stands below the server: 1/messages.json."""
    if path != "1/messages.json":
        return 404, {"status": 0, "errors": ["not found"]}
    request = str(uuid.uuid4())
    if form.text("token") != PUSHOVER_TOKEN:
        return _pushover_error(request, token="invalid", error="application token is invalid")
    if form.text("user") != PUSHOVER_USER:
        return _pushover_error(request, user="invalid", error="user identifier is not a valid user, group, or subscribed "
                                                              "user key, see https://pushover.net/api#identifiers")
    if not form.text("message"):
        return _pushover_error(request, message="cannot be blank", error="message cannot be blank")
    if len(form.text("message")) > 1024:
        return _pushover_error(request, message="is too long", error="message is too long (maximum is 1024 characters)")
    if form.text("priority") == "2":
        for name, least, most in (("retry", 30, None), ("expire", 1, 10800)):
            value = int(form.text(name)) if form.text(name).isdecimal() else 0
            if value < least or most and value > most:
                return _pushover_error(request, **{name: "invalid"}, error=f"{name} parameter is invalid for "
                                                                           "priority=2 message")
    attachment = form.file("attachment")
    if attachment and len(attachment.content) > 5 * MEGABYTE:
        return 413, {"status": 0, "request": request, "errors": ["attachment is too large (maximum is 5242880 bytes)"]}
    if attachment and not is_picture(attachment.content):
        return _pushover_error(request, attachment="invalid", error="attachment is not an image")
    receipt = {"receipt": uuid.uuid4().hex[:30]} if form.text("priority") == "2" else {}
    return 200, {"status": 1, "request": request, **receipt}


def _pushover_error(request, error, **field):
    return 400, {**field, "errors": [error], "status": 0, "request": request}


# ---- bodies ----------------------------------------------------------------------------------------


def read_form(content_type, body, parse_query):
    """The fields and files of a body: JSON, a form, or multipart. None if it is none of these."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _multipart(content_type, body)
    try:
        if kind == "application/json":
            fields = json.loads(body)
            return Form(fields, []) if isinstance(fields, dict) else None
        return Form(dict(parse_query(body.decode())), [])
    except ValueError:
        return None


def _multipart(content_type, body):
    boundary = re.search(r'boundary="?([^";]+)"?', content_type)
    if not boundary:
        return None
    delimiter = b"\r\n--" + boundary[1].encode()
    fields, files = {}, []
    for part in (b"\r\n" + body).split(delimiter)[1:]:
        if part.startswith(b"--"):
            return Form(fields, files)
        head, separator, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(r'[; ]name="([^"]*)"', head.decode(errors="replace"))
        filename = re.search(r'filename="([^"]*)"', head.decode(errors="replace"))
        if not separator or not name:
            return None
        if filename:
            files.append(File(name[1], filename[1], content))
        else:
            fields[name[1]] = content.decode(errors="replace")
    return None  # The last delimiter is missing.
