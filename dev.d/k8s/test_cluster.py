#!/usr/bin/env python3
"""The chart on a cluster: ./dev k8s test calls this after ./dev k8s up. Prints each step with its outcome and seconds; fails when one does.

KUBECTL and HELM are the commands to use (JSON lists), RUN what reaches the cluster's network, XIAOAN the command line, and the
XIAOAN_* variables say where the services are and as whom they are called."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KUBECTL, HELM, RUN = (json.loads(os.environ[name]) for name in ("KUBECTL", "HELM", "RUN"))
NAMESPACE = os.environ["K8S_NAMESPACE"]
SERVICES = ["hq", "cases", "antifraud", "port", "volunteers", "rankings"]
EXPECTED = json.loads((ROOT / "tests/acceptance/cases-2026-06.expected.json").read_text())
JUNE = ["standings", "--board", "theft-stations", "--period", "2026-06", "--output", "json"]


class Failed(Exception):
    pass


def run(*command, ok=(0,), timeout=300, stdin=None):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout, input=stdin)
    if done.returncode not in ok:
        raise Failed(f"{' '.join(map(str, command[-8:]))} exited {done.returncode}: {(done.stderr or done.stdout)[-800:]}")
    return done.stdout


def kubectl(*words, **options):
    return run(*KUBECTL, "--namespace", NAMESPACE, *words, **options)


def xiaoan(*words, ok=(0,), **options):
    return run(*RUN, os.environ["XIAOAN"], *words, ok=ok, **options)


def until(what, check, seconds=90):
    end, last = time.monotonic() + seconds, None
    while time.monotonic() < end:
        try:
            if check():
                return
            last = "not yet"
        except Failed as error:
            last = error
        time.sleep(0.5)
    raise Failed(f"{what}: not within {seconds} s ({last})")


def board():
    """What June's board shows of each station, as the acceptance file says it."""
    entries = {entry["orgUnit"]: entry for entry in json.loads(xiaoan(*JUNE))["entries"]}
    shown = {}
    for want in EXPECTED["standings"]:
        entry = entries.get(want["org"], {"indicators": []})
        of = {indicator["id"]: indicator for indicator in entry["indicators"]}
        shown[want["org"]] = {
            "filed": of.get("filed", {}).get("numerator"), "solved": of.get("solved", {}).get("numerator"),
            "arrests": of.get("arrests", {}).get("numerator"), "rank": entry.get("rank"),
        }
    return shown


def loaded(prefix, seconds, pace, meanwhile):
    """Commands by the documented client while something happens; what the client's user saw."""
    command = [*RUN, os.environ["LOAD_PYTHON"], ROOT / "dev.d/k8s/load.py", seconds, pace, prefix, *STATIONS]
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as load:
        try:
            time.sleep(2)
            meanwhile()
        finally:
            out, err = load.communicate(timeout=seconds + 180)
    if load.returncode:
        raise Failed(f"the load ended with {load.returncode}: {err[-600:]}")
    seen = json.loads(out)
    counted.update(seen["stations"])
    if seen["failures"]:
        raise Failed(f"commands failed for their user: {seen}")
    return " ".join(f"{key}={seen[key]}" for key in ("filed", "again", "per_second", "p50_ms", "p99_ms", "slowest_ms"))


# Cases that the load has filed at each station.
counted = Counter()
STATIONS = [want["org"] for want in EXPECTED["standings"]]


def exact():
    """Every station as in the acceptance file, and what the load has filed there."""

    def look():
        shown = board()
        for want in EXPECTED["standings"]:
            found = shown[want["org"]]
            filed = want["filed"] + counted[want["org"]]
            if (found["filed"], found["solved"], found["arrests"]) != (filed, want["solved"], want["arrests"]):
                raise Failed(f"{want['org']}: shows {found}, should be {want} with {counted[want['org']]} more filed")
        return True

    until("the board is exact", look)
    return f"{len(EXPECTED['standings'])} stations, {sum(counted.values())} cases of the load"


def heads():
    chains = xiaoan("audit", "verify", "--output", "json", "--token-file", os.environ["AUDIT_TOKEN_FILE"], timeout=600)
    return "every chain is whole, " + str(len(re.findall(r'"service"', chains))) + " logs"


def two_of_each():
    for name in SERVICES:
        ready = kubectl("get", f"deployment/xiaoan-{name}", "-o", "jsonpath={.status.readyReplicas}/{.spec.replicas}")
        if ready != "2/2":
            raise Failed(f"{name}: {ready} ready")
    return "2/2 of six"


def helm_test():
    run(*HELM, "test", "xiaoan", "--namespace", NAMESPACE, "--timeout", "3m")


def units():
    xiaoan("org", "import", ROOT / "tests/acceptance/org-units.csv")


def take_june():
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cases-2026-06.csv"
        file.write_bytes((ROOT / "tests/acceptance/cases-2026-06.csv").read_bytes())
        report = json.loads(xiaoan("cases", "import", file, "--output", "json", ok=(0, 1)))
    for key in ("rows", "imported", "duplicate_rows"):
        if report["imported"] and report[key] != EXPECTED[key]:
            raise Failed(f"{key}: {report[key]}, should be {EXPECTED[key]}")
    if report["imported"] == 0:
        # Tried before on this cluster: what earlier loads have filed stays.
        shown = board()
        counted.update({want["org"]: shown[want["org"]]["filed"] - want["filed"] for want in EXPECTED["standings"]})
    return f"{report['imported']} of {report['rows']} rows"


def rolling_restart():
    def restart():
        kubectl("rollout", "restart", "deployment", "--selector", "app.kubernetes.io/instance=xiaoan")
        for name in SERVICES:
            kubectl("rollout", "status", f"deployment/xiaoan-{name}", "--timeout", "240s")
    return loaded(f"roll-{os.getpid()}", float(os.environ.get("K8S_LOAD_SECONDS", "60")), float(os.environ.get("K8S_LOAD_PACE", "200")), restart)


def delete_pods():
    def delete():
        for name in SERVICES:
            pod = kubectl("get", "pods", "--selector", f"app.kubernetes.io/component={name}", "-o", "jsonpath={.items[0].metadata.name}")
            kubectl("delete", "pod", pod, "--wait=false", "--grace-period=0", "--force")
        for name in SERVICES:
            kubectl("rollout", "status", f"deployment/xiaoan-{name}", "--timeout", "240s")
    return loaded(f"kill-{os.getpid()}", 30, 100, delete)


def delete_ground(pod, kind):
    def delete():
        run(*KUBECTL, "--namespace", "ground", "delete", "pod", pod, "--grace-period=0", "--force")
        time.sleep(1)
        run(*KUBECTL, "--namespace", "ground", "rollout", "status", kind, "--timeout", "120s")
    return loaded(f"{pod}-{os.getpid()}", 30, 50, delete)


def stranger():
    """A pod without the label cannot reach a service; one with it can."""
    address = f"xiaoan-cases.{NAMESPACE}.svc.cluster.local:7100"
    outcomes = {}
    for name, labels in (("stranger", {}), ("client", {"xiaoan.dev/client": "true"})):
        spec = {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels},
            "spec": {
                "restartPolicy": "Never", "automountServiceAccountToken": False,
                "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "fsGroup": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
                "volumes": [{"name": "tls", "secret": {"secretName": "xiaoan-tls"}}, {"name": "token", "secret": {"secretName": "xiaoan-service-token"}}],
                "containers": [{
                    "name": "xiaoan", "image": "localhost/xiaoan:dev", "imagePullPolicy": "IfNotPresent",
                    "command": ["/usr/local/bin/xiaoan", "audit", "verify", "--service", "cases"],
                    "env": [{"name": "XIAOAN_CASES_URL", "value": f"https://{address}"}, {"name": "XIAOAN_CA_FILE", "value": "/tls/ca.crt"},
                            {"name": "XIAOAN_CLIENT_CERT", "value": "/tls/tls.crt"}, {"name": "XIAOAN_CLIENT_KEY", "value": "/tls/tls.key"},
                            {"name": "XIAOAN_TOKEN_FILE", "value": "/token/token"}],
                    "volumeMounts": [{"name": "tls", "mountPath": "/tls"}, {"name": "token", "mountPath": "/token"}],
                    "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
                }],
            },
        }
        kubectl("delete", "pod", name, "--ignore-not-found")
        kubectl("apply", "-f", "-", stdin=json.dumps(spec))
    for name in ("stranger", "client"):
        phase = ["get", "pod", name, "-o", "jsonpath={.status.phase}"]
        until(f"{name} ends", lambda phase=phase: kubectl(*phase) in ("Succeeded", "Failed"), 120)
        outcomes[name] = kubectl(*phase)
        kubectl("delete", "pod", name, "--wait=false")
    if outcomes != {"stranger": "Failed", "client": "Succeeded"}:
        raise Failed(str(outcomes))
    return "stranger refused, client answered"


def restricted():
    spec = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "root"}, "spec": {"containers": [{"name": "root", "image": "localhost/xiaoan:dev"}]}}
    done = subprocess.run([*KUBECTL, "--namespace", NAMESPACE, "apply", "--dry-run=server", "-f", "-"], input=json.dumps(spec), capture_output=True, text=True)
    if done.returncode == 0 or "violates PodSecurity" not in done.stderr:
        raise Failed(f"a pod as root was let in: {done.stdout}{done.stderr}")


def rollback():
    def there_and_back():
        run(*HELM, "upgrade", "xiaoan", ROOT / "charts/xiaoan", "--namespace", NAMESPACE, "--reuse-values", "--set", "defaults.log=info\\,xiaoan_feed=debug", "--wait", "--timeout", "6m", timeout=400)
        run(*HELM, "rollback", "xiaoan", "--namespace", NAMESPACE, "--wait", "--timeout", "6m", timeout=400)
    return loaded(f"back-{os.getpid()}", 90, 50, there_and_back)


def uninstall():
    run(*HELM, "uninstall", "xiaoan", "--namespace", NAMESPACE, "--wait", "--timeout", "3m")
    kinds = "deployments,jobs,pods,services,configmaps,serviceaccounts,networkpolicies,poddisruptionbudgets"
    until("nothing is left", lambda: not [
        one for one in kubectl("get", kinds, "-o", "name").split()
        if one not in ("configmap/kube-root-ca.crt", "configmap/xiaoan-jwks", "serviceaccount/default")])
    return "left: databases, streams, the operator's Secrets and ConfigMap"


STEPS = [
    ("two replicas of everything are ready", two_of_each),
    ("helm test", helm_test),
    ("org units", units),
    ("June of the acceptance city is imported", take_june),
    ("board exact", exact),
    ("a pod that is not restricted is refused", restricted),
    ("NetworkPolicy refuses a stranger", stranger),
    ("rolling restart of everything under load", rolling_restart),
    ("board exact", exact),
    ("a pod of each service deleted under load", delete_pods),
    ("board exact", exact),
    ("a node of NATS deleted under load", lambda: delete_ground("nats-1", "statefulset/nats")),
    ("board exact", exact),
    ("PostgreSQL deleted under load", lambda: delete_ground("postgres-0", "statefulset/postgres")),
    ("board exact", exact),
    ("upgrade and rollback under load (the same version: there is no other yet)", rollback),
    ("board exact", exact),
    ("hash chains", heads),
    ("helm test", helm_test),
    ("uninstall leaves nothing but what is documented", uninstall),
]


def main():
    only = sys.argv[1:]
    failed, all_began = 0, time.monotonic()
    for name, step in STEPS:
        if only and not any(word in name for word in only):
            continue
        began = time.monotonic()
        try:
            said = step() or ""
            verdict = "ok  "
        except (Failed, subprocess.TimeoutExpired, KeyError, ValueError) as error:
            failed, said, verdict = failed + 1, f"{type(error).__name__}: {error}", "FAIL"
        print(f"{verdict} {name} ({time.monotonic() - began:.1f} s) {said}", flush=True)
    print(f"{len(STEPS) if not only else 'some'} steps, {failed} failed, {time.monotonic() - all_began:.0f} s")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
