"""`make up`: starts a local cloud in the background and deploys the template on it.

Writes stack.json to the state folder. Run again, it updates code, template and camhook.toml.
"""

import argparse
import os
import subprocess
import sys
import time
import tomllib

import cloud
import iot
from state import LOCAL, ROOT, LocalCloudError, folder, running, say, start, stop, wait_until, write_json

# The URL in infra/local/camhook.toml that is replaced by the one of the simulated devices.
DEVICES_PLACEHOLDER = "http://127.0.0.1:8099"

# For how long a function uses a configuration without looking for a newer one: `MAX_AGE` in
# shared/aws/src/current_site.rs, and a second.
CONFIGURATION_AGE_S = 31


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    arguments(parser)
    options = parser.parse_args()
    try:
        stack = up(options, polling=True)
    except LocalCloudError as error:
        say(f"error: {error}")
        return 1
    for source, url in stack["sources"].items():
        print(f"{source}\t{url}")
    if "console" in stack["functions"]:
        say(f"console: {stack['api_url']}/console; for a link that signs in: "
            f"{os.path.relpath(stack['binaries']['camhook'])} people invite NAME --role admin")
    return 0


def arguments(parser):
    parser.add_argument("--state", default=".local", help="the folder for the files of this local cloud")
    parser.add_argument("--config", default=str(LOCAL / "camhook.toml"), help="the camhook.toml to deploy with")
    parser.add_argument("--port", type=int, help="the local cloud's port [default: a free one]")


def up(options, polling, with_tests=False):
    """Starts the local cloud, deploys, and returns the contents of stack.json."""
    config = (ROOT / options.config).resolve()
    if not config.is_file():
        raise LocalCloudError(f"no such configuration file: {config}")
    binaries = cloud.build([*cloud.functions(), "camhook"], with_tests)
    state = folder(options.state)
    endpoint = cloud.ensure_running(state, options.port)
    devices = ensure_devices(state)
    site = render(binaries["camhook"], config).replace(DEVICES_PLACEHOLDER, devices)
    (state / "camhook.toml").write_text(site)
    check(binaries["camhook"], state / "camhook.toml")
    outputs = cloud.deploy(endpoint, binaries, polling)
    s3 = cloud.client(endpoint, "s3")
    in_use_at = upload(s3, outputs["Bucket"], site)
    api = cloud.api_url(endpoint, outputs)
    stack = {
        "api_url": api,
        "endpoint_url": endpoint,
        "region": cloud.REGION,
        "bucket": outputs["Bucket"],
        "table": outputs["Table"],
        "index_table": outputs["EventIndex"],
        "events_days": int(outputs["EventsDays"]),
        "audit_days": int(outputs["AuditDays"]),
        "log_days": int(outputs["LogRetention"]),
        "mqtt": outputs["Mqtt"],
        "queues": {
            "notify": outputs["NotifyQueueUrl"],
            "notify_dlq": outputs["NotifyDeadLetterQueueUrl"],
            "alerts": outputs["AlertsQueueUrl"],
            "alerts_dlq": outputs["AlertsDeadLetterQueueUrl"],
            "relay": outputs["RelayQueueUrl"],
            "relay_dlq": outputs["RelayDeadLetterQueueUrl"],
            "relay_lan": outputs["RelayLanQueueUrl"],
            "relay_lan_dlq": outputs["RelayLanDeadLetterQueueUrl"],
            "releases": outputs["ReleasesQueueUrl"],
            "releases_dlq": outputs["ReleasesDeadLetterQueueUrl"],
            "releases_lan": outputs["ReleasesLanQueueUrl"],
            "releases_lan_dlq": outputs["ReleasesLanDeadLetterQueueUrl"],
            "mqtt": outputs["MqttQueueUrl"],
            "mqtt_dlq": outputs["MqttDeadLetterQueueUrl"],
            "index": outputs["IndexQueueUrl"],
            "index_dlq": outputs["IndexDeadLetterQueueUrl"],
        },
        "sources": webhook_urls(site, api),
        "iot": iot.device(state, endpoint, cloud.client(endpoint, "iot")),
        "functions": {name: outputs[f"{name.title().replace('-', '')}Function"] for name in cloud.functions()},
        "config": str(state / "camhook.toml"),
        "devices": {"url": devices, "requests": str(state / "devices.jsonl"), "received": str(state / "received")},
        "binaries": {name: str(path) for name, path in binaries.items()},
    }
    write_json(state / "stack.json", stack)
    ensure_agent(state, site, binaries["camhook"])
    if in_use_at > time.monotonic():
        say("waiting until all functions use the new camhook.toml")
        time.sleep(in_use_at - time.monotonic())
    say(f"deployed; see {state / 'stack.json'}")
    return stack


def render(camhook, config):
    """The text of camhook.toml with the dates of its calendars."""
    answer = subprocess.run([camhook, "config", "render", config], capture_output=True, text=True)
    if answer.returncode != 0:
        raise LocalCloudError(answer.stderr.strip())
    return answer.stdout


def upload(s3, bucket, site):
    """Uploads camhook.toml, and returns when no function uses another one any more, by the monotonic clock."""
    key = "config/camhook.toml"
    try:
        previous = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        previous = None
    s3.put_object(Bucket=bucket, Key=key, Body=site.encode())
    # A function without a configuration looks for one at each invocation.
    is_replaced = previous is not None and previous != site.encode()
    return time.monotonic() + (CONFIGURATION_AGE_S if is_replaced else 0)


def check(camhook, config):
    """Checks camhook.toml before it is deployed."""
    answer = subprocess.run([camhook, "check", config], capture_output=True, text=True)
    if answer.returncode != 0:
        raise LocalCloudError(f"the configuration has errors\n{answer.stdout}{answer.stderr}".rstrip())


def webhook_urls(site, api):
    """The webhook URL of each source. A token that is not in the file is missing in the URL."""
    urls = {}
    for source in tomllib.loads(site).get("source", []):
        if "topic" in source:
            continue  # Sources over MQTT have no URL.
        auth = source.get("auth", {})
        token = auth.get("token", "")
        token = token[0] if isinstance(token, list) else token
        if token.startswith(("ssm:", "env:")) or "token_sha256" in auth and not token:
            say(f"the token of source {source['id']} is not in camhook.toml; append it to the URL")
            token = ""
        urls[source["id"]] = "/".join(filter(None, [api, source["vendor"], source["id"], token]))
    return urls


def ensure_agent(state, site, camhook):
    """Restarts the agent if a relay has `via = "agent"`."""
    stop(state, "agent")
    if not any(relay.get("via") == "agent" for relay in tomllib.loads(site).get("relay", [])):
        return
    command = [str(camhook), "agent", "--area", "local", "--stack", str(state / "stack.json")]
    start(state, "agent", command, {"PATH": os.environ["PATH"]}, None)


def ensure_devices(state):
    """The URL of the simulated devices, which are started if necessary."""
    found = running(state, "devices")
    if not found:
        port = cloud.free_port()
        command = [sys.executable, str(LOCAL / "devices.py"), "--port", str(port), "--folder", str(state)]
        process = start(state, "devices", command, None, port)
        wait_until("the simulated devices", lambda: cloud.answers(f"http://127.0.0.1:{port}/"), process,
                   state / "devices.log", 20)
        found = {"port": port}
    return f"http://127.0.0.1:{found['port']}"


if __name__ == "__main__":
    sys.exit(main())
