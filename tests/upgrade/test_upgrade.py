"""Upgrades a stack of the previous version on the local cloud: nothing is lost, replaced, repeated or stuck.

`make test-upgrade`. The previous template is deployed with what the functions of then have left in bucket, table and
queues (before-0.1.json, recorded with camhook-before-0.1.toml), and today's template with today's functions over it. In
place of the previous functions there are programs that do nothing, so that every message is left to today's.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1] / "infra" / "local"))

import cloud  # noqa: E402
import up as local  # noqa: E402
from state import stop_all  # noqa: E402

CONFIGURATION = FOLDER / "camhook-before-0.1.toml"
RECORDED = json.loads((FOLDER / "before-0.1.json").read_text(encoding="utf-8"))
# The age of what was recorded last: more than the minute for which posts about one object are joined, and less than
# `max_age` of the rules.
AGE_SECONDS = 120
PROCESSED_WITHIN_SECONDS = 120
PICTURE = bytes.fromhex("ffd8ffd9")

# What outlives an upgrade, by the names of the template's outputs.
KEPT = ["ApiId", "Bucket", "Table", "NotifyQueueUrl", "RelayQueueUrl", "RelayLanQueueUrl", "MqttQueueUrl",
        "NotifyDeadLetterQueueUrl", "RelayDeadLetterQueueUrl", "RelayLanDeadLetterQueueUrl", "MqttDeadLetterQueueUrl"]

# The recorded events, by the beginnings of their ids.
NOTIFIED, SECOND_PLATE, MOTION, INTRUSION, FACE = "e3c2", "d76a", "719a", "c1cd", "67ed"


def body_of(event):
    """The message of a recorded event, which is also its record."""
    return next(body for key, body in RECORDED["objects"].items() if f"/{event}" in key)


class Shift:
    """Moves recorded times, so that the last one is `AGE_SECONDS` ago."""

    def __init__(self):
        self.seconds = time.time() - AGE_SECONDS - RECORDED["recorded_at"]
        self.days = [datetime.fromtimestamp(moment, UTC).strftime("%Y/%m/%d")
                     for moment in (RECORDED["recorded_at"], RECORDED["recorded_at"] + self.seconds)]

    def text(self, text):
        text = text.replace(*self.days)
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\d*Z", self._time, text)
        return re.sub(r'("ts": )(\d{13})', lambda found: f"{found[1]}{int(found[2]) + int(self.seconds * 1000)}", text)

    def _time(self, found):
        moment = datetime.fromisoformat(found[0].removesuffix("Z")[:26] + "+00:00")
        return (moment + timedelta(seconds=self.seconds)).isoformat().replace("+00:00", "Z")

    def item(self, item):
        moved = json.loads(self.text(json.dumps(item)))
        if "expires" in moved:
            moved["expires"]["N"] = str(int(float(moved["expires"]["N"]) + self.seconds))
        return moved


class UpgradeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.state = Path(tempfile.mkdtemp(prefix="camhook-upgrade-"))
        cls.addClassCleanup(shutil.rmtree, cls.state, ignore_errors=True)
        cls.addClassCleanup(stop_all, cls.state)
        # At first: a build may take longer than the events are young enough for relays.
        cloud.build([*cloud.functions(), "camhook"], with_tests=True)
        cls.endpoint = cloud.ensure_running(cls.state, None)
        cls.devices = local.ensure_devices(cls.state)
        template = cloud.TEMPLATE
        cloud.TEMPLATE = FOLDER / "template-before-0.1.yaml"
        nothing = Path(shutil.which("true"))
        cls.before = cloud.deploy(cls.endpoint, {name: nothing for name in cloud.functions()}, polling=False)
        cls.fill()
        cls.resources_before = cls.resources()
        cloud.TEMPLATE = template
        options = SimpleNamespace(state=str(cls.state), config=str(CONFIGURATION), port=None)
        cls.stack = local.up(options, polling=True, with_tests=True)
        cls.after = cls.outputs()

    @classmethod
    def fill(cls):
        s3, sqs = cloud.client(cls.endpoint, "s3"), cloud.client(cls.endpoint, "sqs")
        dynamodb, shift = cloud.client(cls.endpoint, "dynamodb"), Shift()
        configuration = CONFIGURATION.read_text(encoding="utf-8").replace(local.DEVICES_PLACEHOLDER, cls.devices)
        pending = {"owed": ["notify", "relay"], "message": json.loads(shift.text(body_of(MOTION)))}
        cls.objects = {
            "config/camhook.toml": configuration.encode(),
            f"pending/{pending['message']['id']}.json": json.dumps(pending).encode(),
            **{shift.text(key): shift.text(body).encode() for key, body in RECORDED["objects"].items()},
            **{shift.text(key): PICTURE for key in RECORDED["pictures"]},
        }
        for key, body in cls.objects.items():
            s3.put_object(Bucket=cls.before["Bucket"], Key=key, Body=body)
        for item in RECORDED["items"]:
            dynamodb.put_item(TableName=cls.before["Table"], Item=shift.item(item))
        for output, bodies in RECORDED["messages"].items():
            for body in bodies:
                # The motion is pending, and the face a dead letter.
                if body not in (body_of(MOTION), body_of(FACE)):
                    sqs.send_message(QueueUrl=cls.before[output], MessageBody=shift.text(body))
        # SQS delivers a message at least once.
        for output in ("NotifyQueueUrl", "RelayQueueUrl"):
            sqs.send_message(QueueUrl=cls.before[output], MessageBody=shift.text(body_of(NOTIFIED)))
        sqs.send_message(QueueUrl=cls.before["NotifyDeadLetterQueueUrl"], MessageBody=shift.text(body_of(FACE)))

    @classmethod
    def resources(cls):
        pages = cloud.client(cls.endpoint, "cloudformation").get_paginator("list_stack_resources").paginate(
            StackName=cloud.STACK_NAME)
        return {entry["LogicalResourceId"]: entry for page in pages for entry in page["StackResourceSummaries"]}

    @classmethod
    def outputs(cls):
        cloudformation = cloud.client(cls.endpoint, "cloudformation")
        stack = cloudformation.describe_stacks(StackName=cloud.STACK_NAME)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def camhook(self, *words):
        command = [self.stack["binaries"]["camhook"], *words, "--stack", str(self.state / "stack.json")]
        answer = subprocess.run(command, cwd=self.state, capture_output=True, text=True,
                                env=cloud.sdk_environment(self.endpoint))
        return answer.returncode, answer.stdout, answer.stderr

    def requests(self):
        """What the simulated devices and messengers were asked, and how the relays changed, in order."""
        journal = Path(self.stack["devices"]["requests"])
        return [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]

    def bodies(self, path):
        return [Path(request["body"]).read_text(encoding="utf-8") for request in self.requests()
                if request.get("path") == path and "body" in request]

    def eventually(self, condition, what):
        """Waits until what the functions do with old messages is done."""
        deadline = time.monotonic() + PROCESSED_WITHIN_SECONDS
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"{what}: {self.requests()}")
            time.sleep(0.2)

    def posted(self, event):
        """How often an event was posted to the webhook."""
        return sum(f'"{event}' in body for body in self.bodies("/webhook/automation"))

    def switched(self, channel):
        """The levels to which an alarm output was set."""
        requests = [request for request in self.requests() if request.get("path") == f"/ManualAlarmOut/{channel}"]
        return ["true" in Path(request["body"]).read_text(encoding="utf-8") for request in requests]

    def decided(self, event):
        """The relays about which something was decided because of an event."""
        s3 = cloud.client(self.endpoint, "s3")
        listed = s3.list_objects_v2(Bucket=self.after["Bucket"], Prefix="audit/").get("Contents", [])
        return {entry["Key"].split("/")[4] for entry in listed if f"-{event}" in entry["Key"]}

    def test_what_holds_data_is_not_replaced(self):
        for output in KEPT:
            self.assertEqual(self.before[output], self.after[output], output)

    def test_objects_and_items_are_still_there(self):
        s3, dynamodb = cloud.client(self.endpoint, "s3"), cloud.client(self.endpoint, "dynamodb")
        for key, body in self.objects.items():
            if not key.startswith("pending/"):
                self.assertEqual(s3.get_object(Bucket=self.after["Bucket"], Key=key)["Body"].read(), body, key)
        pages = dynamodb.get_paginator("scan").paginate(TableName=self.after["Table"])
        present = {(item["pk"]["S"], item["sk"]["S"]) for page in pages for item in page["Items"]}
        for item in RECORDED["items"]:
            # What only joins posts about one object is over.
            if not item["pk"]["S"].startswith(("once#", "cooldown#")):
                self.assertIn((item["pk"]["S"], item["sk"]["S"]), present)

    def test_nothing_is_stuck(self):
        resources = self.resources()
        stuck = {name: entry["ResourceStatus"] for name, entry in resources.items()
                 if not entry["ResourceStatus"].endswith("_COMPLETE")}
        self.assertEqual(stuck, {})
        # The shared role and its policy are gone: each function has its own.
        self.assertIn("IngestRole", self.resources_before)
        self.assertNotIn("IngestRole", resources)
        self.assertIn("ViewtronRole", resources)

    def test_messages_that_waited_are_notified_once_and_a_finished_one_is_not(self):
        for event in (SECOND_PLATE, INTRUSION, MOTION):
            self.eventually(lambda event=event: self.posted(event) > 0, f"event {event} is notified")
        self.eventually(lambda: any("/instar/pond" in body for body in self.bodies("/webhook/automation")), "MQTT")
        self.assertEqual([self.posted(event) for event in (SECOND_PLATE, INTRUSION, MOTION)], [1, 1, 1])
        self.assertEqual(self.posted(NOTIFIED), 0)
        s3 = cloud.client(self.endpoint, "s3")
        pending = lambda: s3.list_objects_v2(Bucket=self.after["Bucket"], Prefix="pending/")["KeyCount"]  # noqa: E731
        self.eventually(lambda: pending() == 0, "nothing is pending")

    def test_relays_are_switched_off_whose_release_waited_and_on_by_what_is_not_late(self):
        self.eventually(lambda: self.decided(INTRUSION) == {"siren", "garden-light"}, "the intrusion is decided")
        for channel in (1, 2):
            # Whether it was on again depends on `min_interval`: its release may have come just before.
            self.eventually(lambda channel=channel: self.switched(channel)[-1:] == [False], f"output {channel} is off")
            self.assertLessEqual(self.switched(channel).count(True), 1)
        self.eventually(lambda: any(request.get("device") == "shelly" and request.get("status") == 200
                                    for request in self.requests()), "the plate that waited")
        code, listed, error = self.camhook("relays", "--json")
        self.assertEqual(code, 0, error)
        self.assertEqual(len(json.loads(listed)["relays"]), 3)

    def test_a_dead_letter_and_the_quarantine_are_listed_and_a_dead_letter_can_be_sent(self):
        code, listed, error = self.camhook("quarantine", "list", "--json")
        self.assertEqual(code, 0, error)
        self.assertIn("unknown_message", listed)
        code, listed, error = self.camhook("dlq", "list", "--json")
        self.assertEqual((code, len(listed.splitlines())), (0, 1), listed + error)
        code, _, error = self.camhook("dlq", "send", "--all", "--yes")
        self.assertEqual(code, 0, error)
        self.eventually(lambda: self.posted(FACE) == 1, "the dead letter is notified")

    def test_older_events_are_listed_once_the_index_is_rebuilt(self):
        code, _, error = self.camhook("index", "rebuild", "--since", "2d", "--yes")
        self.assertEqual(code, 0, error)
        code, listed, error = self.camhook("events", "--since", "2d", "--json")
        self.assertEqual(code, 0, error)
        for key in RECORDED["objects"]:
            if key.startswith("events/"):
                self.assertIn(key.rpartition("/")[2].removesuffix(".json"), listed)

    def test_what_was_renamed_in_the_configuration_is_reported_with_the_fix(self):
        code, found, _ = self.camhook("check", str(CONFIGURATION))
        self.assertEqual(code, 0, "it still works")
        self.assertIn("alert_channel", found)

    def test_an_upgrade_again_changes_nothing(self):
        self.assertEqual(cloud.deploy(self.endpoint, self.stack["binaries"], polling=True), self.after)


if __name__ == "__main__":
    unittest.main()
