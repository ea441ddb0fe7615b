#!/usr/bin/python3
"""Hands messages to the agent communication, one after the other, until a line comes in; then looks
for each that was acknowledged. Says how many were lost, and the longest time without an answer."""
import json
import select
import sys
import time

import noa_client


def main():
    acknowledged, gap_s, after_gap = 0, 0.0, 0
    with noa_client.Client() as client:
        last = time.monotonic()
        while not select.select([sys.stdin], [], [], 0)[0]:
            try:
                client.call("communication", "send", {
                    "id": f"u{acknowledged}", "to": "cache", "operation": "set",
                    "body": {"key": str(acknowledged), "value": acknowledged}}, timeout_s=0.2)
            except noa_client.NoaError:
                continue
            now = time.monotonic()
            if now - last > gap_s:
                gap_s, after_gap = now - last, 0
            last = now
            acknowledged += 1
            after_gap += 1
            if acknowledged == 1000:
                print("begun", flush=True)
        missing = sum(client.call("communication", "wait", {"id": f"u{number}", "wait_s": 30},
                                  timeout_s=40).json()["state"] != "acked"
                      for number in range(acknowledged))
    print(json.dumps({"acknowledged": acknowledged, "missing": missing, "gap_ms": gap_s * 1000,
                      "after_gap": after_gap}))


main()
