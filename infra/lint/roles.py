"""Compares the roles of the template with the AWS calls that end-to-end tests made.

    roles.py calls.jsonl

The template is translated as SAM does it and resolved with made-up values. Each call in the log must be allowed by its
caller's role, and each action that a role allows must have been called, or be listed in roles.toml with the reason
why no test makes the call. `people` are those who have both policies for people, and call what commands of `camhook`
call. `make test` runs this; `-v` prints a table of the roles.
"""

import fnmatch
import json
import os
import re
import sys
import tomllib
from pathlib import Path

import yaml
from samtranslator.public.translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "infra" / "template.yaml"
PSEUDO = {"AWS::AccountId": "111122223333", "AWS::Region": "eu-central-1", "AWS::Partition": "aws",
          "AWS::StackName": "camhook", "AWS::URLSuffix": "amazonaws.com", "AWS::NoValue": None}
# What is listed has no key.
LISTS = ("s3:ListBucket", "s3:ListBucketVersions")
ARN = {"AWS::S3::Bucket": "arn:aws:s3:::{}", "AWS::SQS::Queue": "arn:aws:sqs:eu-central-1:111122223333:{}",
       "AWS::DynamoDB::Table": "arn:aws:dynamodb:eu-central-1:111122223333:table/{}"}


# ---- the template, resolved ------------------------------------------------------------------------


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


def _short_form(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _short_form)


class Policies(ManagedPolicyLoader):
    def __init__(self):
        super().__init__(None)

    def load(self):
        return {}


class Template:
    def __init__(self, text, parameters):
        template = yaml.load(text, Loader)  # noqa: S506 (a safe loader)
        self.functions = {name: resource for name, resource in template["Resources"].items()
                          if resource["Type"] == "AWS::Serverless::Function"}
        self.binaries = {name: function["Properties"]["CodeUri"].rstrip("/").rsplit("/", 1)[-1]
                         for name, function in self.functions.items()}
        for name, function in self.functions.items():
            function["Properties"]["CodeUri"] = f"s3://artifacts/{self.binaries[name]}.zip"
        os.environ.setdefault("AWS_DEFAULT_REGION", PSEUDO["AWS::Region"])  # The translator asks for one.
        self.parameters = {name: parameters.get(name, parameter.get("Default", ""))
                           for name, parameter in template["Parameters"].items()}
        self.translated = transform(template, {**self.parameters, **{k: v for k, v in PSEUDO.items() if v}}, Policies())
        self.resources = self.translated["Resources"]
        self.conditions = self.translated.get("Conditions", {})

    def resolve(self, value):
        if isinstance(value, list):
            return [item for item in (self.resolve(entry) for entry in value) if item is not None]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, argument), = value.items()
            if name == "Ref":
                return self.reference(argument)
            if name == "Fn::GetAtt":
                return self.attribute(*argument)
            if name == "Fn::Sub":
                return self.substitute(argument)
            if name == "Fn::If":
                return self.resolve(argument[1] if self.holds(argument[0]) else argument[2])
        return {name: self.resolve(entry) for name, entry in value.items()}

    def reference(self, name):
        if name in PSEUDO:
            return PSEUDO[name]
        return self.parameters[name] if name in self.parameters else name

    def attribute(self, name, attribute):
        kind = self.resources[name]["Type"]
        return ARN[kind].format(name) if attribute == "Arn" and kind in ARN else f"{name}.{attribute}"

    def substitute(self, argument):
        text, names = argument if isinstance(argument, list) else (argument, {})
        known = {name: self.resolve(value) for name, value in names.items()}

        def value(match):
            name = match.group(1)
            if name in known:
                return str(known[name])
            return str(self.attribute(*name.split(".", 1)) if "." in name else self.reference(name))
        return re.sub(r"\$\{([^!}]+)\}", value, text)

    def holds(self, condition):
        return self.evaluate(self.conditions[condition])

    def evaluate(self, expression):
        (name, argument), = expression.items()
        if name == "Condition":
            return self.holds(argument)
        if name == "Fn::Not":
            return not self.evaluate(argument[0])
        if name == "Fn::And":
            return all(map(self.evaluate, argument))
        if name == "Fn::Or":
            return any(map(self.evaluate, argument))
        return self.resolve(argument[0]) == self.resolve(argument[1])

    def statements(self, caller):
        """The statements that apply to a function, by its binary's name, to the agent, or to people."""
        if caller == "agent":
            return self.managed("AgentPolicy")
        if caller == "people":
            return self.managed("ViewerPolicy") + self.managed("OperatorPolicy")
        function = next(name for name, binary in self.binaries.items() if binary == caller)
        role = self.resources[self.resources[function]["Properties"]["Role"]["Fn::GetAtt"][0]]["Properties"]
        found = []
        for policy in role.get("Policies", []):
            found += self.resolve(policy["PolicyDocument"]["Statement"])
        for policy in role.get("ManagedPolicyArns", []):
            found += self.managed(policy["Ref"])
        return found

    def managed(self, name):
        return self.resolve(self.resources[name]["Properties"]["PolicyDocument"]["Statement"])


# ---- evaluation ------------------------------------------------------------------------------------


def listed(value):
    return value if isinstance(value, list) else [value]


def allows(statement, call):
    """Whether a statement allows a call. Conditions other than those that the template uses are an error."""
    if statement["Effect"] != "Allow":
        raise ValueError("the check knows no Deny")
    return (any(fnmatch.fnmatchcase(call["action"], pattern) for pattern in listed(statement["Action"]))
            and any(fnmatch.fnmatchcase(arn_of(call), pattern) for pattern in listed(statement["Resource"]))
            and all(holds(operator, key, expected, call)
                    for operator, keys in statement.get("Condition", {}).items() for key, expected in keys.items()))


def holds(operator, key, expected, call):
    service = call["action"].partition(":")[0]
    actual = {"dynamodb:LeadingKeys": [call["resource"]] if service == "dynamodb" and call["resource"] else None,
              "s3:prefix": [call["resource"]] if call["action"] in LISTS else None}
    if key not in actual:
        raise ValueError(f"the check does not know the condition key {key}")
    values = actual[key]
    if operator == "Null":
        return (values is None) == (str(listed(expected)[0]).lower() == "true")
    matches = {"StringEquals": lambda value, pattern: value == pattern, "StringLike": fnmatch.fnmatchcase}
    compare = matches[operator.removeprefix("ForAllValues:")]
    if values is None:
        return operator.startswith("ForAllValues:")
    return all(any(compare(value, pattern) for pattern in listed(expected)) for value in values)


def arn_of(call):
    service, resource = call["action"].partition(":")[0], call["resource"]
    if service == "s3":
        return "arn:aws:s3:::Bucket" + ("" if call["action"] in LISTS else f"/{resource}")
    if service == "sqs":
        return f"arn:aws:sqs:eu-central-1:111122223333:{queue_of(resource)}"
    if service == "dynamodb":
        # The partitions of the event index have names of their own.
        index = call.get("index")
        table = "EventIndex" if index or resource.startswith(("event#", "count#")) else "Table"
        table += f"/index/{index}" if index else ""
        return f"arn:aws:dynamodb:eu-central-1:111122223333:table/{table}"
    if service == "ssm":
        return f"arn:aws:ssm:eu-central-1:111122223333:parameter{resource}"
    if service == "iot":
        return f"arn:aws:iot:eu-central-1:111122223333:topic/{resource}"
    if service == "cloudwatch":
        return "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:*"
    raise ValueError(f"the check does not know {call['action']}")


def queue_of(name):
    """The queue's name in the template, from that of a deployed queue (camhook-NotifyQueue-XYZ) or of a test's own, which
    ends with `-relay-lan`, `-notify-dlq` and so on."""
    deployed = re.search(r"[A-Z]\w*Queue", name)
    if deployed:
        return deployed.group()
    words = re.sub(r"^camhook-test-[0-9a-f]+-", "", name).split("-")
    suffix = "DeadLetterQueue" if words[-1] == "dlq" else "Queue"
    return "".join(word.title() for word in words if word != "dlq") + suffix


def granted(statement):
    """Each action of a statement with each of its resources and keys: what must be used."""
    keys = [pattern for condition in statement.get("Condition", {}).values()
            for name, patterns in condition.items() if name == "dynamodb:LeadingKeys" and patterns not in ("true", "false")
            for pattern in listed(patterns)]
    for action in listed(statement["Action"]):
        for resource in listed(statement["Resource"]):
            for key in keys or [None]:
                yield action, resource, key


def is_used(grant, calls):
    action, resource, key = grant
    return any(fnmatch.fnmatchcase(call["action"], action) and fnmatch.fnmatchcase(arn_of(call), resource)
               and (key is None or fnmatch.fnmatchcase(call["resource"], key)) for call in calls)


def check(template, calls, unused, local=()):
    """The problems, and lines of the table."""
    problems, table, grants = [], [], []
    callers = ["agent", *sorted(template.binaries.values()), "people"]
    for caller in callers:
        made = [call for call in calls if call["caller"] == caller]
        statements = template.statements(caller)
        denied = {(call["action"], call["resource"]) for call in made
                  if not any(allows(statement, call) for statement in statements)
                  and not any(covers(entry, caller, (call["action"], None, None)) for entry in local)}
        problems += [f"{caller}: {action} on {resource} is denied" for action, resource in sorted(denied)]
        for statement in statements:
            uses = list(granted(statement))
            grants += [(caller, grant) for grant in uses]
            idle = [grant for grant in uses if not is_used(grant, made) and not excused(caller, grant, unused)]
            problems += [f"{caller}: {statement.get('Sid')}: {action} on {resource}{f' ({key})' if key else ''} is never used"
                         for action, resource, key in idle]
            table.append((caller, statement.get("Sid", ""), len(uses), len([1 for grant in uses if is_used(grant, made)])))
    problems += [f"roles.toml: no role has what this entry is about: {json.dumps(entry)}" for entry in unused
                 if not any(covers(entry, caller, grant) for caller, grant in grants)]
    return problems, table


def excused(caller, grant, unused):
    return any(covers(entry, caller, grant) for entry in unused)


def covers(entry, caller, grant):
    """Whether an entry of roles.toml is about a grant. An entry without `key` is about every key."""
    def fits(name, value):
        return any(fnmatch.fnmatchcase(value or "", pattern) for pattern in listed(entry.get(name, "*")))
    action, resource, key = grant
    return fits("role", caller) and fits("action", action) and fits("resource", resource) and fits("key", key)


def main(arguments):
    paths = [argument for argument in arguments if argument != "-v"]
    template = Template(TEMPLATE.read_text(encoding="utf-8"), {"Agent": "yes", "EventBus": "yes"})
    calls = {}
    for path in paths:
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            call = json.loads(line)
            calls[(call["caller"], call["action"], call["resource"], call.get("index"))] = call
    exceptions = tomllib.loads(Path(__file__).with_name("roles.toml").read_text(encoding="utf-8"))
    problems, table = check(template, list(calls.values()), exceptions["unused"], exceptions["local"])
    if "-v" in arguments:
        for caller, sid, grants, used in table:
            print(f"{caller:<12} {sid:<32} {used} of {grants} grants used")
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    grants, used = sum(row[2] for row in table), sum(row[3] for row in table)
    print(f"roles: {len(calls)} different calls, {used} of {grants} grants used")
    if problems:
        print("hint: a role in infra/template.yaml allows too much or too little, or tests make no call of a kind that "
              "infra/lint/roles.toml should name with a reason", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
