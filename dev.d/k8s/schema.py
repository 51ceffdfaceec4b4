#!/usr/bin/env python3
"""schema.py CHART [--write]: values.schema.json from values.yaml, so that neither can drift from the other.

Every key of values.yaml is known, nothing else is; types come from the defaults, words from the `# --` comments, and what a
default cannot tell (choices, ranges, free maps) from RULES. Without --write it compares and fails when they differ."""
import json
import re
import sys
from pathlib import Path

import yaml

SERVICES = ["hq", "cases", "antifraud", "port", "volunteers", "rankings"]
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
ANYTHING = {"type": "object", "additionalProperties": True}
OBJECTS = {"type": "array", "items": {"type": "object"}}
HOSTS = {"type": "array", "items": {"type": "string", "pattern": r"^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"}}


def one_of(*words):
    return {"enum": list(words)}


def number(least, most=None):
    return {"type": "integer", "minimum": least, **({"maximum": most} if most is not None else {})}


PROBE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {key: number(0 if key == "initialDelaySeconds" else 1) for key in
                   ["initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold", "successThreshold"]},
}
# Path (a * stands for one step) -> what the schema says instead of what the default shows.
RULES = {
    "extraLabels": TEXTS,
    "global.imagePullSecrets": {"type": "array", "items": {"type": "string"}},
    "image.digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
    "image.pullPolicy": one_of("Always", "IfNotPresent", "Never"),
    "database.port": number(1, 65535),
    "nats.port": number(1, 65535),
    "nats.streamReplicas": number(1, 5),
    "nats.url": {"type": "string", "pattern": "^((nats|tls)://[^,]+(,(nats|tls)://[^,]+)*)?$"},
    "tls.certManager.issuerRef.kind": {"type": "string"},
    "migrations.mode": one_of("hook", "gitops", "none"),
    "migrations.database.keys": {"type": "object", "additionalProperties": False,
                                 "properties": {name: {"type": "string"} for name in SERVICES}},
    "migrations.backoffLimit": number(0),
    "migrations.activeDeadlineSeconds": number(1),
    "*.resources": ANYTHING,
    "board.proxy.resources": ANYTHING,
    "defaults.replicas": number(0),
    "defaults.database.pool": number(1, 500),
    "defaults.limits.inFlight": number(1),
    "defaults.limits.*": number(1),
    "defaults.limits.maxConnectionAgeSeconds": number(0),
    "defaults.drain.*": number(0),
    "defaults.drain.preStopSeconds": number(1),
    "defaults.service.internal": one_of("clusterIP", "headless"),
    "defaults.service.annotations": TEXTS,
    "defaults.route.hostnames": HOSTS,
    "defaults.probes.*": PROBE,
    "defaults.autoscaling.kind": one_of("none", "hpa", "keda"),
    "defaults.autoscaling.minReplicas": number(1),
    "defaults.autoscaling.maxReplicas": number(1),
    "defaults.autoscaling.targetCPUUtilizationPercentage": number(1, 100),
    "defaults.autoscaling.targetCallsPerSecond": number(1),
    "defaults.podDisruptionBudget.maxUnavailable": {"oneOf": [number(1), {"type": "string", "pattern": "^[0-9]+%$"}]},
    "defaults.topologySpread.whenUnsatisfiable": one_of("ScheduleAnyway", "DoNotSchedule"),
    "defaults.serviceAccount.annotations": TEXTS,
    "defaults.podAnnotations": TEXTS,
    "defaults.podLabels": TEXTS,
    "defaults.nodeSelector": TEXTS,
    "defaults.affinity": ANYTHING,
    "board.proxy.args": {"type": "array", "items": {"type": "string"}},
    "board.proxy.port": number(1024, 65535),
    "board.hostnames": HOSTS,
    "route.kind": one_of("none", "grpc", "http"),
    "route.hostnames": HOSTS,
    "route.annotations": TEXTS,
    "networkPolicy.otlp.port": number(1, 65535),
    "monitoring.kind": one_of("none", "ServiceMonitor", "PodMonitor"),
    "monitoring.labels": TEXTS,
    "monitoring.rules.disabled": {"type": "array", "items": {"type": "string"}},
    "monitoring.rules.labels": TEXTS,
    "monitoring.dashboards.labels": TEXTS,
    "monitoring.dashboards.annotations": TEXTS,
}


def comments(text):
    """What the `# --` lines above each key say, by path."""
    said, steps, pending = {}, [], []
    for line in text.splitlines():
        if note := re.match(r"\s*# -- (.*)", line):
            pending = [note[1]]
        elif pending and (more := re.match(r"\s*# (.*)", line)):
            pending.append(more[1])
        elif key := re.match(r"( *)([A-Za-z]\w*):", line):
            depth = len(key[1]) // 2
            steps = steps[:depth] + [key[2]]
            if pending:
                said[".".join(steps)] = " ".join(pending)
            pending = []
        elif not line.lstrip().startswith("#"):
            pending = []
    return said


def rule(path):
    if path in RULES:
        return RULES[path]
    head, _, last = path.rpartition(".")
    return RULES.get(f"{head}.*") or (RULES.get(f"*.{last}") if last == "resources" else None)


def shape(path, value, said):
    found = rule(path)
    if found is None:
        if isinstance(value, dict):
            found = {"type": "object", "additionalProperties": False,
                     "properties": {key: shape(f"{path}.{key}", inner, said) for key, inner in value.items()}}
        elif isinstance(value, bool):
            found = {"type": "boolean"}
        elif isinstance(value, int):
            found = {"type": "integer"}
        elif isinstance(value, list):
            found = OBJECTS
        else:
            found = {"type": "string"}
    return {**({"description": said[path]} if path in said else {}), **found}


def schema(text):
    values, said = yaml.safe_load(text), comments(text)
    assert list(values["services"]) == SERVICES
    known = {key: shape(key, value, said) for key, value in values.items()}
    service = {**known["defaults"], "description": "Settings of a service."}
    known["defaults"] = {"$ref": "#/$defs/service"}
    known["services"] = {"type": "object", "additionalProperties": False,
                         "properties": {name: {"$ref": "#/$defs/service"} for name in SERVICES}}
    # Helm itself puts `enabled` of a parent chart and the globals of others here.
    known["global"]["additionalProperties"] = True
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Values of the chart xiaoan",
            "type": "object", "additionalProperties": False, "properties": known, "$defs": {"service": service}}


def main():
    chart = Path(sys.argv[1])
    wanted = json.dumps(schema((chart / "values.yaml").read_text()), indent=2, ensure_ascii=False) + "\n"
    file = chart / "values.schema.json"
    if "--write" in sys.argv:
        file.write_text(wanted)
    elif not file.exists() or file.read_text() != wanted:
        sys.exit(f"{file} does not fit values.yaml: {sys.argv[0]} {chart} --write")


if __name__ == "__main__":
    main()
