"""Tests that docs/metrics.md, the dashboard, the saved queries and the costs have everything that there is.

Python's standard library only.
"""

import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
TEMPLATE = (ROOT / "infra" / "template.yaml").read_text(encoding="utf-8")
ESSENTIAL = ROOT / "shared" / "aws" / "src" / "metrics.rs"

CONSTANT = re.compile(r'const ([A-Z_]+): &str = "([A-Z]\w+)"')
NAME = r'\s*(?:"([A-Z]\w+)"|(?:[a-z_]+::)*([A-Z][A-Z_]+))\s*,'
# A call that records a metric, with the dimensions if it has them in brackets.
CALL = re.compile(r"\.(?:count|time)\(" + NAME + r"((?:[^\[\]()]|\([^()]*\))*\[[^\]]*\])?")
# The count of messages that are processed again: shared/consumer counts it by reason.
RETRIES = re.compile(r"\bretries:" + NAME)


def recorded(sources):
    """The metrics that a crate records, each with its dimensions where the call names them."""
    texts = [text.partition("\n#[cfg(test)]")[0] for text in sources]
    constants = dict(pair for text in texts for pair in CONSTANT.findall(text))
    metrics = {}
    for text in texts:
        for name, constant, dimensions in CALL.findall(text):
            name = name or constants.get(constant)
            if name:
                metrics[name] = re.findall(r'\("(\w+)",', dimensions) if dimensions else metrics.get(name)
        for name, constant in RETRIES.findall(text):
            metrics[name or constants[constant]] = ["Reason"]
    return metrics


def metrics_of_code():
    metrics = {}
    for crate in [*(ROOT / "functions").iterdir(), *(ROOT / "shared").iterdir()]:
        sources = [path.read_text(encoding="utf-8") for path in (crate / "src").rglob("*.rs")]
        metrics |= recorded(sources)
    return metrics


def essential():
    declared = re.search(r"ESSENTIAL_METRICS: \[&str; \d+\] =\s*\[(.*?)\]", ESSENTIAL.read_text(encoding="utf-8"), re.DOTALL)
    return set(re.findall(r'"(\w+)"', declared.group(1)))


def rows(heading):
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1:]]


def resources(kind):
    return re.findall(rf"^  (\w+):\n    Type: {kind}\n", TEMPLATE, re.MULTILINE)


def dashboard():
    """The widgets, with all that depends on conditions."""
    body, _, variables = TEMPLATE.partition("DashboardBody: !Sub\n        - |\n")[2].partition("\n        - ")
    for name, _, value in re.findall(r"^ +(\w+): !If.*?!Sub (['\"])(.*?)\2[,\n]", "          " + variables.partition("\n\n")[0], re.DOTALL | re.MULTILINE):
        body = body.replace(f"${{{name}}}", value)
    return json.loads(body)["widgets"]


class MetricsPageTest(unittest.TestCase):
    def test_calls_are_found_with_their_dimensions(self):
        source = """const FIRST: &str = "First";
            ports.metrics().count(a::FIRST, [("X", x), ("Y", y.name())]);
            metrics.time("Second", took(a), []);
            metrics.count("Third", dimensions);
            retries: "Fourth","""
        found = {"First": ["X", "Y"], "Second": [], "Third": None, "Fourth": ["Reason"]}
        self.assertEqual(recorded([source]), found)

    def test_the_page_names_each_metric_of_the_code_with_its_dimensions_and_level(self):
        page = {row[0].strip("`"): row for row in rows("Metrics")}
        code = metrics_of_code()
        self.assertGreater(len(code), 30)
        self.assertEqual(sorted(page), sorted(code))
        for name, dimensions in code.items():
            if dimensions is not None:
                self.assertEqual(re.findall(r"`(\w+)`", page[name][2]), dimensions, name)
            self.assertEqual(page[name][3], "basic" if name in essential() else "detailed", name)

    def test_the_page_names_each_alarm_and_query(self):
        self.assertEqual(sorted(row[0].strip("`") for row in rows("Alarms")), sorted(resources("AWS::CloudWatch::Alarm")))
        queries = re.findall(r'Name: !Sub "\$\{AWS::StackName\}/([^"]+)"', TEMPLATE)
        self.assertEqual(sorted(row[0] for row in rows("Saved queries")), sorted(queries))
        self.assertEqual(len(queries), len(resources("AWS::Logs::QueryDefinition")))


class CostsTest(unittest.TestCase):
    def test_the_page_has_the_costs_of_the_template(self):
        """After a change: python3 bench/scale.py docs/performance.md, and its output into the page."""
        page = ROOT / "docs" / "performance.md"
        command = [sys.executable, str(ROOT / "bench" / "scale.py"), str(page)]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        lines = page.read_text(encoding="utf-8").splitlines()
        self.assertEqual([line for line in printed.splitlines() if line and line not in lines], [])


class DashboardTest(unittest.TestCase):
    def test_it_shows_each_alarm_function_and_queue(self):
        text = json.dumps(dashboard())
        by_level = {"RegionErrorsAlarm", "RegionThrottlesAlarm", "FunctionErrorsAlarm", "FunctionThrottlesAlarm"}
        for alarm in set(resources("AWS::CloudWatch::Alarm")) - by_level:
            self.assertTrue(f"${{{alarm}.Arn}}" in text, alarm)
        for function in resources("AWS::Serverless::Function"):
            self.assertTrue(f'"FunctionName", "${{{function}}}"' in text, function)
        for queue in resources("AWS::SQS::Queue"):
            self.assertTrue(f"${{{queue}.QueueName}}" in text, queue)
        for name in essential():
            self.assertTrue(f'"{name}"' in text, name)

    def test_it_has_no_more_metrics_than_are_free(self):
        metrics = [metric for widget in dashboard() for metric in widget["properties"].get("metrics", [])]
        self.assertLessEqual(len(metrics), 50)

    def test_its_queries_are_saved_queries(self):
        for widget in dashboard():
            if widget["type"] == "log":
                query = re.sub(r"^(SOURCE '\$\{\w+\}' \| )+", "", widget["properties"]["query"])
                saved = re.sub(r"\n +\| ", " | ", TEMPLATE)
                self.assertTrue(f"QueryString: |-\n        {query}\n" in saved, widget["properties"]["title"])

    def test_queries_have_the_log_group_of_each_function(self):
        groups = {name for name in resources("AWS::Logs::LogGroup") if name != "ApiLogs"}
        webhooks = re.findall(r"\n  (\w+)Role:\n(?:    .*\n)*?      ManagedPolicyArns: \[!Ref IngestPolicy\]", TEMPLATE)
        ingest = {f"{name}Logs" for name in [*webhooks, "InstarMqtt"]}
        expected = {"ErrorsQuery": groups, "SlowCallsQuery": groups, "EventsQuery": ingest, "RefusalsQuery": ingest,
                    "QuarantineQuery": ingest}
        for name, wanted in expected.items():
            query = TEMPLATE.partition(f"\n  {name}:\n")[2].partition("QueryString")[0]
            self.assertEqual(wanted - set(re.findall(r"!Ref (\w+Logs)", query)), set(), name)
            for widget in dashboard():
                if widget["type"] == "log" and f'/{widget["properties"]["title"]}"' in query:
                    sources = set(widget["properties"]["query"].split(" | "))
                    self.assertEqual({f"SOURCE '${{{group}}}'" for group in wanted} - sources, set(), name)


if __name__ == "__main__":
    unittest.main()
