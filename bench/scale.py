"""What camhook needs and costs with 10 to 100,000 cameras, computed from measured durations and list prices.

Usage: scale.py REPORT, the report.json of `make bench` or the page that shows its figures (docs/performance.md). Prints
Markdown. Nothing here is measured under such a load: the durations, the calls of an event and the length of its log
lines are the report's, the numbers of alarms and event source mappings are those of infra/template.yaml, everything
else is written below as an assumption, a price or a quota, to be changed for a site of one's own.
"""

import json
import math
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CAMERAS = [10, 1_000, 10_000, 100_000]
DAYS = 30
SECONDS_A_DAY = 86_400

# ---- What a camera does (assumptions) ----

EVENTS_A_DAY = 100  # with two pictures, 530 kB as posted
HEARTBEATS_A_DAY = SECONDS_A_DAY // 60  # keepaliveTimeval = 60 s
TRACKING_A_DAY = 2_000  # positions, dropped; only of cameras whose *Smart track data* is on, against `camhook setup`
NOTIFIED = 0.2  # of the events are notified, by one channel, with one picture
SWITCHED = 0.02  # of the events move a relay
PEAK = 10  # the busiest second has so many times the mean's events (dusk, rain, an alarm test)
POST_KB = 536
EVENT_STORED_KB = 405  # two JPEG and the record, on average
STORED_DAYS = 30  # ImagesDays of the template
INDEXED_DAYS = 90  # EventsDays of the template
PRESENCE_EVERY = 75  # seconds: a quarter of offline_after = "5m"
OBJECTS_PER_EVENT = 3
INSTANCE_LIFE = 2 * 3600  # seconds until AWS replaces an instance (inferred, not documented)

# ---- What the consumers do per event (counted in the code; their durations are assumptions) ----

NOTIFY_SECONDS = 0.4  # one S3 read, three table calls, an upload of 350 kB to a chat service
RELAY_SECONDS = 0.2  # eight table calls, one device
CONSUMER_SECONDS = 0.015  # an event that no rule wants: of notify, one table call
NOTIFY_READS = 1  # of each event: the decisions of an earlier delivery
NOTIFY_WRITES = 3  # once per correlation key, claim taken, claim done
RELAY_WRITES = 5  # once, claim, relay twice, claim done
RELAY_READS = 4  # stop switch, claim, relay, mode; strongly consistent
DECISION_WRITES = 1  # of each consumer that acts on an event
INDEX_SECONDS = 0.05  # one S3 read, two table calls
INDEX_WRITES = 7  # a camera of a recorder, with an area, and its count: docs/performance.md
INDEX_KB = 4  # the items of an event in the table and both secondary indexes
THUMBNAILED = 0.5  # of the events have no picture below 40 kB
THUMBNAIL_SECONDS = 0.3
POLLERS = 5  # of each event source mapping, each with a long poll of 20 s
TICKS = DAYS * 1440  # of the watchdog, one a minute, each with a list of pending/
TICK_SECONDS = 0.1
DETAILED_METRICS = 44  # with Metrics=detailed: by vendor, kind, outcome and so on, of a site with one vendor; and totals

# ---- List prices, us-east-1, US dollars, November 2026, before taxes. Confirm on the day. ----

PRICES_OF = "2026-11"
API_REQUEST = 1.00e-6  # HTTP API, for each 512 kB begun
API_REQUEST_ABOVE_300_M = 0.90e-6
LAMBDA_REQUEST = 0.20e-6
LAMBDA_GB_SECOND = 0.0000133334  # arm64
SQS_REQUEST = 0.40e-6  # standard queue, for each 64 kB begun
S3_PUT, S3_GET, S3_GB_MONTH = 5.0e-6, 0.4e-6, 0.023
TABLE_WRITE, TABLE_READ = 0.625e-6, 0.125e-6  # on demand
TABLE_GB_MONTH = 0.25
LOGS_GB, ALARM, METRIC = 0.50, 0.10, 0.30
TRANSFER_GB = 0.09  # to the internet

# ---- What is free each month in every account, without an end ----

FREE_LAMBDA_REQUESTS, FREE_LAMBDA_GB_SECONDS = 1e6, 400_000
FREE_SQS_REQUESTS = 1e6
FREE_TABLE_GB = 25
FREE_LOGS_GB, FREE_ALARMS, FREE_METRICS = 5, 10, 10
FREE_TRANSFER_GB = 100

MEMORY_GB, NOTIFY_MEMORY_GB, INDEX_MEMORY_GB = 0.25, 0.5, 0.5

# ---- Quotas ----

TEMPLATE_RATE, VENDOR_RATE = 500, 200  # ThrottleRate and VendorThrottleRate of the template, parameters
API_RATE = 10_000  # requests a second, per account and region, can be raised
LAMBDA_CONCURRENCY = 1_000  # per account and region, can be raised
CONSUMER_CONCURRENCY = 2  # ConsumerConcurrency of the template, a parameter
PARTITION_WRITES = 1_000  # a second and partition key of DynamoDB, cannot be raised
SSM_RATE = 40  # GetParameter a second, standard throughput
S3_PUTS = 3_500  # a second and prefix, which S3 splits by itself


@dataclass
class Site:
    """What a site chooses."""

    metrics: str = "basic"  # the parameter Metrics
    mqtt: bool = False  # the parameter Mqtt
    tracking: int = 0


@dataclass
class Template:
    """The conditions of alarms, with their numbers of metrics, and of event source mappings in infra/template.yaml."""

    alarms: list
    mappings: int
    totals: int  # metrics with Metrics=basic

    @staticmethod
    def read():
        text = (ROOT / "infra" / "template.yaml").read_text(encoding="utf-8")
        blocks = re.findall(r"^  \w+:\n    Type: (AWS::[\w:]+)\n((?:    .*\n|\n)*)", text, re.MULTILINE)
        alarms = []
        for kind, block in blocks:
            if kind == "AWS::CloudWatch::Alarm":
                condition = re.search(r"^    Condition: (\w+)", block, re.MULTILINE)
                alarms.append((condition and condition.group(1), max(1, block.count("MetricStat:"))))
        source = (ROOT / "shared" / "aws" / "src" / "metrics.rs").read_text(encoding="utf-8")
        totals = int(re.search(r"ESSENTIAL_METRICS: \[&str; (\d+)\]", source).group(1))
        mappings = sum(kind == "AWS::Lambda::EventSourceMapping" for kind, _ in blocks)
        return Template(alarms, mappings, totals)

    def alarms_of(self, site):
        """The number of metrics that alarms watch, with the default of each other parameter."""
        detailed = site.metrics == "detailed"
        holds = {None: True, "BasicMetrics": not detailed, "DetailedMetricsOnAws": detailed,
                 "HasConsoleAndDetailedMetrics": detailed, "HasMqtt": site.mqtt, "HasAgent": False, "HasEventBus": False}
        return sum(metrics for condition, metrics in self.alarms if holds[condition])

    def mappings_of(self, site):
        return self.mappings if site.mqtt else self.mappings - 1

    def metrics_of(self, site):
        return self.totals if site.metrics == "basic" else DETAILED_METRICS


@dataclass
class Measured:
    event_seconds: float  # an event with two pictures, S3 and SQS answering as in a region
    small_seconds: float  # a post that needs no AWS call
    log_bytes: float  # of an event
    sends: int  # messages to SQS per event

    @staticmethod
    def read(path):
        text = Path(path).read_text(encoding="utf-8")
        if path.endswith(".md"):
            return Measured.of_page(text)
        report = json.loads(text)
        whole = report["whole_event_ms"]
        return Measured(
            event_seconds=(whole["1"] + whole["3"]) / 2 / 1000,
            small_seconds=1 / report["events_per_second_per_core"]["tracking"],
            log_bytes=report["log_bytes_per_event"]["event_510kb"],
            sends=2,
        )

    @staticmethod
    def of_page(text):
        def figure(name):
            return float(re.search(rf"^\| {re.escape(name)} *\| *([\d.]+)", text, re.MULTILINE).group(1))

        whole = "whole event with S3 in 20 ms, SQS in 8 ms, pictures: "
        return Measured(
            event_seconds=(figure(whole + "1") + figure(whole + "3")) / 2 / 1000,
            small_seconds=1 / figure("events a second and core, SDK included: tracking"),
            log_bytes=figure("log of an event: event_510kb"),
            sends=2,
        )


def billed(seconds):
    """Lambda bills by the millisecond, begun ones whole."""
    return math.ceil(seconds * 1000) / 1000


@dataclass
class Item:
    """A line of the bill."""

    service: str
    quantity: float
    price: float
    free: float = 0


def bill(cameras, measured, template, site):
    events = cameras * EVENTS_A_DAY * DAYS
    idle = cameras * (HEARTBEATS_A_DAY + site.tracking) * DAYS
    posts = events + idle
    seconds = DAYS * SECONDS_A_DAY
    presence = cameras * seconds / PRESENCE_EVERY
    units = events * math.ceil(POST_KB / 512) + idle
    polls = template.mappings_of(site) * POLLERS * seconds / 20
    notified, switched, thumbnailed = events * NOTIFIED, events * SWITCHED, events * THUMBNAILED
    # A message is sent, received and deleted; batches make fewer of the last two at higher rates. One for each
    # consumer, and one for the index.
    messages = events * (measured.sends + 1) * 3

    gb_seconds = MEMORY_GB * (events * billed(measured.event_seconds) + idle * billed(measured.small_seconds))
    gb_seconds += NOTIFY_MEMORY_GB * (notified * NOTIFY_SECONDS + (events - notified) * CONSUMER_SECONDS)
    gb_seconds += MEMORY_GB * (switched * RELAY_SECONDS + (events - switched) * CONSUMER_SECONDS)
    gb_seconds += INDEX_MEMORY_GB * (events * INDEX_SECONDS + thumbnailed * THUMBNAIL_SECONDS)
    gb_seconds += MEMORY_GB * TICKS * TICK_SECONDS
    gigabytes = events / DAYS * STORED_DAYS * EVENT_STORED_KB / 1e6
    # The watchdog reads the presence of every source each minute: 4 kB hold about 20 of them.
    reads = events * NOTIFY_READS + switched * RELAY_READS + TICKS * math.ceil(cameras / 20)
    writes = presence + notified * (NOTIFY_WRITES + DECISION_WRITES) + switched * (RELAY_WRITES + DECISION_WRITES)
    writes += events * INDEX_WRITES
    # Every consumer logs about as much as the function that received the event.
    logs = events * measured.log_bytes * (measured.sends + 2) + posts * 350 + TICKS * 500
    return [
        Item("API Gateway", min(units, 300e6), API_REQUEST),
        Item("API Gateway", max(units - 300e6, 0), API_REQUEST_ABOVE_300_M),
        Item("Lambda", posts + 3 * events + TICKS, LAMBDA_REQUEST, FREE_LAMBDA_REQUESTS),
        Item("Lambda", gb_seconds, LAMBDA_GB_SECOND, FREE_LAMBDA_GB_SECONDS),
        Item("SQS", messages + polls, SQS_REQUEST, FREE_SQS_REQUESTS),
        Item("S3", events * OBJECTS_PER_EVENT + thumbnailed + TICKS, S3_PUT),
        Item("S3", notified + events + thumbnailed + TICKS, S3_GET),
        Item("S3", gigabytes, S3_GB_MONTH),
        Item("DynamoDB", writes, TABLE_WRITE),
        Item("DynamoDB", reads, TABLE_READ),
        Item("DynamoDB", cameras * EVENTS_A_DAY * INDEXED_DAYS * INDEX_KB / 1e6, TABLE_GB_MONTH, FREE_TABLE_GB),
        Item("CloudWatch metrics", template.metrics_of(site), METRIC, FREE_METRICS),
        Item("CloudWatch alarms", template.alarms_of(site), ALARM, FREE_ALARMS),
        Item("CloudWatch logs", logs / 1e9, LOGS_GB, FREE_LOGS_GB),
        Item("transfer", notified * 350e3 / 1e9, TRANSFER_GB, FREE_TRANSFER_GB),
    ]


def costs(items, allowances):
    """Dollars by service."""
    found = {}
    for item in items:
        quantity = max(0, item.quantity - item.free) if allowances else item.quantity
        found[item.service] = found.get(item.service, 0) + quantity * item.price
    return found


def scale(cameras, measured):
    events = cameras * EVENTS_A_DAY * DAYS
    idle = cameras * HEARTBEATS_A_DAY * DAYS
    posts = events + idle
    seconds = DAYS * SECONDS_A_DAY

    post_rate, event_rate = posts / seconds, events / seconds
    peak_events = event_rate * PEAK
    peak_posts = peak_events + idle / seconds
    ingest_now = peak_events * measured.event_seconds + idle / seconds * measured.small_seconds
    notify_now = peak_events * (NOTIFIED * NOTIFY_SECONDS + (1 - NOTIFIED) * CONSUMER_SECONDS)
    relay_now = peak_events * (SWITCHED * RELAY_SECONDS + (1 - SWITCHED) * CONSUMER_SECONDS)
    instances = max(1, math.ceil(ingest_now))
    # With a secret reference per source: each instance asks for a source's secret when it is addressed, every 5 min.
    ssm = min(cameras * instances / 300, peak_posts)
    rates = {
        "posts a second, mean": post_rate,
        "posts a second, peak": peak_posts,
        "events a second, peak": peak_events,
        "ingest at once, peak": ingest_now,
        "notify at once, peak": notify_now,
        "relay at once, peak": relay_now,
        "SQS messages a second, peak": peak_events * measured.sends,
        "S3 PUT a second, peak": peak_events * OBJECTS_PER_EVENT,
        "table writes a second, peak": cameras / PRESENCE_EVERY
        + peak_events
        * (NOTIFIED * (NOTIFY_WRITES + DECISION_WRITES) + SWITCHED * (RELAY_WRITES + DECISION_WRITES)),
        "of them on the key `presence`": cameras / PRESENCE_EVERY,
        "index writes a second, peak": peak_events * INDEX_WRITES,
        "SSM a second, a reference per source": ssm,
        "camhook.toml, kB": cameras * 0.13,
    }
    limits = [
        (peak_posts > VENDOR_RATE, "VendorThrottleRate of the template, were all of one vendor"),
        (peak_posts > TEMPLATE_RATE, "ThrottleRate of the template"),
        (peak_posts > API_RATE, "API Gateway's rate"),
        (ingest_now + notify_now + relay_now > LAMBDA_CONCURRENCY, "Lambda's concurrency"),
        (notify_now > CONSUMER_CONCURRENCY, "ConsumerConcurrency of the template, for notify"),
        (relay_now > CONSUMER_CONCURRENCY, "ConsumerConcurrency of the template, for relay"),
        (cameras / PRESENCE_EVERY > PARTITION_WRITES, "writes on one partition key (`presence`)"),
        (ssm > SSM_RATE, "SSM's 40 a second, where each source has a reference"),
        (peak_events * OBJECTS_PER_EVENT > S3_PUTS, "S3's rate for one prefix (split by source)"),
    ]
    return rates, [name for reached, name in limits if reached]


def number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2g}" if value < 1 else f"{value:.1f}"


def table(first, rows):
    header = f"| {first} | " + " | ".join(f"{cameras:,}" for cameras in CAMERAS) + " |"
    lines = [header, "|---" + "|---:" * len(CAMERAS) + "|"]
    lines += [f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows]
    return "\n".join(lines)


def services(title, bills, allowances):
    """The bill by service, with its sum."""
    columns = [costs(items, allowances) for items in bills]
    rows = [(name, [number(column[name]) for column in columns]) for name in columns[0]]
    totals = [sum(column.values()) for column in columns]
    rows.append(("**sum**", [f"**{number(total)}**" for total in totals]))
    rows.append(("for one camera", [f"{total / cameras:.2f}" for total, cameras in zip(totals, CAMERAS)]))
    return table(title, rows)


def main():
    measured, template = Measured.read(sys.argv[1]), Template.read()
    rates, reached = zip(*[scale(cameras, measured) for cameras in CAMERAS])
    print(table("cameras", [(name, [number(one[name]) for one in rates]) for name in rates[0]]))
    print()
    print("Quotas reached, as a new account has them and the template sets them:\n")
    for cameras, names in zip(CAMERAS, reached):
        print(f"* {cameras:,}: {', '.join(names) if names else 'none'}")
    print()
    basic, detailed, mqtt = Site(), Site(metrics="detailed"), Site(mqtt=True)
    unit = f"US dollars a month (us-east-1, {PRICES_OF})"
    variants = [
        ("`Metrics=detailed`", detailed),
        ("all defaults", basic),
        ("`Mqtt=yes`", mqtt),
        ("all defaults, and every camera sends positions", Site(tracking=TRACKING_A_DAY)),
    ]
    sums = []
    for name, site in variants:
        for allowances, basis in [(False, "list price"), (True, "after allowances")]:
            totals = [sum(costs(bill(cameras, measured, template, site), allowances).values()) for cameras in CAMERAS]
            sums.append((f"{name}: {basis}", [number(total) for total in totals]))
    print(table(unit, sums))
    print()
    for name, site in [("basic", basic), ("detailed", detailed)]:
        print(f"* `Metrics={name}`: {template.metrics_of(site)} metrics, alarms on {template.alarms_of(site)} metrics")
    print(f"* {template.mappings_of(basic)} event source mappings, {template.mappings_of(mqtt)} with `Mqtt=yes`\n")
    of_basic = [bill(cameras, measured, template, basic) for cameras in CAMERAS]
    print("By service, with all defaults at list price:\n")
    print(services(unit, of_basic, False))
    print("\nThe same after the allowances that every account has each month without an end:\n")
    print(services(unit, of_basic, True))


main()
