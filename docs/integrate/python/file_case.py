"""Files a case at the casebook as another system should do it, and reads the casebook's log from where it stopped.

Addresses and tokens come from the environment (README.md). Everything here holds for every command of every service.
"""

import os
import sys
import time
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from xiaoan.cases.v1 import case_commands_pb2, case_service_pb2_grpc
from xiaoan.core.v1 import core_pb2
from xiaoan.eventlog.v1 import eventlog_pb2, eventlog_pb2_grpc

CITY = timezone(timedelta(hours=8))
# One try. Whoever waits for longer than a person would, waits for nothing.
DEADLINE_S = 5
# All tries of one command together.
PATIENCE_S = 60
# The outcome is unknown or it was too much at once: the same request again. Anything else is an answer.
AGAIN = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED}


def channel(url):
    """A channel to "http://host:port", or with TLS to "https://host:port"."""
    scheme, _, address = url.rstrip("/").partition("://")
    if scheme == "https":
        return grpc.secure_channel(address, grpc.ssl_channel_credentials())
    return grpc.insecure_channel(address)


def bearer(token):
    return (("authorization", f"Bearer {token}"),)


class Refused(Exception):
    """The service said no. `reason` is stable and made to be compared; the sentences are made to be shown."""

    def __init__(self, error):
        self.code = error.code()
        self.reason, self.metadata, self.fields, self.sentences, self.retry_after_s = "", {}, {}, {}, None
        status = rpc_status.from_call(error)
        for detail in status.details if status else ():
            info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
            words, retry = error_details_pb2.LocalizedMessage(), error_details_pb2.RetryInfo()
            if detail.Unpack(info):
                self.reason, self.metadata = info.reason, dict(info.metadata)
            elif detail.Unpack(bad):
                self.fields = {violation.field: violation.reason for violation in bad.field_violations}
            elif detail.Unpack(words):
                self.sentences[words.locale] = words.message
            elif detail.Unpack(retry):
                self.retry_after_s = retry.retry_delay.ToTimedelta().total_seconds()
        super().__init__(f"{self.code.name} {self.reason}: {self.sentences.get('en', error.details())}")


def command(call, request, metadata):
    """Sends a command until it is answered, always with the same request_id, so that it happens once however often it is sent."""
    pause_s, until = 0.1, time.monotonic() + PATIENCE_S
    while True:
        try:
            return call(request, metadata=metadata, timeout=DEADLINE_S)
        except grpc.RpcError as error:
            refused = Refused(error)
            if refused.code not in AGAIN or time.monotonic() > until:
                raise refused from error
            time.sleep(refused.retry_after_s or pause_s)
            pause_s = min(pause_s * 2, 5)


def a_case(own_record, **changes):
    """A bicycle gone on the morning of 10 June 2026. The request_id follows from the record in the caller's own system: when that
    sends it again tomorrow, after a crash, it is still the same command."""

    def at(hour, minute):
        moment = Timestamp()
        moment.FromDatetime(datetime(2026, 6, 10, hour, minute, tzinfo=CITY))
        return moment

    values = {
        "request_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://records.example/{own_record}")),
        "org_unit": "371102010000",
        "category": "050227",
        "occurred_from": at(7, 0),
        "reported_at": at(9, 30),
        "filed_on": core_pb2.Date(year=2026, month=6, day=10),
        "loss_fen": 26_000,
        "preventable": True,
    }
    return case_commands_pb2.FileCaseRequest(**(values | changes))


def follow(log, metadata, kept, deal_with, limit=0):
    """Hands the log's events to `deal_with` from behind the last position kept, in order, and keeps each position when its event
    is dealt with. Cut off at any moment and begun again, it misses none. `limit` 0 = as far as the log goes."""
    position = int(kept.read_text()) if kept.exists() else 0
    request = eventlog_pb2.ReadRequest(**{"from": position + 1}, limit=limit)
    for batch in log.Read(request, metadata=metadata, timeout=60):
        for event in batch.events:
            if event.position != position + 1:
                raise RuntimeError(f"position {event.position} follows {position}: positions have no holes")
            deal_with(event)
            # Better: in the same transaction as what the event has changed in the own database. Then none is dealt with twice either.
            position = event.position
            kept.write_text(str(position))


def show(event):
    print(f"{event.position} {event.type} {event.stream}")


def main():
    url, kept = os.environ["XIAOAN_CASES_URL"], Path(os.environ.get("XIAOAN_POSITION_FILE", "cases.position"))
    officer, reader = bearer(os.environ["XIAOAN_TOKEN"]), bearer(os.environ["XIAOAN_LOG_TOKEN"])
    record = sys.argv[1] if len(sys.argv) > 1 else "bicycle-17"
    with channel(url) as to_cases:
        cases = case_service_pb2_grpc.CaseServiceStub(to_cases)
        log = eventlog_pb2_grpc.EventLogServiceStub(to_cases)

        filed = command(cases.FileCase, a_case(record), officer)
        print(f"filed {filed.case_no} at position {filed.receipt.position}, etag {filed.receipt.etag}")
        again = command(cases.FileCase, a_case(record), officer)
        print(f"sent again: {again.case_no}, replayed {again.receipt.replayed}")

        for what, request in [
            ("an unknown unit", a_case("another", org_unit="371199999999")),
            ("the same request_id with another body", a_case(record, loss_fen=1)),
        ]:
            try:
                command(cases.FileCase, request, officer)
            except Refused as no:
                print(f"{what}: {no.code.name} {no.reason} {no.fields} {no.sentences['zh-CN']}")

        follow(log, reader, kept, show, limit=1)  # Here it stops …
        follow(log, reader, kept, show)  # … and this goes on behind it.


if __name__ == "__main__":
    main()
