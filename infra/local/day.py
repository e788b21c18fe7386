"""The earlier posts of `make run`: what the cameras of infra/local/camhook.toml saw in the last 24 hours."""

from typing import NamedTuple


class Post(NamedTuple):
    """A sample that was sent some time ago."""

    minutes_ago: int
    source: str
    case: str
    plate: str = ""

    def arguments(self):
        """The arguments of `camhook` that send it."""
        plate = ["--plate", self.plate] if self.plate else []
        return ["send", self.source, self.case, "--at", f"{self.minutes_ago}m", *plate]


# Samples that report no time of their own (`nvr-plate` and INSTAR's) cannot be sent in the past.
EARLIER = [
    Post(23 * 60 + 20, "gate", "plate", "IB36NL"),
    Post(22 * 60 + 5, "nvr", "plate", "HH-KL 2207"),
    Post(20 * 60 + 41, "gate", "nvr-intrusion"),
    Post(19 * 60 + 10, "nvr", "line-crossing"),
    Post(17 * 60 + 32, "gate", "intrusion"),
    Post(15 * 60 + 55, "vms", "analytics"),
    Post(14 * 60 + 12, "gate", "line-crossing"),
    Post(13 * 60 + 58, "nvr", "plate", "M-AB 1234"),
    Post(12 * 60 + 30, "nvr", "plate", "AIDRIVE"),
    Post(11 * 60 + 4, "nvr", "face"),
    Post(9 * 60 + 47, "nvr", "plate", "B-XY 4711"),
    Post(8 * 60 + 20, "vms", "input"),
    Post(7 * 60 + 15, "gate", "face"),
    Post(6 * 60 + 2, "nvr", "line-crossing"),
    Post(5 * 60 + 26, "gate", "plate", "K-LM 908"),
    Post(4 * 60 + 9, "gate", "nvr-intrusion"),
    Post(3 * 60 + 1, "nvr", "plate", "S-TV 77"),
    Post(2 * 60 + 13, "vms", "analytics"),
    Post(1 * 60 + 24, "gate", "line-crossing"),
    Post(38, "nvr", "face"),
]
