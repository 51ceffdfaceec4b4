#!/usr/bin/env python3
"""load.py SECONDS PER_SECOND PREFIX STATION…: files cases at a steady pace with the documented client (docs/integrate/python), and prints as JSON
how many were filed (of each station, in turn: a unit has 9,999 case numbers a month), how many calls were sent again, and every command that the client's user would have seen fail.

XIAOAN_CASES_URL, XIAOAN_CA_FILE, XIAOAN_CLIENT_CERT, XIAOAN_CLIENT_KEY and XIAOAN_TOKEN_FILE say where and as whom."""
import json
import os
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

import file_case
from xiaoan.cases.v1 import case_service_pb2_grpc

# As many connections as a handful of bureaus would have; each is one pod, whichever the Service gives.
CONNECTIONS = 8
WORKERS = 64


def read(name):
    return Path(os.environ[name]).read_bytes()


def main():
    seconds, pace, prefix, stations = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4:]
    address = os.environ["XIAOAN_CASES_URL"].removeprefix("https://")
    trust = grpc.ssl_channel_credentials(read("XIAOAN_CA_FILE"), read("XIAOAN_CLIENT_KEY"), read("XIAOAN_CLIENT_CERT"))
    token = file_case.bearer(read("XIAOAN_TOKEN_FILE").decode().strip())
    channels = [grpc.secure_channel(address, trust, [("grpc.use_local_subchannel_pool", 1)]) for _ in range(CONNECTIONS)]
    stubs = [case_service_pb2_grpc.CaseServiceStub(channel) for channel in channels]
    sent, failed, took, filed = [0], [], [], Counter()

    def file_one(number):
        def call(*args, **options):
            sent[0] += 1
            return stubs[number % CONNECTIONS].FileCase(*args, **options)

        began = time.monotonic()
        try:
            station = stations[number % len(stations)]
            file_case.command(call, file_case.a_case(f"{prefix}-{number}", org_unit=station), token)
            filed[station] += 1
        except Exception as error:  # whatever a user would have seen
            failed.append(f"{number}: {error}")
        took.append(time.monotonic() - began)

    began, number = time.monotonic(), 0
    with ThreadPoolExecutor(WORKERS) as pool:
        while time.monotonic() - began < seconds:
            due = int((time.monotonic() - began) * pace)
            for at in range(number, due):
                pool.submit(file_one, at)
            number = max(number, due)
            time.sleep(0.01)
    lasted = time.monotonic() - began
    took.sort()
    json.dump({
        "filed": number - len(failed), "stations": filed, "failed": failed[:20], "failures": len(failed), "calls": sent[0], "again": sent[0] - number,
        "per_second": round(number / lasted, 1), "p50_ms": round(took[len(took) // 2] * 1e3, 1),
        "p99_ms": round(took[int(len(took) * 0.99)] * 1e3, 1), "slowest_ms": round(took[-1] * 1e3, 1),
    }, sys.stdout)


if __name__ == "__main__":
    main()
