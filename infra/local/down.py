"""`make down`: stops what `make up` started."""

import argparse
import sys

from state import folder, say, stop_all


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", default=".local", help="the folder that `make up` wrote")
    stopped = stop_all(folder(parser.parse_args().state))
    say("stopped " + " and ".join(stopped) if stopped else "nothing is running")
    return 0


if __name__ == "__main__":
    sys.exit(main())
