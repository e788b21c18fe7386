"""Tests of what `make deploy` checks: make check-roles"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
try:
    import deploy
except ImportError:  # boto3 is in .tools/cloud
    deploy = None

TEMPLATE = Path(__file__).resolve().parents[1] / "template.yaml"


@unittest.skipIf(deploy is None, "boto3 is in .tools/cloud")
class MqttTest(unittest.TestCase):
    def test_a_stack_without_mqtt_is_refused_where_the_configuration_needs_it(self):
        with self.assertRaisesRegex(deploy.Refused, "Mqtt=yes"):
            deploy.check_mqtt(["mqtt"], {"Mqtt": "no"})
        with mock.patch.object(deploy, "say") as say:
            deploy.check_mqtt(["mqtt"], {"Mqtt": "yes"})
            deploy.check_mqtt([], {"Mqtt": "no"})
        say.assert_not_called()

    def test_the_saving_is_named_where_nothing_uses_mqtt(self):
        with mock.patch.object(deploy, "say") as say:
            deploy.check_mqtt([], {"Mqtt": "yes"})
        self.assertIn("Mqtt=no", say.call_args.args[0])

    def test_the_default_is_no_and_counts_like_a_value_that_is_named(self):
        parameters = deploy.template_parameters()
        self.assertEqual(parameters["Mqtt"], "no")
        with self.assertRaisesRegex(deploy.Refused, "Mqtt=yes"):
            deploy.check_mqtt(["mqtt"], parameters)

    def test_the_stack_says_whether_it_receives_mqtt_messages(self):
        outputs = TEMPLATE.read_text(encoding="utf-8").partition("\nOutputs:\n")[2]
        self.assertRegex(outputs, r"(?m)^  Mqtt:\n(    .*\n)*?    Value: !Ref Mqtt$")

    def test_the_value_of_the_previous_deployment_counts(self):
        stack = {"Parameters": [{"ParameterKey": "Mqtt", "ParameterValue": "no"}]}
        self.assertEqual(deploy.deployed(stack), {"Mqtt": "no"})
        self.assertEqual(deploy.deployed(None), {})


class Sts(BaseHTTPRequestHandler):
    """Answers every call as Security Token Service does with the server's error."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = (f"<ErrorResponse><Error><Type>Sender</Type><Code>{self.server.code}</Code><Message>no</Message></Error>"
                  "</ErrorResponse>").encode()
        self.send_response(403)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format, *arguments):
        pass


@unittest.skipIf(deploy is None, "boto3 is in .tools/cloud")
class BeforeTest(unittest.TestCase):
    """`deploy.py before` as a program, in a home without AWS, ends before the build with what to do."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="camhook-deploy-")
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        self.aws = self.home / ".aws"
        self.aws.mkdir()

    def refusal(self, *parameters, config="", **environment):
        """What it says on standard error; it has to fail."""
        names = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        # No instance metadata, and no try of another: the credentials are those of this test, or none.
        names |= {"HOME": str(self.home), "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1"}
        command = [sys.executable, str(Path(deploy.__file__)), "before", "--stack-name", "camhook", "--config", config]
        if parameters:
            command += ["--parameters", *parameters]
        ended = subprocess.run(command, env=names | environment, capture_output=True, text=True, timeout=60)
        self.assertEqual((ended.returncode, ended.stdout), (1, ""), ended.stderr)
        self.assertNotIn("Traceback", ended.stderr)
        return ended.stderr

    def sts(self, code):
        """The endpoint of a service that refuses every caller."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), Sts)
        server.code = code
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_address[1]}"

    def test_a_machine_without_a_profile(self):
        self.assertIn("set AWS_REGION", self.refusal())
        self.assertIn("no AWS credentials: set AWS_PROFILE", self.refusal(AWS_REGION="eu-central-1"))

    def test_a_profile_that_does_not_exist(self):
        (self.aws / "config").write_text("[profile home]\nregion = eu-central-1\n")
        said = self.refusal(AWS_PROFILE="hoem")
        self.assertIn("AWS_PROFILE", said)
        self.assertIn("there are: home", said)

    def test_a_wrong_region(self):
        self.assertIn("unknown region eu-cental-1: did you mean eu-central-1?", self.refusal(AWS_REGION="eu-cental-1"))
        said = self.refusal(AWS_REGION="eu-central-1", AWS_DEFAULT_REGION="eu-west-1")
        self.assertIn("unset one of them", said)

    def test_sso_without_a_login(self):
        (self.aws / "config").write_text(
            "[profile home]\nregion = eu-central-1\nsso_session = home\nsso_account_id = 123456789012\n"
            "sso_role_name = Admin\n[sso-session home]\nsso_region = eu-central-1\n"
            "sso_start_url = https://example.awsapps.com/start\n")
        self.assertIn("run `aws sso login --profile home`", self.refusal(AWS_PROFILE="home"))

    def test_sso_whose_login_has_expired(self):
        (self.aws / "config").write_text(
            "[profile home]\nregion = eu-central-1\nsso_region = eu-central-1\nsso_account_id = 123456789012\n"
            "sso_role_name = Admin\nsso_start_url = https://example.awsapps.com/start\n")
        cache = self.aws / "sso" / "cache"
        cache.mkdir(parents=True)
        # Named by the SHA-1 of the start URL.
        token = {"accessToken": "token", "expiresAt": "2020-01-01T00:00:00Z", "region": "eu-central-1",
                 "startUrl": "https://example.awsapps.com/start"}
        (cache / "e8be5486177c5b5392bd9aa76563515b29358e6e.json").write_text(json.dumps(token))
        self.assertIn("run `aws sso login --profile home`", self.refusal(AWS_PROFILE="home"))

    def test_credentials_that_aws_refuses(self):
        keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-central-1"}
        for code, advice in [("ExpiredToken", "log in again"), ("InvalidClientTokenId", "has enabled eu-central-1"),
                             ("AccessDenied", "AWS rejects the credentials")]:
            self.assertIn(advice, self.refusal(AWS_ENDPOINT_URL=self.sts(code), **keys))

    def test_a_machine_without_a_network(self):
        keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-central-1"}
        self.assertIn("AWS cannot be reached", self.refusal(AWS_ENDPOINT_URL="http://127.0.0.1:9", **keys))

    def test_parameters_that_the_template_does_not_have(self):
        self.assertIn("did you mean ImagesDays?", self.refusal("ImageDays=7"))
        self.assertIn("is not a parameter", self.refusal("ImagesDays"))
        self.assertIn("LocalStack is for the local cloud only", self.refusal("LocalStack=yes"))


@unittest.skipIf(deploy is None, "boto3 is in .tools/cloud")
class StackTest(unittest.TestCase):
    def test_a_stack_that_cannot_be_updated_is_refused_with_the_command_that_deletes_it(self):
        for status in ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"]:
            with self.assertRaises(deploy.Refused) as refused:
                deploy.check_status({"StackStatus": status}, "house", "eu-central-1")
            self.assertIn(status, str(refused.exception))
            self.assertIn("\n  aws cloudformation delete-stack --stack-name house --region eu-central-1", str(refused.exception))

    def test_a_stack_that_is_being_changed_or_stuck_is_refused_and_never_deleted(self):
        for status, advice in [("UPDATE_IN_PROGRESS", "wait"), ("CREATE_IN_PROGRESS", "wait"), ("DELETE_IN_PROGRESS", "wait"),
                               ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "wait"), ("ROLLBACK_IN_PROGRESS", "wait"),
                               ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback")]:
            with self.assertRaisesRegex(deploy.Refused, advice) as refused:
                deploy.check_status({"StackStatus": status}, "house", "eu-central-1")
            self.assertNotIn("delete-stack", str(refused.exception))

    def test_other_stacks_are_updated_and_one_of_which_nothing_was_created_is_new(self):
        for status in ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"]:
            stack = {"StackStatus": status}
            self.assertIs(deploy.check_status(stack, "house", "eu-central-1"), stack)
        # `sam deploy` creates it, as Deployer.has_stack of sam-cli has it.
        for stack in [None, {"StackStatus": "REVIEW_IN_PROGRESS"}]:
            self.assertIsNone(deploy.check_status(stack, "house", "eu-central-1"))

    def test_a_stack_name_has_characters_of_cloudformation_and_a_length_that_policies_allow(self):
        for name in ["camhook", "House-2", "s" * deploy.LONGEST_STACK_NAME]:
            deploy.check_stack_name(name)
        for name in ["", "2house", "house_2", "haus/hof", "häuser", "s" * (deploy.LONGEST_STACK_NAME + 1)]:
            with self.assertRaisesRegex(deploy.Refused, "STACK_NAME"):
                deploy.check_stack_name(name)


@unittest.skipIf(deploy is None, "boto3 is in .tools/cloud")
class ConfigurationTest(unittest.TestCase):
    def test_a_file_that_does_not_exist_or_has_public_tokens_is_refused(self):
        with self.assertRaisesRegex(deploy.Refused, "no such file"):
            deploy.check_configuration("/nowhere/camhook.toml")
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write('auth = { token = "local-gate-token" }')
            file.flush()
            with self.assertRaisesRegex(deploy.Refused, "camhook token"):
                deploy.check_configuration(file.name)

    def test_what_the_configuration_needs_is_what_check_says_and_is_not_read_here(self):
        """Of texts that Python's tomllib does not read: with a byte order mark, or a table of TOML 1.1 on several lines."""
        for text in ["\ufeff[[source]]\n", "[[source]]\nauth = {\n  token = \"AAAAAAAAAAAAAAAAAAAAAA\",\n}\n"]:
            with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                for printed, needs in [('{"problems":[],"warnings":[],"needs":["mqtt"]}\n', ["mqtt"]),
                                       ('{"problems":[],"warnings":[]}\n', [])]:
                    ended = subprocess.CompletedProcess([], 0, stdout=printed, stderr="")
                    with mock.patch.object(deploy.subprocess, "run", return_value=ended), mock.patch.object(deploy, "say"):
                        self.assertEqual(deploy.check_configuration(file.name), needs)
        with mock.patch.object(deploy, "say"):
            self.assertEqual(deploy.check_configuration(""), [])

    def test_parameters_that_keep_another_value_than_the_default_are_named(self):
        parameters = {"ImagesDays": "30", "Mqtt": "no", "Front": "none"}
        given = [("ImagesDays", "7"), ("Mqtt", "no"), ("Front", "cloudfront"), ("Removed", "x")]
        stack = {"Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in given]}
        self.assertEqual(list(deploy.sticky(stack, {"Front": "none"}, parameters)), [("ImagesDays", "7")])


if __name__ == "__main__":
    unittest.main()
