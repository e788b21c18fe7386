"""Tests of the check of roles, in both directions: make check-roles"""

import json
import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
try:
    import deploy
    import roles
except ImportError:  # boto3, yaml and samtranslator are in .tools/cloud
    deploy = roles = None

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Prefix: { Type: String, Default: "" }
Conditions:
  HasPrefix: !Not [!Equals [!Ref Prefix, ""]]
Resources:
  Bucket: { Type: AWS::S3::Bucket }
  Table: { Type: AWS::DynamoDB::Table, Properties: { KeySchema: [], AttributeDefinitions: [] } }
  NotifyQueue: { Type: AWS::SQS::Queue }
  NotifyFunction:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      Handler: bootstrap
      CodeUri: ../target/lambda/notify/
      Role: !GetAtt NotifyRole.Arn
  NotifyRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      ManagedPolicyArns: [!Ref Shared]
      Policies:
        - PolicyName: notify
          PolicyDocument:
            Statement:
              - Sid: Keys
                Effect: Allow
                Action: [dynamodb:GetItem, dynamodb:Query]
                Resource: !GetAtt Table.Arn
                Condition:
                  ForAllValues:StringLike: { "dynamodb:LeadingKeys": ["claim#*"] }
                  "Null": { "dynamodb:LeadingKeys": "false" }
              - Sid: Secrets
                Effect: Allow
                Action: ssm:GetParameters
                Resource: !Sub
                  - arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${Path}channels/*
                  - Path: !If [HasPrefix, !Ref Prefix, !Sub "/${AWS::StackName}/"]
  Shared:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          - { Sid: Send, Effect: Allow, Action: sqs:SendMessage, Resource: !GetAtt NotifyQueue.Arn }
          - { Sid: Store, Effect: Allow, Action: s3:PutObject, Resource: !Sub "${Bucket.Arn}/events/*" }
  AgentPolicy: &nothing
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: { Statement: [] }
  ViewerPolicy: *nothing
  OperatorPolicy: *nothing
"""

USED = [
    ("dynamodb:GetItem", "claim#1"), ("dynamodb:Query", "claim#1"), ("ssm:GetParameters", "/camhook/channels/a"),
    ("sqs:SendMessage", "camhook-test-01-notify"), ("s3:PutObject", "events/a.json"),
]


@unittest.skipIf(roles is None, "skipped: run it with .tools/cloud/bin/python")
class RolesTest(unittest.TestCase):
    def problems(self, calls, unused=(), caller="notify"):
        template = roles.Template(TEMPLATE, {})
        calls = [{"caller": caller, "action": action, "resource": resource} for action, resource in calls]
        return roles.check(template, calls, unused)[0]

    def test_a_role_that_fits_the_calls_passes(self):
        self.assertEqual(self.problems(USED), [])

    def test_calls_outside_of_the_role_are_denied(self):
        for call in [("dynamodb:GetItem", "control"), ("dynamodb:PutItem", "claim#1"), ("dynamodb:Query", ""),
                     ("ssm:GetParameters", "/camhook/relays/gate"), ("ssm:GetParameters", "/other/channels/a"),
                     ("sqs:SendMessage", "camhook-test-01-relay"), ("s3:PutObject", "audit/a.json"),
                     ("s3:GetObject", "events/a.json"), ("iot:Publish", "cameras/1")]:
            problems = self.problems([*USED, call])
            self.assertEqual(len(problems), 1, (call, problems))
            self.assertIn("denied", problems[0])

    def test_grants_that_no_call_uses_are_reported(self):
        for left_out in USED:
            problems = self.problems([call for call in USED if call != left_out])
            self.assertEqual(len(problems), 1, left_out)
            self.assertIn("never used", problems[0])
        excused = [{"role": ["notify", "relay"], "action": "s3:PutObject", "reason": "test"}]
        self.assertEqual(self.problems(USED[:-1], excused), [])
        self.assertEqual(self.problems(USED, excused), [], "a grant that is used may be listed")

    def test_a_call_of_the_local_cloud_alone_needs_no_grant(self):
        template = roles.Template(TEMPLATE, {})
        call = {"caller": "people", "action": "sqs:GetQueueAttributes", "resource": "camhook-test-01-notify"}
        calls = [{"caller": "notify", "action": action, "resource": resource} for action, resource in USED]
        local = [{"role": "people", "action": "sqs:GetQueueAttributes"}]
        self.assertEqual(roles.check(template, [*calls, call], [], local)[0], [])
        self.assertEqual(len(roles.check(template, [*calls, call], [])[0]), 1)

    def test_an_entry_about_nothing_is_reported(self):
        for entry in [{"action": "s3:GetObject"}, {"action": "s3:PutObject", "role": "relay"},
                      {"action": "dynamodb:GetItem", "key": "cooldown#*"}]:
            problems = self.problems(USED, [entry])
            self.assertEqual(len(problems), 1, entry)
            self.assertIn("roles.toml", problems[0])

    def test_queues_and_indexes_have_their_names_of_the_template(self):
        queues = {"camhook-test-01-relay-lan": "RelayLanQueue", "camhook-test-01-notify-dlq": "NotifyDeadLetterQueue",
                  "camhook-IndexQueue-0A1B": "IndexQueue", "camhook-MqttDeadLetterQueue-0A1B": "MqttDeadLetterQueue"}
        for name, queue in queues.items():
            self.assertEqual(roles.queue_of(name), queue)
        call = {"action": "dynamodb:Query", "resource": "area#yard", "index": "ByKey1"}
        self.assertTrue(roles.arn_of(call).endswith(":table/EventIndex/index/ByKey1"))

    def test_a_condition_that_is_not_known_is_an_error(self):
        call = {"action": "s3:PutObject", "resource": "a"}
        with self.assertRaises(ValueError):
            roles.holds("StringEquals", "aws:SourceIp", "203.0.113.1", call)


# A call that each command makes, with the object, key or queue that it is about: what a viewer may do, what only an
# operator may do, and what neither may.
VIEWS = [
    ("s3:GetObject", "events/2026/11/23/gate/1.json"), ("s3:GetObject", "images/gate/2026/11/23/1/0-overview.jpg"),
    ("s3:GetObject", "audit/2026/11/23/gate/1.json"), ("s3:GetObject", "config/camhook.toml"),
    ("s3:GetObjectVersion", "config/camhook.toml"), ("s3:ListBucket", "quarantine/"), ("s3:ListBucket", "pending/"),
    ("dynamodb:BatchGetItem", "relay#gate"), ("dynamodb:Query", "presence"), ("dynamodb:Query", "decision#1"),
    ("dynamodb:GetItem", "mode#house"), ("dynamodb:GetItem", "control"), ("dynamodb:Query", "retry#notify"),
    ("dynamodb:GetItem", "event#1"), ("dynamodb:Query", "count#2026-11"), ("cloudwatch:GetMetricData", ""),
    ("cloudwatch:DescribeAlarms", ""),
]
OPERATIONS = [
    ("s3:PutObject", "config/camhook.toml"), ("s3:GetObject", "quarantine/2026/11/23/gate/1/request.bin"),
    ("dynamodb:PutItem", "mode#house"), ("dynamodb:PutItem", "control"), ("dynamodb:PutItem", "snooze"),
    ("dynamodb:PutItem", "relay#gate"), ("dynamodb:DeleteItem", "dead#notify"), ("dynamodb:PutItem", "rebuild"),
    ("dynamodb:PutItem", "people"), ("dynamodb:PutItem", "sign-in#anna"), ("dynamodb:PutItem", "config"),
    ("dynamodb:PutItem", "event#1"), ("dynamodb:Query", "session#anna"), ("sqs:ReceiveMessage", "notify-dlq"),
    ("sqs:DeleteMessage", "relay-dlq"), ("sqs:SendMessage", "relay"), ("sqs:SendMessage", "bus"),
    ("ssm:GetParameters", "/camhook/channels/family"),
    ("s3:PutObject", "audit/2026/11/23/gate/1763884800000-released-3-1.json"), ("dynamodb:PutItem", "checkpoint"),
    ("s3:PutObject", "audit/2026/11/23/@people/1763884800000-invited-1.json"),
    ("s3:PutObject", "events/2026/11/23/gate/1.json"), ("sqs:SendMessage", "mqtt"),
]
DENIED = [
    ("s3:DeleteObject", "events/2026/11/23/gate/1.json"), ("s3:PutObject", "audit/2026/11/23/gate/1763884800000-delivered-1-open-0.json"),
    ("s3:DeleteObject", "audit/2026/11/23/gate/1.json"), ("dynamodb:PutItem", "claim#1"),
    ("dynamodb:DeleteItem", "cooldown#open"), ("sqs:ReceiveMessage", "notify"), ("sqs:DeleteMessage", "relay"),
    ("ssm:GetParameters", "/camhook/sources/gate"), ("ssm:GetParameters", "/camhook/relays/gate"),
]


class Physical(roles.Template if roles else object):
    """The template with the names that CloudFormation gives to resources: `STACK-RESOURCE-RANDOM`, cut to what each kind
    of resource accepts."""

    LONGEST = {"AWS::SQS::Queue": 80, "AWS::S3::Bucket": 63}

    def attribute(self, name, attribute):
        kind = self.resources[name]["Type"]
        end = f"-{name}-{'A' * 13}"
        physical = f"{roles.PSEUDO['AWS::StackName'][:self.LONGEST.get(kind, 255) - len(end)]}{end}"
        if attribute != "Arn":
            return physical
        arn = roles.ARN.get(kind, "arn:aws:logs:eu-central-1:111122223333:log-group:{}")
        return arn.format(physical).replace("eu-central-1", roles.PSEUDO["AWS::Region"])

    def size(self, document):
        """The characters that IAM counts."""
        return len(json.dumps(self.resolve(document), separators=(",", ":")))


@unittest.skipIf(roles is None, "yaml and samtranslator are in .tools/cloud")
class PeopleTest(unittest.TestCase):
    def setUp(self):
        template = roles.Template(roles.TEMPLATE.read_text(encoding="utf-8"), {"EventBus": "yes"})
        self.viewer = template.managed("ViewerPolicy")
        self.operator = template.managed("OperatorPolicy")

    def is_allowed(self, statements, action, resource):
        return any(roles.allows(statement, {"action": action, "resource": resource}) for statement in statements)

    def test_viewers_look_and_change_nothing(self):
        for action, resource in VIEWS:
            self.assertTrue(self.is_allowed(self.viewer, action, resource), f"{action} {resource}")
        for action, resource in OPERATIONS + DENIED:
            self.assertFalse(self.is_allowed(self.viewer, action, resource), f"{action} {resource}")
        changes = ("Put", "Update", "Delete", "Send", "Receive", "Change")
        actions = [action for statement in self.viewer for action in roles.listed(statement["Action"])]
        self.assertEqual([action for action in actions if action.partition(":")[2].startswith(changes)], [])

    def test_operators_operate_and_erase_nothing(self):
        for action, resource in OPERATIONS:
            self.assertTrue(self.is_allowed(self.operator, action, resource), f"{action} {resource}")
        for action, resource in DENIED:
            self.assertFalse(self.is_allowed(self.operator, action, resource), f"{action} {resource}")

    def test_policies_fit_into_iam(self):
        for statements in (self.viewer, self.operator):
            self.assertLess(len(json.dumps(statements, separators=(",", ":"))), 5500, "6144 with the names of a stack")

    def test_policies_fit_into_iam_with_the_names_of_resources(self):
        """With the longest stack name that `make deploy` accepts, in the Region with the longest name."""
        names = {"AWS::StackName": "s" * deploy.LONGEST_STACK_NAME, "AWS::Region": "ap-southeast-1"}
        parameters = {"EventBus": "yes", "Agent": "yes", "Mqtt": "yes"}
        with mock.patch.dict(roles.PSEUDO, names):
            template = Physical(roles.TEMPLATE.read_text(encoding="utf-8"), parameters)
            for name, resource in template.resources.items():
                if resource["Type"] == "AWS::IAM::ManagedPolicy":
                    self.assertLessEqual(template.size(resource["Properties"]["PolicyDocument"]), 6144, name)
                if resource["Type"] == "AWS::IAM::Role":
                    policies = resource["Properties"].get("Policies", [])
                    self.assertLessEqual(sum(template.size(policy["PolicyDocument"]) for policy in policies), 10240, name)
            queue = template.attribute("ReleasesLanDeadLetterQueue", "Arn")
            self.assertEqual(len(queue.rpartition(":")[2]), 80, queue)


if __name__ == "__main__":
    unittest.main()
