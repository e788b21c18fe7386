"""`make deploy`: what is checked before the build, and what is printed after the deployment.

    deploy.py before --stack-name camhook --config camhook.toml --parameters Name=value ...
    deploy.py after --stack-name camhook --config camhook.toml

`before` prints the region to deploy to on standard output, everything else on standard error.
"""

import argparse
import difflib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import boto3
import botocore.exceptions

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "infra" / "template.yaml"
PUBLIC_TOKEN = re.compile(r"local-[a-z]+-token")
# The names of resources begin with that of the stack, and a policy that lists them has 6,144 characters at most.
# infra/lint/test_roles.py measures the policies with a name of this length.
LONGEST_STACK_NAME = 100


class Refused(Exception):
    """The deployment cannot start; the text tells the user what to do."""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("when", choices=["before", "after"])
    parser.add_argument("--stack-name", required=True)
    parser.add_argument("--config", default="")
    parser.add_argument("--parameters", nargs=argparse.REMAINDER, default=[])
    options = parser.parse_args()
    try:
        if options.when == "before":
            print(before(options))
        else:
            after(options)
    except Refused as refused:
        say(f"error: {refused}")
        return 1
    return 0


def before(options):
    check_stack_name(options.stack_name)
    parameters = template_parameters()
    named = check_parameters(options.parameters, parameters)
    session = session_of_the_user()
    region = check_region(session)
    account = check_credentials(session, region)
    needs = check_configuration(options.config)
    stack = check_status(find_stack(session, region, options.stack_name), options.stack_name, region)
    if options.config:
        check_mqtt(needs, {**parameters, **deployed(stack), **named})
    elif stack and "Mqtt" not in {**deployed(stack), **named}:
        raise Refused("the stack is older than the parameter Mqtt, which is \"no\" by default: deploy with "
                      "PARAMETERS=\"Mqtt=yes\" if a source or relay uses MQTT, else with PARAMETERS=\"Mqtt=no\"")
    say(f"account {account}, region {region}, stack {options.stack_name} ({'update' if stack else 'new'})")
    if stack:
        for name, value in sticky(stack, named, parameters):
            say(f"  {name}={value} stays from the previous deployment (default: {parameters[name] or 'none'})")
    return region


def check_stack_name(name):
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name):
        raise Refused(f"`{name}` is not a stack name: STACK_NAME begins with a letter and has letters, digits and - only")
    if len(name) > LONGEST_STACK_NAME:
        raise Refused(f"the stack name has {len(name)} characters: STACK_NAME may have {LONGEST_STACK_NAME}, or the policies "
                      "that name its resources do not fit into IAM")


def template_parameters():
    """The parameters of the template with their defaults."""
    text = TEMPLATE.read_text(encoding="utf-8")
    section = text[text.index("\nParameters:\n"):text.index("\nRules:\n")]
    found = re.findall(r"^  (\w+):\n(.*?)(?=^  \w|\Z)", section, re.MULTILINE | re.DOTALL)
    return {name: default.group(1).strip('"') if (default := re.search(r"^    Default: (.*)$", body, re.MULTILINE)) else ""
            for name, body in found}


def check_parameters(words, parameters):
    named = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise Refused(f"`{word}` is not a parameter: write PARAMETERS=\"Name=value ...\"")
        if name == "LocalStack":
            raise Refused("LocalStack is for the local cloud only: it lets relays and channels use the loopback network")
        if name not in parameters:
            close = difflib.get_close_matches(name, parameters, 1)
            raise Refused(f"the template has no parameter {name}{f': did you mean {close[0]}?' if close else ''}")
        named[name] = value
    return named


def session_of_the_user():
    try:
        return boto3.Session()
    except botocore.exceptions.ProfileNotFound as error:
        known = ", ".join(boto3.session.botocore.session.Session().available_profiles) or "none"
        raise Refused(f"AWS_PROFILE: {error}; there are: {known}") from error


def check_region(session):
    region, default = os.environ.get("AWS_REGION"), os.environ.get("AWS_DEFAULT_REGION")
    if region and default and region != default:
        raise Refused(f"AWS_REGION is {region} and AWS_DEFAULT_REGION is {default}: unset one of them")
    region = region or default or session.region_name
    if not region:
        raise Refused("no region: set AWS_REGION, for example AWS_REGION=eu-central-1 make deploy")
    known = {name for partition in session.get_available_partitions()
             for name in session.get_available_regions("apigatewayv2", partition)}
    if region not in known:
        close = difflib.get_close_matches(region, known, 1)
        raise Refused(f"unknown region {region}{f': did you mean {close[0]}?' if close else ''}")
    return region


def check_credentials(session, region):
    """The account that the credentials belong to."""
    profile = os.environ.get("AWS_PROFILE")
    login = f"aws sso login{f' --profile {profile}' if profile else ''}"
    try:
        if session.get_credentials() is None:
            raise Refused("no AWS credentials: set AWS_PROFILE, or run `aws configure sso` or `aws configure`")
        return session.client("sts", region_name=region).get_caller_identity()["Account"]
    except botocore.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ExpiredToken":
            raise Refused(f"the AWS credentials have expired: log in again (`{login}` for SSO)") from error
        if code == "InvalidClientTokenId":
            raise Refused(f"AWS rejects the credentials: check them, and whether the account has enabled {region}") from error
        raise Refused(f"AWS rejects the credentials: {error}") from error
    except (botocore.exceptions.SSOError, botocore.exceptions.TokenRetrievalError) as error:
        raise Refused(f"{error}: run `{login}`") from error
    except botocore.exceptions.EndpointConnectionError as error:
        raise Refused(f"AWS cannot be reached: {error}") from error
    except botocore.exceptions.BotoCoreError as error:
        raise Refused(f"the AWS credentials cannot be used: {error}") from error


def check_configuration(config):
    """What the configuration needs of the stack, as `camhook check --json` says; nothing without a file."""
    if not config:
        say("no camhook.toml in this folder; it is not checked (CAMHOOK_CONFIG=path/to/camhook.toml)")
        return []
    path = Path(config)
    if not path.is_file():
        raise Refused(f"no such file: {config}")
    if PUBLIC_TOKEN.search(path.read_text(encoding="utf-8", errors="replace")):
        raise Refused(f"{config} has tokens of the demonstration, which are public: create tokens with `camhook token`")
    say(f"checking {config}")
    command = ["cargo", "run", "--quiet", "--locked", "--package", "camhook-cli", "--", "check", str(path.resolve())]
    if subprocess.run(command, cwd=ROOT, stdout=sys.stderr).returncode != 0:
        raise Refused(f"{config} has errors")
    # Not read here: what is valid is decided in one place, with the TOML that functions read.
    report = subprocess.run([*command, "--json"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    return json.loads(report.stdout).get("needs", [])


def check_mqtt(needs, parameters):
    """Whether the parameter Mqtt fits what the configuration needs."""
    if "mqtt" in needs and parameters["Mqtt"] == "no":
        raise Refused("a source or relay of the configuration uses MQTT: deploy with PARAMETERS=\"Mqtt=yes\"")
    if "mqtt" not in needs and parameters["Mqtt"] == "yes":
        say("no source or relay uses MQTT: PARAMETERS=\"Mqtt=no\" saves half a dollar a month")


def find_stack(session, region, name):
    try:
        return session.client("cloudformation", region_name=region).describe_stacks(StackName=name)["Stacks"][0]
    except botocore.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise Refused(f"cannot read the stack {name}: {error}") from error


def check_status(stack, name, region):
    """The stack, if there is one to update; CloudFormation updates it only in some of its states."""
    status = stack["StackStatus"] if stack else None
    command = "aws cloudformation {} --stack-name " + f"{name} --region {region}"
    # A change set was made, and nothing was created: `sam deploy` creates the stack then.
    if status in (None, "REVIEW_IN_PROGRESS"):
        return None
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
        raise Refused(f"the stack {name} is in the state {status} and cannot be updated: the first deployment failed, or its "
                      "deletion did. See why in CloudFormation, delete it, and deploy again:\n"
                      f"  {command.format('delete-stack')}\n  {command.format('wait stack-delete-complete')}")
    if status == "UPDATE_ROLLBACK_FAILED":
        raise Refused(f"the stack {name} is in the state {status}. Correct the cause that CloudFormation names, then run\n"
                      f"  {command.format('continue-update-rollback')}")
    if status.endswith("_IN_PROGRESS"):
        raise Refused(f"the stack {name} is in the state {status}: wait until it is done")
    return stack


def deployed(stack):
    """The parameters of the previous deployment."""
    parameters = stack.get("Parameters", []) if stack else []
    return {parameter["ParameterKey"]: parameter.get("ParameterValue", "") for parameter in parameters}


def sticky(stack, named, parameters):
    """Parameters that are not named now and keep a value other than the default."""
    for parameter in stack.get("Parameters", []):
        name, value = parameter["ParameterKey"], parameter.get("ParameterValue", "")
        if name in parameters and name not in named and name not in ("Architecture", "LocalStack") and value != parameters[name]:
            yield name, value


def after(options):
    session = session_of_the_user()
    region = check_region(session)
    stack = find_stack(session, region, options.stack_name)
    if stack is None:
        raise Refused(f"there is no stack {options.stack_name} in {region}")
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    alias = add_stack(options.stack_name, region)
    name = options.config or "camhook.toml"
    host = f"\nDevices that need plain HTTP or a short host name: http://{outputs['FrontHost']}\n" if "FrontHost" in outputs else ""
    policy = (f"\nAttach {outputs['AgentPolicyArn']} to the user or role of the machine that runs `camhook agent`"
              " (docs/agent.md).\n") if "AgentPolicyArn" in outputs else ""
    print(f"""
Deployed {options.stack_name} in {region}. Webhooks: {outputs['ApiUrl']}/VENDOR/SOURCE/TOKEN
{host}{policy}
Next:
  1. Upload the configuration (`camhook` is `cargo run -p camhook-cli --`):
       camhook config push {name} --stack {alias}
  2. Show the settings to enter in a camera:
       camhook setup SOURCE --stack {alias}
  3. Send a test post, and see the event and the notification:
       camhook send SOURCE --list --stack {alias}
       camhook events --stack {alias}
       camhook test CHANNEL --stack {alias}
""")


def add_stack(stack_name, region):
    """Keeps the stack's outputs in the user's configuration folder; the name under which commands find them."""
    alias = re.sub(r"[^a-z0-9]+", "-", stack_name.lower()).strip("-")[:32]
    command = ["cargo", "run", "--quiet", "--locked", "--package", "camhook-cli", "--",
               "stack", "add", alias, "--stack-name", stack_name, "--region", region]
    if profile := os.environ.get("AWS_PROFILE"):
        command += ["--profile", profile]
    if subprocess.run(command, cwd=ROOT, stdout=sys.stderr).returncode != 0:
        raise Refused(f"the stack is deployed, but `camhook stack add {alias}` failed: run it again")
    return alias


def say(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
