"""The CPU time of one event by the vendor's Python SDK: from the gateway's JSON to decoded pictures, record and message.

Usage: event_cost.py EVENT ROUNDS. Prints JSON: the median in microseconds, and how many pictures were decoded.
"""

import json
import statistics
import sys
import time

from viewtron import ViewtronEvent


def handle(text):
    request = json.loads(text)
    event = ViewtronEvent(request["body"])
    pictures = [picture for picture in (event.get_source_image_bytes(), event.get_target_image_bytes()) if picture]
    record = {
        "source": request["rawPath"],
        "kind": event.get_alarm_type(),
        "description": event.get_alarm_description(),
        "time": event.get_time_stamp_formatted(),
        "device": event.get_ip_cam(),
        "images": [{"key": f"images/{n}.jpg", "bytes": len(picture)} for n, picture in enumerate(pictures)],
    }
    message = json.dumps(record)
    return pictures, message


def main():
    with open(sys.argv[1], "rb") as file:
        event = file.read()
    times = []
    for _ in range(int(sys.argv[2])):
        started = time.thread_time_ns()
        pictures, message = handle(event)
        times.append(time.thread_time_ns() - started)
    assert message
    assert all(picture[:3] == b"\xff\xd8\xff" for picture in pictures)
    print(json.dumps({"us": statistics.median(times[len(times) // 10 :]) / 1000, "pictures": len(pictures)}))


main()
