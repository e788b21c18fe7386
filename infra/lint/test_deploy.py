"""Tests of what `make deploy` checks: make check-roles"""

import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
try:
    import deploy
except ImportError:  # boto3 is in .tools/cloud
    deploy = None

PLAIN = '[[source]]\nid = "gate"\nvendor = "viewtron"\n[[relay]]\nid = "light"\ndriver = "mqtt"\ntopic = "a"\n'
CAMERA = '[[source]]\nid = "garden"\nvendor = "instar"\ntopic = "instar/garden"\n'
RELAY = '[[relay]]\nid = "light"\ndriver = "mqtt"\ntopic = "a"\nstatus_topic = "instar/a/status/x"\n'


@unittest.skipIf(deploy is None, "boto3 is in .tools/cloud")
class MqttTest(unittest.TestCase):
    def test_a_stack_without_mqtt_is_refused_where_the_configuration_needs_it(self):
        for config in [CAMERA, RELAY]:
            with self.assertRaisesRegex(deploy.Refused, "Mqtt=yes"):
                deploy.check_mqtt(config, {"Mqtt": "no"})
        with mock.patch.object(deploy, "say") as say:
            for config in [CAMERA, RELAY]:
                deploy.check_mqtt(config, {"Mqtt": "yes"})
            deploy.check_mqtt(PLAIN, {"Mqtt": "no"})
        say.assert_not_called()

    def test_the_saving_is_named_where_nothing_uses_mqtt(self):
        with mock.patch.object(deploy, "say") as say:
            deploy.check_mqtt(PLAIN, {"Mqtt": "yes"})
        self.assertIn("Mqtt=no", say.call_args.args[0])

    def test_the_value_of_the_previous_deployment_counts(self):
        stack = {"Parameters": [{"ParameterKey": "Mqtt", "ParameterValue": "no"}]}
        self.assertEqual(deploy.deployed(stack), {"Mqtt": "no"})
        self.assertEqual(deploy.deployed(None), {})


if __name__ == "__main__":
    unittest.main()
