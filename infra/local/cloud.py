"""MiniStack as the local AWS: starts it, and deploys infra/template.yaml on it."""

import hashlib
import io
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from pathlib import Path

import boto3
import botocore.config
import botocore.exceptions

import iot
from state import LOCAL, ROOT, LocalCloudError, running, say, start, stop_all, wait_until

REGION = "eu-central-1"
STACK_NAME = "camhook"
TEMPLATE = ROOT / "infra" / "template.yaml"
# The local cloud checks no signature; the SDKs want credentials all the same.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
# A function's code in the template: the folder that `cargo lambda build` makes, named after its binary.
CODE = re.compile(r"CodeUri: \.\./target/lambda/([a-z0-9-]+)/")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def sdk_environment(endpoint):
    """What an AWS SDK needs to talk to the local cloud and to nothing else."""
    return {
        **CREDENTIALS,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def client(endpoint, service):
    return boto3.client(
        service, endpoint_url=endpoint, region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=botocore.config.Config(proxies={}, retries={"total_max_attempts": 2}, s3={"addressing_style": "path"}))


def ensure_running(state, port):
    """The endpoint of this folder's MiniStack, started if it does not run, on the port asked for or a free one."""
    found = running(state, "cloud")
    if found and port in (None, found["port"]):
        return f"http://127.0.0.1:{found['port']}"
    if found:
        stop_all(state)
    port = port or free_port()
    endpoint = f"http://127.0.0.1:{port}"
    scratch = state / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    # Functions inherit all of this, so it holds nothing of the user's: no credentials, no proxy, no home.
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        "SFTP_ENABLED": "0",
        **iot.listen_on(state, free_port()),
        **sdk_environment(endpoint),
    }
    process = start(state, "cloud", [sys.executable, str(LOCAL / "ministack_on_loopback.py")], environment, port)
    wait_until("the local cloud", lambda: answers(f"{endpoint}/_ministack/health"), process, state / "cloud.log", 60)
    say(f"local cloud on {endpoint}")
    return endpoint


def deploy(endpoint, binaries, polling):
    """Deploys the template with these bootstraps and answers with its outputs; a second time updates it."""
    template = TEMPLATE.read_text()
    s3 = client(endpoint, "s3")
    artifacts = f"{STACK_NAME}-artifacts"
    try:
        s3.create_bucket(Bucket=artifacts, CreateBucketConfiguration={"LocationConstraint": REGION})
    except s3.exceptions.BucketAlreadyOwnedByYou:
        pass
    for name in functions():
        code = _zip_of(binaries[name])
        key = f"{name}-{hashlib.sha256(code).hexdigest()[:16]}.zip"
        s3.put_object(Bucket=artifacts, Key=key, Body=code)
        template = template.replace(f"CodeUri: ../target/lambda/{name}/", f"CodeUri: s3://{artifacts}/{key}")
    parameters = {
        "Architecture": "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64",
        "LocalStack": "true",
        "Polling": "true" if polling else "false",
        "LogLevel": os.environ.get("CAMHOOK_LOG", "info"),
    }
    return _apply(client(endpoint, "cloudformation"), template, parameters)


def functions():
    """The binaries that the template deploys, by its own word."""
    return CODE.findall(TEMPLATE.read_text())


def function_environment(endpoint, function):
    """The environment that the template gives a deployed function; all of them have the same."""
    answer = client(endpoint, "lambda").get_function_configuration(FunctionName=function)
    return answer["Environment"]["Variables"]


def api_url(endpoint, outputs):
    # The `$` of the stage's name is written so that an address can be pasted into a shell.
    return f"{endpoint}/_aws/execute-api/{outputs['ApiId']}/%24default"


def _apply(cloudformation, template, parameters):
    request = {
        "StackName": STACK_NAME,
        "TemplateBody": template,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    try:
        cloudformation.describe_stacks(StackName=STACK_NAME)
        action, waiter = cloudformation.update_stack, "stack_update_complete"
    except botocore.exceptions.ClientError:
        action, waiter = cloudformation.create_stack, "stack_create_complete"
    try:
        action(**request)
        cloudformation.get_waiter(waiter).wait(StackName=STACK_NAME, WaiterConfig={"Delay": 0.2, "MaxAttempts": 300})
    except botocore.exceptions.ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise LocalCloudError(f"the template was refused: {error}") from error
    except botocore.exceptions.WaiterError as error:
        events = cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
        failures = [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
                    for event in events if event["ResourceStatus"].endswith("FAILED")]
        raise LocalCloudError("the template was not deployed:\n" + "\n".join(failures)) from error
    stack = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _zip_of(binary):
    """The bootstrap's archive, the same bytes for the same binary. Debug information stays out of it."""
    with tempfile.TemporaryDirectory() as scratch:
        lean = Path(scratch) / "bootstrap"
        if shutil.which("strip") is None or subprocess.run(
                ["strip", "-S", "-o", lean, binary], capture_output=True).returncode != 0:
            shutil.copy(binary, lean)
        archive = io.BytesIO()
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o100755 << 16
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
            file.writestr(entry, lean.read_bytes())
        return archive.getvalue()


def answers(url):
    """Whether this address answers with 200 by now; past any proxy that the user has."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        return opener.open(url, timeout=2).status == 200
    except OSError:
        return False


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def build(binaries):
    """Builds these binaries as `cargo build` does and answers where each lies."""
    command = ["cargo", "build", "--locked", "--features=lambda", "--message-format=json-render-diagnostics"]
    for name in binaries:
        command += ["--bin", name]
    say("building " + ", ".join(binaries))
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if answer.returncode != 0:
        raise LocalCloudError("the build failed; its messages stand above")
    built = {}
    for line in answer.stdout.splitlines():
        message = json.loads(line)
        if message["reason"] == "compiler-artifact" and message.get("executable"):
            built[message["target"]["name"]] = Path(message["executable"])
    return built
