"""`make watch`: functions compiled and run from source as files change, on the local cloud's S3, SQS and table.

`cargo lambda watch` serves the paths of the API (its router table in Cargo.toml); `camhook pump` invokes the consumers
with queued messages and the watchdog every minute, as AWS does. The deployed functions exist, but nothing invokes
them. Ends with Ctrl-C.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time

import cloud
import lan
from state import ROOT, LocalCloudError, folder, running, say, stop_all, wait_until, write_json
from up import arguments, up, webhook_urls


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    arguments(parser)
    parser.add_argument("--lan", action="store_true", help="accept webhooks from the local network, for a real camera")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    state = folder(options.state)
    try:
        return watch(options, state)
    except LocalCloudError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        stop_all(state)


def watch(options, state):
    stack = up(options, polling=False)
    port = cloud.free_port()
    stack["api_url"] = f"http://127.0.0.1:{port}"
    if options.lan:
        host = lan_address()
        forwarder = lan.forward(host, 0, port)
        stack["api_url"] = f"http://{host}:{forwarder.server_address[1]}"
    stack["lambda_url"] = f"http://127.0.0.1:{port}"
    stack["sources"] = webhook_urls((state / "camhook.toml").read_text(), stack["api_url"])
    write_json(state / "stack.json", stack)
    environment = {
        **os.environ,
        **cloud.sdk_environment(stack["endpoint_url"]),
    }
    for function in stack["functions"].values():
        environment |= cloud.function_environment(stack["endpoint_url"], function)
    watcher = subprocess.Popen(
        ["cargo", "lambda", "watch", "--features", "lambda", "--invoke-address", "127.0.0.1", "--invoke-port", str(port)],
        cwd=ROOT, env=environment)
    pump = None
    try:
        wait_until("cargo lambda watch", lambda: cloud.listens(port), watcher, None, 60)
        pump = subprocess.Popen(
            [stack["binaries"]["camhook"], "pump", "--stack", str(state / "stack.json"),
             "--lambda-url", stack["lambda_url"]], cwd=ROOT, env=environment)
        for source, url in stack["sources"].items():
            print(f"{source}\t{url}", flush=True)
        while watcher.poll() is None and running(state, "cloud"):
            time.sleep(1)
        if watcher.poll() is None:
            say("the local cloud was stopped; exiting")
        return watcher.poll() or 0
    finally:
        for process in filter(None, [pump, watcher]):
            process.terminate()
            process.wait()


def lan_address():
    """This machine's address on the network; no packet is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError as error:
            raise LocalCloudError("LAN=1 found no network to listen on") from error
        return probe.getsockname()[0]


if __name__ == "__main__":
    sys.exit(main())
