"""Runs a command with a local cloud of its own, and stops the cloud afterwards.

The command's environment has CAMHOOK_STACK, the path of stack.json, and AWS variables for the SDKs. Used by
`make test`.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import cloud
from state import ROOT, LocalCloudError, end_of, say, stop_all
from up import arguments, up


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    arguments(parser)
    parser.add_argument("--with-tests", action="store_true", help="build the tests of the workspace with the functions")
    parser.add_argument("--check-roles", action="store_true", help="compare the calls that the tests made with the roles: after all tests, as some would miss calls")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="after --")
    options = parser.parse_args()
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="camhook-", ignore_cleanup_errors=True) as scratch:
        options.state = scratch
        try:
            stack = up(options, polling=True, with_tests=options.with_tests)
            environment = {**os.environ, **cloud.sdk_environment(stack["endpoint_url"]),
                           "CAMHOOK_STACK": str(Path(scratch, "stack.json"))}
            status = subprocess.run(command, cwd=ROOT, env=environment).returncode
            if status != 0:
                say("the command failed" + end_of(Path(scratch, "cloud.log"), 40))
            elif options.check_roles:
                calls = Path(scratch, "calls.jsonl")
                status = subprocess.run([sys.executable, str(ROOT / "infra" / "lint" / "roles.py"), str(calls)]).returncode
            return status
        except LocalCloudError as error:
            say(f"error: {error}")
            return 1
        except KeyboardInterrupt:
            return 130
        finally:
            stop_all(Path(scratch))


if __name__ == "__main__":
    sys.exit(main())
