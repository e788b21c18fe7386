"""Tests of the policy in docs/agent.md that limits an agent to its own relays. Python's standard library only."""

import fnmatch
import json
import re
import unittest
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "agent.md"


def policy():
    documents = re.findall(r"--policy-document '(\{.*?\})'\n```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(documents) == 1, "docs/agent.md has one policy"
    return json.loads(documents[0])


def holds(operator, expected, keys):
    """A condition on `dynamodb:LeadingKeys`, as IAM evaluates it for a request with these keys."""
    quantifier, _, comparison = operator.partition(":")
    compare = {
        "StringLike": lambda key: any(fnmatch.fnmatchcase(key, pattern) for pattern in expected),
        "StringNotEquals": lambda key: key not in expected,
    }[comparison]
    return {"ForAnyValue": any, "ForAllValues": all}[quantifier](compare(key) for key in keys)


def is_denied(action, key):
    return any(
        statement["Effect"] == "Deny"
        and action in statement["Action"]
        and all(holds(operator, condition["dynamodb:LeadingKeys"], [key])
                for operator, condition in statement["Condition"].items())
        for statement in policy()["Statement"])


class AgentPolicyTest(unittest.TestCase):
    def test_an_agent_cannot_write_relays_of_another_place(self):
        for action in ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]:
            for key in ["relay#barn", "relay#gate-2", "relay#"]:
                self.assertTrue(is_denied(action, key), f"{action} {key}")

    def test_an_agent_writes_its_own_relays_and_what_they_need(self):
        for key in ["relay#porch-light", "relay#gate", "claim#1", "cooldown#open", "presence", "retry#relay-lan"]:
            self.assertFalse(is_denied("dynamodb:PutItem", key), key)
        self.assertFalse(is_denied("dynamodb:GetItem", "relay#barn"), "it may read others")


class AgentTemplateTest(unittest.TestCase):
    def test_no_agent_can_enqueue_events_or_commands(self):
        template = (PAGE.parents[1] / "infra" / "template.yaml").read_text(encoding="utf-8")
        block = template.partition("\n  AgentPolicy:\n")[2].partition("\n  # ----")[0]
        enqueue = re.search(r"Action: sqs:SendMessage\n +Resource:\n((?: +- .*\n)+)", block)
        queues = re.findall(r"GetAtt (\w+)\.Arn", enqueue.group(1))
        self.assertEqual(block.count("sqs:SendMessage"), 1)
        self.assertEqual(sorted(queues), ["AlertsQueue", "RelayLanDeadLetterQueue", "ReleasesLanDeadLetterQueue",
                                          "ReleasesLanQueue"])


if __name__ == "__main__":
    unittest.main()
