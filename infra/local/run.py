"""`make run`: a demonstration of camhook on this machine.

Starts the local cloud, sends each vendor's samples to each source of camhook.toml as a camera would, and shows the
results: the event, its pictures as files, notifications and relay actions. Shows what arrives until Ctrl-C.
"""

import argparse
import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
import unicodedata
from pathlib import Path

import cloud
from day import EARLIER
from state import LOCAL, ROOT, LocalCloudError, folder, running, say, stop_all
from up import arguments, up

# How long queues may take to empty after a post, including a cold start of the functions.
SETTLED_WITHIN_SECONDS = 30


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    arguments(parser)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    state = folder(options.state)
    try:
        return run(options, state)
    except LocalCloudError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("")
        return 0
    finally:
        stop_all(state)


def run(options, state):
    stack = up(options, polling=True)
    shown = Shown(stack, state)
    shown.news()  # Skips what an earlier run left.
    # First: the lag of a device's clock is that of its last post.
    if (ROOT / options.config).resolve() == LOCAL / "camhook.toml":
        send_earlier(stack, state, shown)
    for source in [*stack["sources"], *over_mqtt(stack)]:
        for case in cases(stack, state, source):
            print(f"\n{source}: {case}")
            answer = camhook(stack, state, "send", source, case)
            print(indented("answer", (answer.stdout + answer.stderr).strip()))
            settle(stack)
            shown.news(print)
            if answer.returncode != 0:
                raise LocalCloudError(f"`camhook send {source} {case}` failed")
    print("\nWebhook URLs:")
    for source, url in stack["sources"].items():
        print(f"  {source}  {url}")
    print("Requests to these URLs are shown here. Press Ctrl-C to stop.")
    show_console(stack, state)
    sys.stdout.flush()
    while running(state, "cloud"):
        time.sleep(1)
        shown.news(print)
    raise LocalCloudError(f"the local cloud ended; {state / 'cloud.log'} may say why")


def send_earlier(stack, state, shown):
    """Sends posts with times of the last 24 hours, so that the console has a day to show."""
    print(f"Sending {len(EARLIER)} posts of the last 24 hours", flush=True)
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for post, answer in zip(EARLIER, pool.map(lambda post: camhook(stack, state, *post.arguments()), EARLIER)):
            if answer.returncode != 0:
                raise LocalCloudError(f"`camhook {' '.join(post.arguments())}` failed: {answer.stderr.strip()}")
    settle(stack)
    shown.news()


def show_console(stack, state):
    """Prints the console's address and a link that signs in."""
    if "console" not in stack["functions"]:
        return
    answer = camhook(stack, state, "people", "invite", "you", "--role", "admin", "--json")
    if answer.returncode != 0:
        raise LocalCloudError(f"`camhook people invite` failed: {answer.stderr.strip()}")
    print(f"\nConsole: {stack['api_url']}/console")
    print(f"  Sign in within 15 minutes: {json.loads(answer.stdout)['link']}")


def site(stack):
    return tomllib.loads(Path(stack["config"]).read_text(encoding="utf-8"))


def timezone(stack):
    return site(stack)["timezone"]


def over_mqtt(stack):
    """The sources over MQTT, which have no URL."""
    return [source["id"] for source in site(stack).get("source", []) if "topic" in source]


def cases(stack, state, source):
    """The names of the samples of a source's vendor."""
    listing = camhook(stack, state, "send", source, "--list")
    if listing.returncode != 0:
        raise LocalCloudError(f"`camhook send {source} --list` failed: {listing.stderr.strip()}")
    return [line.split()[0] for line in listing.stdout.splitlines() if line.strip()]


def camhook(stack, state, *words):
    command = [stack["binaries"]["camhook"], *words, "--stack", str(state / "stack.json")]
    # Samples have the light of their time of day, and some the local time.
    environment = {**os.environ, **cloud.sdk_environment(stack["endpoint_url"]), "TZ": timezone(stack)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def settle(stack):
    """Waits until the queues are empty, except for messages whose retry is delayed."""
    sqs = cloud.client(stack["endpoint_url"], "sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    deadline = time.monotonic() + SETTLED_WITHIN_SECONDS
    while time.monotonic() < deadline:
        queues = [sqs.get_queue_attributes(QueueUrl=stack["queues"][queue], AttributeNames=names)["Attributes"]
                  for queue in ("mqtt", "relay", "relay_lan", "releases", "releases_lan", "notify", "alerts")]
        if all(int(queue[name]) == 0 for queue in queues for name in names):
            return
        time.sleep(0.1)
    say("some messages are still in their queues; run `make up` and `camhook dlq` to find out why")


class Shown:
    """What was already shown."""

    def __init__(self, stack, state):
        self.stack = stack
        self.folder = state / "shown"
        self.journal = Path(stack["devices"]["requests"])
        self.s3 = cloud.client(stack["endpoint_url"], "s3")
        self.known = set()
        self.read = 0

    def news(self, show=None):
        """Shows events, quarantined posts and device requests since the last call."""
        for prefix in ("events/", "quarantine/"):
            pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.stack["bucket"], Prefix=prefix)
            for key in (item["Key"] for page in pages for item in page.get("Contents", [])):
                if key in self.known:
                    continue
                self.known.add(key)
                if show and prefix == "events/":
                    show(self.event(key))
                elif show and key.endswith("reason.json"):
                    show(indented("quarantine", self.body(key).decode()))
        for entry in self.new_requests() if self.journal.exists() else []:
            if show:
                show(request(entry))
        sys.stdout.flush()

    def new_requests(self):
        with open(self.journal, "rb") as journal:
            journal.seek(self.read)
            whole, newline, _ = journal.read().rpartition(b"\n")
        self.read += len(whole + newline)
        return [json.loads(line) for line in whole.splitlines()]

    def event(self, key):
        """An event as text, with its record and pictures saved as files."""
        record = self.body(key)
        event = json.loads(record)
        data = event["data"]
        here = self.folder / event["id"]
        here.mkdir(parents=True, exist_ok=True)
        (here / "event.json").write_bytes(record)
        camera = data.get("camera", {})
        lines = [indented("event", f"{data['kind']} at {camera.get('name', camera.get('id', data['source']))}, "
                                   f"{event['time']}"), indented("", str(here / "event.json"))]
        for number, image in enumerate(data.get("images", [])):
            if "rejected" in image:
                lines.append(indented("picture", f"{image['role']}: {image['rejected']}"))
                continue
            file = here / f"{number}-{image['role']}.jpg"
            file.write_bytes(self.body(image["key"]))
            lines.append(indented("picture", f"{image.get('width')}x{image.get('height')}, {image['bytes']} bytes"))
            lines.append(indented("", str(file)))
        return "\n".join(lines)

    def body(self, key):
        return self.s3.get_object(Bucket=self.stack["bucket"], Key=key)["Body"].read()


def request(entry):
    """A request to a simulated device as text."""
    if "what" in entry:
        return indented("relay", f"{entry['what']}: {'on' if entry['output'] else 'off'}")
    text = f"{entry['method']} {entry['path']} answered {entry['status']}"
    if entry["device"] == "shelly":
        asked = "; digest challenge" if entry["status"] == 401 else ""
        return indented("relay", f"{text}; its switch is {'on' if entry['output'] else 'off'}{asked}")
    fields = entry.get("fields", {})
    titles = [entry["headers"].get("title"), *map(fields.get, ("title", "caption", "text", "content", "payload_json"))]
    title = next(filter(None, titles), "").partition("\n")[0]
    lines = [indented("notified", f"{text}{': ' + title if title else ''}")]
    for file in entry.get("files") or filter(None, [entry.get("body")]):
        lines.append(indented("", file))
    return "\n".join(lines)


def indented(label, text):
    """Text under a label. Control and format characters of devices are escaped: a terminal would act on them."""
    first, *more = ("".join(map(printable, line)) for line in text.splitlines() or [""])
    return "\n".join([f"  {label:<10} {first}", *(f"  {'':<10} {line}" for line in more)])

def printable(character):
    return character if unicodedata.category(character) not in ("Cc", "Cf", "Zl", "Zp") or character == "\u200d" else (
        f"\\u{{{ord(character):x}}}")

if __name__ == "__main__":
    sys.exit(main())
