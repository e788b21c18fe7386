"""Fails when a bootstrap needs a newer glibc than Lambda's provided.al2023 has: glibc.py target/lambda/*/bootstrap"""

import re
import sys
from pathlib import Path

NEWEST = (2, 34)
# Names of symbol versions end with NUL in the table of dynamic strings.
VERSION = re.compile(rb"\0GLIBC_(\d+)\.(\d+)(?:\.\d+)?(?=\0)")


def needed(bootstrap):
    """The newest glibc version that a binary names."""
    return max(((int(major), int(minor)) for major, minor in VERSION.findall(bootstrap)), default=(0, 0))


def main(paths):
    status = 0
    if not paths:
        print("error: no bootstrap to check", file=sys.stderr)
        return 1
    for path in paths:
        version = needed(Path(path).read_bytes())
        if version > NEWEST:
            print("error: {} needs GLIBC {}.{}, and provided.al2023 has {}.{}".format(path, *version, *NEWEST),
                  file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
