"""`make run`: the whole of camhook on this machine, shown.

Starts the local cloud, posts each vendor's real-sized samples to each source of camhook.toml as a camera would,
and shows what became of them: the event, its pictures as files, who was told, what was switched. Goes on
showing what arrives until Ctrl-C, so that one can post to it oneself.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import cloud
from state import ROOT, LocalCloudError, folder, running, say, stop_all
from up import arguments, up

# How long queues may take to empty after a post; a cold start of the functions is in it.
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
    shown.news()  # What an earlier run left is no news.
    for source in [*stack["sources"], *over_mqtt(stack)]:
        for case in cases(stack, state, source):
            print(f"\n{source}: {case}")
            answer = camhook(stack, state, "send", source, case)
            print(indented("answer", (answer.stdout + answer.stderr).strip()))
            settle(stack)
            shown.news(print)
            if answer.returncode != 0:
                raise LocalCloudError(f"`camhook send {source} {case}` failed")
    print("\nEvery webhook's address:")
    for source, url in stack["sources"].items():
        print(f"  {source}  {url}")
    print("What arrives there is shown here. Ctrl-C ends it.", flush=True)
    while running(state, "cloud"):
        time.sleep(1)
        shown.news(print)
    raise LocalCloudError(f"the local cloud ended; {state / 'cloud.log'} may say why")


def over_mqtt(stack):
    """The sources that have no address, since their cameras publish."""
    site = tomllib.loads(Path(stack["config"]).read_text(encoding="utf-8"))
    return [source["id"] for source in site.get("source", []) if "topic" in source]


def cases(stack, state, source):
    """The samples that this source's vendor has, by name."""
    listing = camhook(stack, state, "send", source, "--list")
    if listing.returncode != 0:
        raise LocalCloudError(f"`camhook send {source} --list` failed: {listing.stderr.strip()}")
    return [line.split()[0] for line in listing.stdout.splitlines() if line.strip()]


def camhook(stack, state, *words):
    command = [stack["binaries"]["camhook"], *words, "--stack", str(state / "stack.json")]
    environment = {**os.environ, **cloud.sdk_environment(stack["endpoint_url"])}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def settle(stack):
    """Waits until the consumers have finished what was queued, retries that wait for later left out."""
    sqs = cloud.client(stack["endpoint_url"], "sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    deadline = time.monotonic() + SETTLED_WITHIN_SECONDS
    while time.monotonic() < deadline:
        queues = [sqs.get_queue_attributes(QueueUrl=stack["queues"][queue], AttributeNames=names)["Attributes"]
                  for queue in ("mqtt", "relay", "relay_lan", "notify")]
        if all(int(queue[name]) == 0 for queue in queues for name in names):
            return
        time.sleep(0.1)
    say("some messages are still in their queues; `make up` and `camhook dlq` help to see why")


class Shown:
    """What was already told, and the files that the pictures were copied to."""

    def __init__(self, stack, state):
        self.stack = stack
        self.folder = state / "shown"
        self.journal = Path(stack["devices"]["requests"])
        self.s3 = cloud.client(stack["endpoint_url"], "s3")
        self.known = set()
        self.read = 0

    def news(self, tell=None):
        """Tells of events, quarantined posts and device requests since the last call."""
        for prefix in ("events/", "quarantine/"):
            pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.stack["bucket"], Prefix=prefix)
            for key in (item["Key"] for page in pages for item in page.get("Contents", [])):
                if key in self.known:
                    continue
                self.known.add(key)
                if tell and prefix == "events/":
                    tell(self.event(key))
                elif tell and key.endswith("reason.json"):
                    tell(indented("quarantine", self.body(key).decode()))
        for entry in self.new_requests() if self.journal.exists() else []:
            if tell:
                tell(request(entry))
        sys.stdout.flush()

    def new_requests(self):
        with open(self.journal, "rb") as journal:
            journal.seek(self.read)
            whole, newline, _ = journal.read().rpartition(b"\n")
        self.read += len(whole + newline)
        return [json.loads(line) for line in whole.splitlines()]

    def event(self, key):
        """An event in a few lines, its record and its pictures as files that can be opened."""
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
    """One line of devices.jsonl as a person reads it."""
    if "what" in entry:
        return indented("relay", f"{entry['what']}: {'on' if entry['output'] else 'off'}")
    text = f"{entry['method']} {entry['path']} answered {entry['status']}"
    if entry["device"] == "shelly":
        asked = "; it asked for the password" if entry["status"] == 401 else ""
        return indented("relay", f"{text}; its switch is {'on' if entry['output'] else 'off'}{asked}")
    title = entry["headers"].get("title", "")
    lines = [indented("told", f"{text}{': ' + title if title else ''}")]
    if "body" in entry:
        lines.append(indented("", entry["body"]))
    return "\n".join(lines)


def indented(label, text):
    first, *more = text.splitlines() or [""]
    return "\n".join([f"  {label:<10} {first}", *(f"  {'':<10} {line}" for line in more)])


if __name__ == "__main__":
    sys.exit(main())
