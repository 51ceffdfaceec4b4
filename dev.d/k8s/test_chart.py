#!/usr/bin/env python3
"""Tests of charts/xiaoan without a cluster: what its templates make of values, and what they refuse. HELM names the helm to use."""
import json
import os
import re
import subprocess
import unittest
from functools import cache, wraps
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "xiaoan"
HELM = os.environ.get("HELM", "helm")
SERVICES = ["hq", "cases", "antifraud", "port", "volunteers", "rankings"]
CASES = sorted(file.name.removesuffix("-values.yaml") for file in (CHART / "ci").glob("*-values.yaml"))


def helm(*args):
    command = [HELM, "template", "x", str(CHART), "--namespace", "city", "--kube-version", "1.35.0", *args]
    return subprocess.run(command, capture_output=True, text=True)


@cache
def rendered(case, *sets):
    args = [word for one in sets for word in ("--set-json", one)]
    done = helm("--values", str(CHART / "ci" / f"{case}-values.yaml"), *args)
    assert done.returncode == 0, f"{case} {sets}: {done.stderr}"
    return [found for found in yaml.safe_load_all(done.stdout) if found]


@cache
def refused(*sets):
    """What helm says to the least values with these."""
    args = [word for one in sets for word in ("--set-json", one)]
    done = helm("--values", str(CHART / "ci" / "minimal-values.yaml"), *args)
    assert done.returncode != 0, f"{sets} was accepted"
    return done.stderr


@cache
def rust_sources():
    return "\n".join(file.read_text() for folder in ("crates", "services")
                     for file in (ROOT / folder).glob("*/src/**/*.rs"))


def of_kind(objects, kind):
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}


def pods(objects):
    """Every pod template with the name of what makes it."""
    for one in objects:
        if one["kind"] in ("Deployment", "Job"):
            yield one["metadata"]["name"], one["spec"]["template"]


def containers(template):
    return template["spec"].get("initContainers", []) + template["spec"]["containers"]


def in_every_case(test):
    """Asks a test about the objects of each ci/*-values.yaml, whatever the others say."""
    @wraps(test)
    def each(self):
        for case in CASES:
            with self.subTest(case=case):
                test(self, rendered(case))
    return each


class EveryCase(unittest.TestCase):
    """What holds whatever the values say."""

    @in_every_case
    def test_pods_are_restricted_and_know_nothing_of_the_cluster(self, objects):
        for name, template in pods(objects):
            spec = template["spec"]
            self.assertIs(spec["automountServiceAccountToken"], False, name)
            self.assertTrue(spec["securityContext"]["runAsNonRoot"], name)
            self.assertEqual(spec["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"}, name)
            for container in containers(template):
                security = container["securityContext"]
                self.assertEqual(security["capabilities"], {"drop": ["ALL"]}, name)
                self.assertTrue(security["readOnlyRootFilesystem"], name)
                self.assertFalse(security["allowPrivilegeEscalation"], name)
                resources = container["resources"]
                self.assertIn("memory", resources["limits"], name)
                self.assertNotIn("cpu", resources["limits"], name)
                self.assertIn("cpu", resources["requests"], name)

    @in_every_case
    def test_no_secret_is_made_and_no_password_stands_in_an_object(self, objects):
        self.assertEqual(of_kind(objects, "Secret"), {})
        text = yaml.safe_dump_all(objects)
        self.assertNotIn("postgres://", text)

    @in_every_case
    def test_liveness_asks_only_whether_the_process_answers(self, objects):
        for name, deployment in of_kind(objects, "Deployment").items():
            service = deployment["spec"]["template"]["spec"]["containers"][0]
            gets = {kind: service[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")}
            self.assertEqual({get["port"] for get in gets.values()}, {"admin"}, name)
            self.assertEqual([gets[kind]["path"] for kind in ("startup", "readiness", "liveness")],
                             ["/livez", "/readyz", "/livez"], name)

    @in_every_case
    def test_the_owner_of_the_tables_is_known_to_migrations_only(self, objects):
        for name, template in pods(objects):
            told = [env["name"] for container in containers(template) for env in container.get("env", [])]
            self.assertEqual("XIAOAN_OWNER_DATABASE_URL" in told, "-migrate-" in name, name)

    @in_every_case
    def test_everything_is_denied_and_each_service_has_its_flows(self, objects):
        policies = of_kind(objects, "NetworkPolicy")
        deny = next(policy for name, policy in policies.items() if name.endswith("-default-deny"))
        self.assertEqual(sorted(deny["spec"]["policyTypes"]), ["Egress", "Ingress"])
        self.assertNotIn("ingress", deny["spec"])
        self.assertNotIn("egress", deny["spec"])
        wanted = deny["spec"]["podSelector"]["matchLabels"]
        for name, template in pods(objects):
            self.assertLessEqual(wanted.items(), template["metadata"]["labels"].items(), name)
        for policy in policies.values():
            for rule in policy["spec"].get("ingress", []):
                self.assertTrue(rule.get("from"), f"{policy['metadata']['name']} lets anybody in")

    @in_every_case
    def test_selectors_are_the_three_labels_that_never_change(self, objects):
        for deployment in of_kind(objects, "Deployment").values():
            self.assertEqual(sorted(deployment["spec"]["selector"]["matchLabels"]),
                             [f"app.kubernetes.io/{word}" for word in ("component", "instance", "name")])

    @in_every_case
    def test_a_disruption_budget_only_where_more_than_one_pod_is(self, objects):
        budgets = of_kind(objects, "PodDisruptionBudget")
        scaled = of_kind(objects, "HorizontalPodAutoscaler") | of_kind(objects, "ScaledObject")
        for name, deployment in of_kind(objects, "Deployment").items():
            several = name in scaled or deployment["spec"].get("replicas", 0) > 1
            self.assertEqual(name in budgets, several, name)

    @in_every_case
    def test_replicas_are_left_to_whoever_scales(self, objects):
        hpa, keda = of_kind(objects, "HorizontalPodAutoscaler"), of_kind(objects, "ScaledObject")
        self.assertFalse(hpa.keys() & keda.keys())
        for name, deployment in of_kind(objects, "Deployment").items():
            self.assertEqual("replicas" in deployment["spec"], name not in hpa and name not in keda, name)
            self.assertFalse(name.endswith("-rankings") and name in hpa | keda)

    @in_every_case
    def test_there_is_time_to_drain(self, objects):
        for name, deployment in of_kind(objects, "Deployment").items():
            spec = deployment["spec"]["template"]["spec"]
            told = of_kind(objects, "ConfigMap")[name]["data"]
            seconds = {key: int(told[f"XIAOAN_{key}"].removesuffix("s"))
                       for key in ("DRAIN_DELAY", "DRAIN_GRACE", "MAX_CONNECTION_AGE")}
            away = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
            away += seconds["DRAIN_DELAY"] + seconds["DRAIN_GRACE"]
            self.assertGreater(spec["terminationGracePeriodSeconds"], away, name)
            self.assertGreater(away, seconds["MAX_CONNECTION_AGE"], name)

    @in_every_case
    def test_both_services_are_there_and_their_ports_exist(self, objects):
        services = of_kind(objects, "Service")
        for name, deployment in of_kind(objects, "Deployment").items():
            ports = {port["name"] for container in deployment["spec"]["template"]["spec"]["containers"]
                     for port in container.get("ports", [])}
            for service in (services[name], services[f"{name}-headless"]):
                self.assertTrue({port["targetPort"] for port in service["spec"]["ports"]} <= ports, name)
            self.assertEqual(services[f"{name}-headless"]["spec"]["clusterIP"], "None")

    @in_every_case
    def test_every_volume_is_mounted_and_every_mount_has_a_volume(self, objects):
        for name, template in pods(objects):
            volumes = {volume["name"] for volume in template["spec"].get("volumes", [])}
            mounts = {mount["name"] for container in containers(template) for mount in container.get("volumeMounts", [])}
            self.assertEqual(volumes, mounts, name)


class Choices(unittest.TestCase):
    """What single values do."""

    def test_false_and_zero_of_a_service_count(self):
        objects = rendered("minimal", "services.cases.podDisruptionBudget.enabled=false", "services.cases.replicas=0")
        self.assertEqual(of_kind(objects, "Deployment")["x-xiaoan-cases"]["spec"]["replicas"], 0)
        self.assertNotIn("x-xiaoan-cases", of_kind(objects, "PodDisruptionBudget"))

    def test_a_change_of_configuration_restarts_pods_and_nothing_else_does(self):
        def checksums(*sets):
            found = of_kind(rendered("minimal", *sets), "Deployment").items()
            return {name: one["spec"]["template"]["metadata"]["annotations"]["checksum/config"] for name, one in found}
        before = checksums()
        self.assertEqual(before, checksums("services.cases.podDisruptionBudget.enabled=false"))
        after = checksums('services.cases.log="debug"')
        self.assertEqual([name for name in before if before[name] != after[name]], ["x-xiaoan-cases"])

    def test_sources_go_by_the_service_that_was_chosen(self):
        def sources(*sets):
            return of_kind(rendered("minimal", *sets), "ConfigMap")["x-xiaoan-cases"]["data"]["XIAOAN_SOURCES"]
        self.assertEqual(sources(), "hq=https://x-xiaoan-hq.city.svc.cluster.local:7100")
        self.assertEqual(sources('services.hq.service.internal="headless"'),
                         "hq=https://x-xiaoan-hq-headless.city.svc.cluster.local:7100")

    def test_rankings_follows_the_services_that_are_there(self):
        told = of_kind(rendered("small-city"), "ConfigMap")["x-xiaoan-rankings"]["data"]["XIAOAN_SOURCES"]
        self.assertEqual([source.split("=")[0] for source in told.split(",")], ["hq", "cases", "antifraud"])

    def test_hooks_come_before_install_and_upgrade_and_leave_nothing(self):
        objects = rendered("minimal")
        jobs = {name: job for name, job in of_kind(objects, "Job").items() if not name.endswith("-test")}
        self.assertEqual(sorted(jobs), sorted([f"x-xiaoan-migrate-{name}" for name in SERVICES] +
                                              [f"x-xiaoan-stream-{name}" for name in SERVICES if name != "rankings"]))
        for name, job in jobs.items():
            notes = job["metadata"]["annotations"]
            self.assertEqual(notes["helm.sh/hook"], "pre-install,pre-upgrade", name)
            self.assertIn("hook-succeeded", notes["helm.sh/hook-delete-policy"], name)
        weight = {name: int(job["metadata"]["annotations"]["helm.sh/hook-weight"]) for name, job in jobs.items()}
        self.assertLess(weight["x-xiaoan-migrate-cases"], weight["x-xiaoan-stream-cases"])

    def test_gitops_jobs_have_no_hook_and_a_name_for_each_version(self):
        def names(*sets):
            return {name for name in of_kind(rendered("gitops-migration", *sets), "Job") if "-migrate-" in name}
        for name, job in of_kind(rendered("gitops-migration"), "Job").items():
            if not name.endswith("-test"):
                self.assertNotIn("helm.sh/hook", job["metadata"]["annotations"], name)
        self.assertEqual(names(), names('services.cases.log="debug"'))
        self.assertFalse(names() & names('image.tag="0.2.0"'))

    def test_in_gitops_pods_wait_for_the_release_that_the_migration_notes(self):
        for case, waits in (("gitops-migration", True), ("minimal", False)):
            releases = set()
            for name, template in pods(rendered(case)):
                for container in containers(template):
                    told = {env["name"]: env.get("value") for env in container.get("env", [])}
                    if "await-schema" in container["command"] or "migrate" in container["command"]:
                        releases.add(told["XIAOAN_RELEASE"])
                if "-migrate-" not in name and not name.endswith("-test"):
                    first = template["spec"].get("initContainers", [{"name": ""}])[0]["name"]
                    self.assertEqual(first == "await-schema", waits, f"{case} {name}")
            self.assertEqual(len(releases), 1)

    def test_a_digest_wins_over_a_tag_and_a_mirror_stands_before(self):
        image = rendered("minimal", 'image.digest="sha256:' + "0" * 64 + '"', 'image.tag="9"',
                         'global.imageRegistry="mirror.invalid/"')
        self.assertEqual(next(pods(image))[1]["spec"]["containers"][0]["image"],
                         "mirror.invalid/xiaoan@sha256:" + "0" * 64)

    def test_certificates_name_both_services(self):
        names = of_kind(rendered("full"), "Certificate")["x-city-cases"]["spec"]["dnsNames"]
        for host in ("x-city-cases", "x-city-cases-headless"):
            self.assertIn(f"{host}.city.svc.cluster.local", names)
            self.assertIn(host, names)

    def test_extra_objects_are_templates(self):
        self.assertIn("x-city-note", of_kind(rendered("full"), "ConfigMap"))

    def test_an_alert_can_be_left_out_and_each_names_its_runbook(self):
        rules = of_kind(rendered("full"), "PrometheusRule")["x-city"]["spec"]["groups"][0]["rules"]
        names = [rule["alert"] for rule in rules]
        self.assertNotIn("XiaoanVersionsMixed", names)
        self.assertEqual(len(names), len(list((CHART / "alerts").glob("*.yaml"))) - 1)
        for rule in rules:
            self.assertEqual(rule["annotations"]["runbook_url"], f"https://runbooks.example.invalid/{rule['alert']}.md")
            self.assertIn('namespace="city"', rule["expr"])
            self.assertEqual(rule["labels"]["team"], "city")

    def test_only_who_follows_a_service_gets_in(self):
        policy = of_kind(rendered("minimal"), "NetworkPolicy")["x-xiaoan-cases"]["spec"]
        peers = [peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in policy["ingress"][0]["from"]]
        self.assertEqual(sorted(peers), ["hq", "rankings", "test"])


class Refusals(unittest.TestCase):
    """Every message of templates/_validate.tpl, each by values that bring it about."""

    REFUSED = {
        "auth.issuer is empty": ["auth.issuer=\"\""],
        "auth.jwks: name a ConfigMap": ["auth.jwks.existingConfigMap=\"\""],
        "auth.jwks: existingConfigMap and existingSecret cannot both": ["auth.jwks.existingSecret=\"b\""],
        "auth.serviceToken.existingSecret is empty": ["auth.serviceToken.existingSecret=\"\""],
        "nats.url is empty": ["nats.url=\"\""],
        "nats.credentials.existingSecret and nats.nkeys.existingSecret cannot both":
            ["nats.credentials.existingSecret=\"a\"", "nats.nkeys.existingSecret=\"b\""],
        "nats.streamReplicas must be 1, 3 or 5": ["nats.streamReplicas=2"],
        "migrations.database.existingSecret is empty": ["migrations.database.existingSecret=\"\""],
        "tls.certManager.issuerRef.name is empty": ["tls.existingSecret=\"\"", "tls.certManager.enabled=true"],
        "tls.existingSecret and tls.certManager.enabled cannot both":
            ["tls.certManager.enabled=true", "tls.certManager.issuerRef.name=\"a\""],
        "database.existingSecret is empty, and so is services.hq": ["database.existingSecret=\"\""],
        "personKeys.existingSecret is empty, and so is services.cases": ["personKeys.existingSecret=\"\""],
        "cases has no certificate": ["tls.existingSecret=\"\""],
        "cases would be killed while it drains": ["services.cases.drain.graceSeconds=100"],
        "must be longer than limits.maxConnectionAgeSeconds": ["services.cases.limits.maxConnectionAgeSeconds=100"],
        "services.rankings.autoscaling.kind must be none": ["services.rankings.autoscaling.kind=\"hpa\""],
        "minReplicas is more than maxReplicas":
            ["services.cases.autoscaling={\"kind\": \"hpa\", \"minReplicas\": 9}"],
        "services.cases.autoscaling.prometheusAddress is empty": ["services.cases.autoscaling.kind=\"keda\""],
        "services.cases.route.hostnames needs route.kind": ["services.cases.route.hostnames=[\"a\"]"],
        "services.hq.enabled=false": ["services.hq.enabled=false"],
        "services.cases.enabled=false": ["services.cases.enabled=false"],
        "services.rankings.enabled=false": ["services.rankings.enabled=false"],
        "route.hostnames is empty": ["route.kind=\"grpc\""],
        "route.parentRefs is empty": ["route.kind=\"grpc\""],
        "route.backendTLS.caConfigMap is empty": ["route.kind=\"grpc\""],
        "networkPolicy.gateway.from is empty": ["route.kind=\"grpc\""],
        "networkPolicy.monitoring.from is empty": ["monitoring.kind=\"PodMonitor\""],
        "board.proxy.image is empty": ["board.proxy.enabled=true"],
        "board.hostnames is empty": ["board.proxy.enabled=true"],
    }

    def test_what_cannot_work_is_refused_in_words_that_name_the_value(self):
        for message, sets in self.REFUSED.items():
            with self.subTest(message):
                self.assertIn(message, refused(*sets))

    def test_every_message_has_values_that_bring_it_about(self):
        template = (CHART / "templates" / "_validate.tpl").read_text()
        messages = [message.replace('\\"', '"')
                    for message in re.findall(r'append \$wrong \(?(?:printf )?"((?:[^"\\]|\\.)*)"', template)]
        self.assertGreater(len(messages), 20)
        self.assertEqual(len(messages), template.count("append $wrong"))
        # Of all that a run says, only the line that its case asks for.
        said = [line.strip().removeprefix("- ") for wanted, sets in self.REFUSED.items()
                for line in refused(*sets).splitlines() if wanted in line]
        for message in messages:
            with self.subTest(message):
                words = re.escape(message).replace("%s", r"\w+").replace("%d", r"\d+")
                self.assertTrue(any(re.fullmatch(words, line) for line in said), f"no test brings about: {message}")

    def test_all_that_is_wrong_is_said_at_once(self):
        said = refused('auth.issuer=""', 'nats.url=""')
        self.assertIn("auth.issuer is empty", said)
        self.assertIn("nats.url is empty", said)

    def test_a_value_that_nobody_knows_is_refused(self):
        for unknown in ("replicas=2", "services.case={}", "services.cases.replica=2", 'defaults.autoscaling.kind="vpa"',
                        'services.cases.drain.grace="1s"'):
            with self.subTest(unknown):
                self.assertRegex(refused(unknown), "(?i)additional propert|not allowed|must be one of|unknown")


class Drift(unittest.TestCase):
    """The chart says the same as what it deploys."""

    def test_the_api_is_that_of_the_published_language(self):
        facts = yaml.safe_load((CHART / "files" / "services.yaml").read_text())
        self.assertEqual(list(facts), SERVICES)
        for name, fact in facts.items():
            protos = (ROOT / "proto" / "xiaoan" / name / "v1").glob("*.proto")
            services = {f"xiaoan.{name}.v1.{found}" for proto in protos
                        for found in re.findall(r"(?m)^service (\w+)", proto.read_text())}
            self.assertEqual(sorted(services), fact["api"], name)

    def test_services_follow_whom_they_follow_in_dev_up(self):
        facts = yaml.safe_load((CHART / "files" / "services.yaml").read_text())
        text = (ROOT / "dev.d" / "services.sh").read_text()
        said = dict(re.findall(r'(?m)^    (\w+|\*)\) sources="?([\w ]*)"? ?;;', text))
        for name, fact in facts.items():
            self.assertEqual(sorted(said.get(name, said["*"]).split()), sorted(fact["follows"]), name)

    def test_every_option_that_is_set_exists(self):
        known = set(re.findall(r'"((?:XIAOAN|OTEL|RUST)_[A-Z_]+)"', rust_sources())) | {"RUST_LOG"}
        # clap makes no variable that is not written out; the tracing filter reads RUST_LOG by itself.
        for case in CASES:
            objects = rendered(case)
            told = {key for one in objects if one["kind"] == "ConfigMap" for key in one.get("data", {}) if key.startswith("XIAOAN")}
            told |= {env["name"] for _, template in pods(objects) for container in containers(template)
                     for env in container.get("env", []) if env["name"].startswith("XIAOAN")}
            self.assertEqual(told - known, set(), case)

    def test_rules_and_dashboards_ask_only_for_metrics_that_are_exported(self):
        exported = {name.replace(".", "_") for name in re.findall(r'"((?:xiaoan|rpc|process)\.[a-z_.]+)"', rust_sources())}
        texts = {file.name: file.read_text() for kind in ("alerts/*.yaml", "dashboards/*.json") for file in CHART.glob(kind)}
        texts["availability.yaml"] = (CHART / "templates" / "availability.yaml").read_text()
        for name, text in texts.items():
            asked = set(re.findall(r"\b(?:xiaoan|rpc_server|process)_[a-z_]+\b(?=[{\[)]|, namespace)", text))
            for metric in asked:
                plain = re.sub(r"(_(bucket|count|sum|total))?$", "", metric)
                plain = re.sub(r"_(seconds|bytes)$", "", plain)
                self.assertIn(plain, exported, f"{name}: {metric}")

    def test_every_alert_has_a_runbook_and_every_runbook_an_alert(self):
        alerts = {yaml.safe_load(file.read_text())["alert"] for file in (CHART / "alerts").glob("*.yaml")}
        runbooks = {file.stem for file in (ROOT / "docs" / "operate" / "runbooks").glob("Xiaoan*.md")}
        self.assertEqual(alerts, runbooks)
        for file in (CHART / "alerts").glob("*.yaml"):
            name = yaml.safe_load(file.read_text())["alert"].removeprefix("Xiaoan")
            self.assertEqual(file.stem, re.sub(r"(?<!^)([A-Z])", r"-\1", name).lower())

    def test_dashboards_are_json_with_an_id_of_their_own(self):
        ids = [json.loads(file.read_text())["uid"] for file in (CHART / "dashboards").glob("*.json")]
        self.assertEqual(len(ids), len(set(ids)))

    def test_the_image_holds_every_binary_that_is_started(self):
        text = (ROOT / "Dockerfile").read_text()
        held = set(re.search(r"for bin in ([a-z ]+);", text)[1].split())
        for _, template in pods(rendered("minimal")):
            for container in containers(template):
                self.assertIn(Path(container["command"][0]).name, held)


if __name__ == "__main__":
    unittest.main()
