"""Upgrades a stack of the previous template on the local cloud: nothing is lost, replaced or stuck.

`make test-upgrade`. The previous template is deployed with data in its bucket, table and queues, then today's over it.
The functions are programs that do nothing: this is a test of the template. What functions make of older data is tested
beside the code that reads it.
"""

import json
import shutil
import sys
import tempfile
import time
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1] / "infra" / "local"))

import cloud  # noqa: E402
from state import stop_all  # noqa: E402

# What outlives an upgrade, by the names of the template's outputs.
KEPT = ["ApiId", "Bucket", "Table", "NotifyQueueUrl", "RelayQueueUrl", "RelayLanQueueUrl", "MqttQueueUrl",
        "NotifyDeadLetterQueueUrl", "RelayDeadLetterQueueUrl", "RelayLanDeadLetterQueueUrl", "MqttDeadLetterQueueUrl"]
OBJECTS = {
    "config/camhook.toml": b'timezone = "UTC"\ntrouble = "family"\n',
    "events/2026/11/23/gate/0123456789abcdef0123456789abcdef.json": b"{}",
    "images/gate/2026/11/23/0123456789abcdef0123456789abcdef/0-overview.jpg": b"\xff\xd8\xff\xd9",
    "pending/0123456789abcdef0123456789abcdef.notify.json": b"{}",
    "audit/2026/11/23/light/1795420800000-done.json": b"{}",
}
ITEMS = [("claim#0123456789abcdef0123456789abcdef", "open-gate#0"), ("control", "stop"), ("control", "mode#yard"),
         ("cooldown#open-gate", "gate"), ("presence", "gate"), ("relay#light", "-")]


class UpgradeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.state = Path(tempfile.mkdtemp(prefix="camhook-upgrade-"))
        cls.addClassCleanup(shutil.rmtree, cls.state, ignore_errors=True)
        cls.addClassCleanup(stop_all, cls.state)
        cls.endpoint = cloud.ensure_running(cls.state, None)
        template = cloud.TEMPLATE
        cloud.TEMPLATE = FOLDER / "template-before-0.1.yaml"
        cls.before = cls.deploy()
        cls.fill()
        cls.resources_before = cls.resources()
        cloud.TEMPLATE = template
        cls.after = cls.deploy()

    @classmethod
    def deploy(cls):
        nothing = Path(shutil.which("true"))
        return cloud.deploy(cls.endpoint, {name: nothing for name in cloud.functions()}, polling=False)

    @classmethod
    def fill(cls):
        s3, sqs = cloud.client(cls.endpoint, "s3"), cloud.client(cls.endpoint, "sqs")
        dynamodb = cloud.client(cls.endpoint, "dynamodb")
        for key, body in OBJECTS.items():
            s3.put_object(Bucket=cls.before["Bucket"], Key=key, Body=body)
        for pk, sk in ITEMS:
            item = {"pk": {"S": pk}, "sk": {"S": sk}, "data": {"S": "{}"}}
            dynamodb.put_item(TableName=cls.before["Table"], Item=item)
        for output, url in cls.before.items():
            if output.endswith("QueueUrl"):
                sqs.send_message(QueueUrl=url, MessageBody=output)

    @classmethod
    def resources(cls):
        pages = cloud.client(cls.endpoint, "cloudformation").get_paginator("list_stack_resources").paginate(
            StackName=cloud.STACK_NAME)
        return {entry["LogicalResourceId"]: entry for page in pages for entry in page["StackResourceSummaries"]}

    def test_what_holds_data_is_not_replaced(self):
        for output in KEPT:
            self.assertEqual(self.before[output], self.after[output], output)

    def test_objects_items_and_messages_are_still_there(self):
        s3, sqs = cloud.client(self.endpoint, "s3"), cloud.client(self.endpoint, "sqs")
        for key, body in OBJECTS.items():
            self.assertEqual(s3.get_object(Bucket=self.after["Bucket"], Key=key)["Body"].read(), body, key)
        items = cloud.client(self.endpoint, "dynamodb").scan(TableName=self.after["Table"])["Items"]
        self.assertEqual(sorted((item["pk"]["S"], item["sk"]["S"]) for item in items), sorted(ITEMS))
        for output in (name for name in self.before if name.endswith("QueueUrl")):
            messages = sqs.receive_message(QueueUrl=self.after[output], WaitTimeSeconds=1).get("Messages", [])
            self.assertEqual([message["Body"] for message in messages], [output])

    def test_nothing_is_stuck(self):
        resources = self.resources()
        stuck = {name: entry["ResourceStatus"] for name, entry in resources.items()
                 if not entry["ResourceStatus"].endswith("_COMPLETE")}
        self.assertEqual(stuck, {})
        cloudformation = cloud.client(self.endpoint, "cloudformation")
        stack = cloudformation.describe_stacks(StackName=cloud.STACK_NAME)["Stacks"][0]
        self.assertEqual(stack["StackStatus"], "UPDATE_COMPLETE")
        # The shared role and its policy are gone: each function has its own.
        self.assertIn("IngestRole", self.resources_before)
        self.assertNotIn("IngestRole", resources)
        self.assertIn("ViewtronRole", resources)

    def test_a_record_that_is_stored_after_the_upgrade_is_notified(self):
        s3, sqs = cloud.client(self.endpoint, "s3"), cloud.client(self.endpoint, "sqs")
        s3.put_object(Bucket=self.after["Bucket"], Key="events/2026/11/24/gate/1.json", Body=b"{}")
        s3.put_object(Bucket=self.after["Bucket"], Key="images/gate/2026/11/24/1/0-overview.jpg", Body=b"")
        keys = []
        deadline = time.monotonic() + 20
        while not keys and time.monotonic() < deadline:
            answer = sqs.receive_message(QueueUrl=self.after["IndexQueueUrl"], WaitTimeSeconds=1, MaxNumberOfMessages=10)
            records = [json.loads(message["Body"]).get("Records", []) for message in answer.get("Messages", [])]
            keys += [record["s3"]["object"]["key"] for entry in records for record in entry]
        self.assertEqual(keys, ["events/2026/11/24/gate/1.json"])

    def test_an_upgrade_again_changes_nothing(self):
        self.assertEqual(self.deploy(), self.after)


if __name__ == "__main__":
    unittest.main()
