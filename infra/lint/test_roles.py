"""Tests of the check of roles, in both directions: make check-roles"""

import unittest

try:
    import roles
except ImportError:  # yaml and samtranslator are in .tools/cloud
    roles = None

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
  AgentPolicy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: { Statement: [] }
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
        excused = [{"action": "s3:PutObject", "reason": "test"}]
        self.assertEqual(self.problems(USED[:-1], excused), [])

    def test_a_condition_that_is_not_known_is_an_error(self):
        call = {"action": "s3:PutObject", "resource": "a"}
        with self.assertRaises(ValueError):
            roles.holds("StringEquals", "aws:SourceIp", "203.0.113.1", call)


if __name__ == "__main__":
    unittest.main()
