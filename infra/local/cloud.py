"""Starts MiniStack, which stands in for AWS, and deploys infra/template.yaml on it."""

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
# The local cloud checks no signatures, but SDKs require credentials.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
# The code of a function in the template: the output folder of `cargo lambda build`, named after its binary.
CODE = re.compile(r"CodeUri: \.\./target/lambda/([a-z0-9-]+)/")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def sdk_environment(endpoint):
    """The environment with which AWS SDKs use the local cloud."""
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
    """The endpoint of the state folder's MiniStack, which is started if necessary."""
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
    # Functions inherit this environment, so it contains nothing of the user: no credentials, proxy or home folder.
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
    """Deploys the template with these binaries, or updates it, and returns its outputs."""
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
    if re.search(r"^  Mqtt:$", template, re.MULTILINE):  # The template before 0.1 always receives MQTT messages.
        parameters["Mqtt"] = "yes"
    # Larger than a request may be: CloudFormation reads it from S3, as with `sam deploy`.
    key = f"template-{hashlib.sha256(template.encode()).hexdigest()[:16]}.yaml"
    s3.put_object(Bucket=artifacts, Key=key, Body=template.encode())
    return _apply(client(endpoint, "cloudformation"), f"{endpoint}/{artifacts}/{key}", parameters)


def functions():
    """The names of the binaries that the template deploys."""
    return CODE.findall(TEMPLATE.read_text())


def function_environment(endpoint, function):
    """The environment variables of a deployed function."""
    answer = client(endpoint, "lambda").get_function_configuration(FunctionName=function)
    return answer["Environment"]["Variables"]


def api_url(endpoint, outputs):
    # The `$` of the stage's name is encoded so that a URL can be pasted into a shell.
    return f"{endpoint}/_aws/execute-api/{outputs['ApiId']}/%24default"


def _apply(cloudformation, template_url, parameters):
    request = {
        "StackName": STACK_NAME,
        "TemplateURL": template_url,
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
            raise LocalCloudError(f"the template was rejected: {error}") from error
    except botocore.exceptions.WaiterError as error:
        events = cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
        failures = [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
                    for event in events if event["ResourceStatus"].endswith("FAILED")]
        raise LocalCloudError("the deployment failed:\n" + "\n".join(failures)) from error
    stack = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _zip_of(binary):
    """A reproducible archive of the bootstrap, without debug information."""
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
    """Whether a URL answers with 200, without the user's proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        return opener.open(url, timeout=2).status == 200
    except OSError:
        return False


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def build(binaries, with_tests=False):
    """Builds these binaries with `cargo build` and returns their paths.

    `with_tests` builds the tests of the workspace too. Their dependencies have features of their own, so that all of
    them would be compiled a second time by `cargo test`.
    """
    command = ["cargo", "build", "--locked", "--features=lambda", "--message-format=json-render-diagnostics"]
    if with_tests:
        command += ["--workspace", "--all-targets"]
    else:
        for name in binaries:
            command += ["--bin", name]
    say("building " + ", ".join(binaries))
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if answer.returncode != 0:
        raise LocalCloudError("the build failed; see the messages above")
    built = {}
    for line in answer.stdout.splitlines():
        message = json.loads(line)
        if message["reason"] != "compiler-artifact" or not message.get("executable"):
            continue
        if "bin" in message["target"]["kind"] and not message["profile"]["test"]:
            built[message["target"]["name"]] = Path(message["executable"])
    return built
