"""The local cloud's MQTT broker, which stands in for AWS IoT: its address, and a certificate of a device."""

import json
import os
import urllib.request

from state import read_json, write_json

# The subfolder of the state folder.
FOLDER = "iot"
THING = "camhook-bridge"


def endpoint(state):
    """The address of the listener: {"host": …, "port": …}."""
    return read_json(state / FOLDER / "endpoint.json", {})


def listen_on(state, port):
    """Records the listener's port and returns the environment that makes MiniStack use it."""
    folder = state / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    write_json(folder / "endpoint.json", {"host": "127.0.0.1", "port": port})
    return {"IOT_MTLS_ENABLED": "1", "IOT_MTLS_PORT": str(port)}


def device(state, gateway, iot):
    """Address and certificate of a device, for `iot` in stack.json. Created once per local cloud.

    `gateway` is the local cloud's URL, `iot` a client of its IoT control plane.
    """
    folder = state / FOLDER
    files = {name: folder / f"{name}.pem" for name in ("ca", "cert", "key")}
    if not all(file.exists() for file in files.values()):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        files["ca"].write_bytes(opener.open(f"{gateway}/_ministack/iot/ca.pem", timeout=10).read())
        made = iot.create_keys_and_certificate(setAsActive=True)
        iot.create_thing(thingName=THING)
        iot.create_policy(policyName=THING, policyDocument=json.dumps(POLICY))
        iot.attach_policy(policyName=THING, target=made["certificateArn"])
        iot.attach_thing_principal(thingName=THING, principal=made["certificateArn"])
        files["cert"].write_text(made["certificatePem"])
        with open(files["key"], "w", opener=_for_the_owner_only) as key:
            key.write(made["keyPair"]["PrivateKey"])
    return {**endpoint(state), **{name: str(file) for name, file in files.items()}}


def _for_the_owner_only(path, flags):
    return os.open(path, flags, 0o600)


# The local cloud evaluates no policies. On AWS, use infra/mosquitto/policy.json for a bridge.
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}],
}
