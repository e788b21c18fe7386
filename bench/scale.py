"""What camhook needs and costs with 10 to 100,000 cameras, on paper: from measured durations and list prices.

Usage: scale.py REPORT, the report.json of `make bench`. Prints Markdown. Nothing here is measured under such a load:
the durations, the calls of an event and the length of its log lines are the report's, everything else is written
below as an assumption, a price or a quota, to be changed for a site of one's own.
"""

import json
import math
import sys
from dataclasses import dataclass

CAMERAS = [10, 1_000, 10_000, 100_000]
DAYS = 30
SECONDS_A_DAY = 86_400

# ---- What a camera does (assumptions) ----

EVENTS_A_DAY = 100  # with two pictures, 530 kB as posted
HEARTBEATS_A_DAY = SECONDS_A_DAY // 60  # keepaliveTimeval = 60 s
TRACKING_A_DAY = 2_000  # positions, dropped
NOTIFIED = 0.2  # of the events are notified, by one channel, with one picture
SWITCHED = 0.02  # of the events move a relay
PEAK = 10  # the busiest second has so many times the mean's events (dusk, rain, an alarm test)
POST_KB = 536
EVENT_STORED_KB = 405  # two JPEG and the record, on average
STORED_DAYS = 30  # ImagesDays of the template
PRESENCE_EVERY = 75  # seconds: a quarter of offline_after = "5m"
OBJECTS_PER_EVENT = 3
INSTANCE_LIFE = 2 * 3600  # seconds until AWS replaces an instance (inferred, not documented)

# ---- What the consumers do per event (counted in the code; their durations are assumptions) ----

NOTIFY_SECONDS = 0.4  # one S3 read, three table calls, an upload of 350 kB to a chat service
RELAY_SECONDS = 0.2  # eight table calls, one device
CONSUMER_SECONDS = 0.005  # an event that no rule wants
NOTIFY_WRITES = 3  # once per correlation key, claim taken, claim done
RELAY_WRITES = 5  # once, claim, relay twice, claim done
RELAY_READS = 4  # stop switch, claim, relay, mode; strongly consistent
MAPPINGS = 3  # notify, relay, mqtt
POLLERS = 5  # of each mapping, each with a long poll of 20 s
ALARMS, METRICS = 5, 40  # of the template; of the functions, by vendor, kind and outcome

# ---- List prices, us-east-1, US dollars, November 2026, before free tiers and taxes. Confirm on the day. ----

PRICES_OF = "2026-11"
API_REQUEST = 1.00e-6  # HTTP API, for each 512 kB begun
API_REQUEST_ABOVE_300_M = 0.90e-6
LAMBDA_REQUEST = 0.20e-6
LAMBDA_GB_SECOND = 0.0000133334  # arm64
SQS_REQUEST = 0.40e-6  # standard queue, for each 64 kB begun
S3_PUT, S3_GET, S3_GB_MONTH = 5.0e-6, 0.4e-6, 0.023
TABLE_WRITE, TABLE_READ = 0.625e-6, 0.125e-6  # on demand
LOGS_GB, ALARM, METRIC = 0.50, 0.10, 0.30
TRANSFER_GB = 0.09  # to the internet

MEMORY_GB, NOTIFY_MEMORY_GB = 0.25, 0.5

# ---- Quotas ----

TEMPLATE_RATE, VENDOR_RATE = 500, 200  # ThrottleRate and VendorThrottleRate of the template, parameters
API_RATE = 10_000  # requests a second, per account and region, can be raised
LAMBDA_CONCURRENCY = 1_000  # per account and region, can be raised
CONSUMER_CONCURRENCY = 10  # MaximumConcurrency of each mapping in the template
PARTITION_WRITES = 1_000  # a second and partition key of DynamoDB, cannot be raised
SSM_RATE = 40  # GetParameter a second, standard throughput
S3_PUTS = 3_500  # a second and prefix, which S3 splits by itself


@dataclass
class Measured:
    event_seconds: float  # an event with two pictures, S3 and SQS answering as in a region
    small_seconds: float  # a post that needs no AWS call
    log_bytes: float  # of an event
    sends: int  # messages to SQS per event

    @staticmethod
    def read(path):
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        whole = report["whole_event_ms"]
        return Measured(
            event_seconds=(whole["1"] + whole["3"]) / 2 / 1000,
            small_seconds=1 / report["events_per_second_per_core"]["tracking"],
            log_bytes=report["log_bytes_per_event"]["event_510kb"],
            sends=2,
        )


def billed(seconds):
    """Lambda bills by the millisecond, begun ones whole."""
    return math.ceil(seconds * 1000) / 1000


def scale(cameras, measured):
    events = cameras * EVENTS_A_DAY * DAYS
    idle = cameras * (HEARTBEATS_A_DAY + TRACKING_A_DAY) * DAYS
    posts = events + idle
    seconds = DAYS * SECONDS_A_DAY
    presence = cameras * seconds / PRESENCE_EVERY
    units = events * math.ceil(POST_KB / 512) + idle
    polls = MAPPINGS * POLLERS * seconds / 20
    # A message is sent, received and deleted; batches make fewer of the last two at higher rates.
    messages = events * measured.sends * 3

    api = min(units, 300e6) * API_REQUEST + max(units - 300e6, 0) * API_REQUEST_ABOVE_300_M
    ingest = posts * LAMBDA_REQUEST + MEMORY_GB * LAMBDA_GB_SECOND * (
        events * billed(measured.event_seconds) + idle * billed(measured.small_seconds)
    )
    notified, switched = events * NOTIFIED, events * SWITCHED
    consumers = 2 * events * LAMBDA_REQUEST + LAMBDA_GB_SECOND * (
        NOTIFY_MEMORY_GB * (notified * NOTIFY_SECONDS + (events - notified) * CONSUMER_SECONDS)
        + MEMORY_GB * (switched * RELAY_SECONDS + (events - switched) * CONSUMER_SECONDS)
    )
    sqs = (messages + polls) * SQS_REQUEST
    gigabytes = events / DAYS * STORED_DAYS * EVENT_STORED_KB / 1e6
    s3 = events * OBJECTS_PER_EVENT * S3_PUT + notified * S3_GET + gigabytes * S3_GB_MONTH
    # The watchdog reads the presence of every source each minute: 4 kB hold about 20 of them.
    watchdog_reads = DAYS * 1440 * math.ceil(cameras / 20)
    table = TABLE_WRITE * (presence + notified * NOTIFY_WRITES + switched * RELAY_WRITES)
    table += TABLE_READ * (switched * RELAY_READS + watchdog_reads)
    watching = (events * measured.log_bytes * 3 + posts * 350) / 1e9 * LOGS_GB + ALARMS * ALARM + METRICS * METRIC
    transfer = notified * 350e3 / 1e9 * TRANSFER_GB
    costs = {
        "API Gateway": api,
        "Lambda, ingest": ingest,
        "Lambda, consumers": consumers,
        "SQS": sqs,
        "S3": s3,
        "DynamoDB": table,
        "CloudWatch": watching,
        "transfer": transfer,
    }

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
        + peak_events * (NOTIFIED * NOTIFY_WRITES + SWITCHED * RELAY_WRITES),
        "of them on the key `presence`": cameras / PRESENCE_EVERY,
        "SSM a second, a reference per source": ssm,
        "camhook.toml, kB": cameras * 0.13,
    }
    limits = [
        (peak_posts > VENDOR_RATE, "VendorThrottleRate of the template, were all of one vendor"),
        (peak_posts > TEMPLATE_RATE, "ThrottleRate of the template"),
        (peak_posts > API_RATE, "API Gateway's rate"),
        (ingest_now + notify_now + relay_now > LAMBDA_CONCURRENCY, "Lambda's concurrency"),
        (notify_now > CONSUMER_CONCURRENCY, "MaximumConcurrency of notify"),
        (relay_now > CONSUMER_CONCURRENCY, "MaximumConcurrency of relay"),
        (cameras / PRESENCE_EVERY > PARTITION_WRITES, "writes on one partition key (`presence`)"),
        (ssm > SSM_RATE, "SSM's 40 a second, where each source has a reference"),
        (peak_events * OBJECTS_PER_EVENT > S3_PUTS, "S3's rate for one prefix (split by source)"),
    ]
    return costs, rates, [name for reached, name in limits if reached]


def number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2g}" if value < 1 else f"{value:.1f}"


def table(first, rows):
    header = f"| {first} | " + " | ".join(f"{cameras:,}" for cameras in CAMERAS) + " |"
    lines = [header, "|---" + "|---:" * len(CAMERAS) + "|"]
    lines += [f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows]
    return "\n".join(lines)


def main():
    measured = Measured.read(sys.argv[1])
    results = [scale(cameras, measured) for cameras in CAMERAS]
    costs, rates, reached = zip(*results)
    print(table("cameras", [(name, [number(one[name]) for one in rates]) for name in rates[0]]))
    print()
    print("Quotas reached, as a new account has them and the template sets them:\n")
    for cameras, names in zip(CAMERAS, reached):
        print(f"* {cameras:,}: {', '.join(names) if names else 'none'}")
    print()
    rows = [(name, [number(one[name]) for one in costs]) for name in costs[0]]
    totals = [sum(one.values()) for one in costs]
    rows.append(("**sum**", [f"**{number(total)}**" for total in totals]))
    rows.append(("for one camera", [f"{total / cameras:.2f}" for total, cameras in zip(totals, CAMERAS)]))
    print(table(f"US dollars a month (us-east-1, {PRICES_OF})", rows))


main()
