#!/usr/bin/python3
"""Container, cluster, CI and autopkgtest files: whole, consistent with each other and with the
programs that they name. No engine, cluster or runner is needed, or has been there."""
import configparser
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml

from noa_host import NOACTL, SOURCE

CONTAINER = SOURCE / "packaging/container"
KUBERNETES = SOURCE / "packaging/kubernetes"
DEBIAN = SOURCE / "packaging/debian"

# What a kind must have and may have, as the API's reference says; only what is used here.
POD = {"serviceAccountName": str, "automountServiceAccountToken": bool,
       "terminationGracePeriodSeconds": int, "securityContext": dict, "containers": list,
       "volumes": list}
SPECS = {
    ("v1", "Namespace"): ({}, {}),
    ("v1", "ServiceAccount"): ({}, {"automountServiceAccountToken": bool}),
    ("rbac.authorization.k8s.io/v1", "Role"): ({"rules": list}, {}),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): ({"roleRef": dict, "subjects": list}, {}),
    ("v1", "ConfigMap"): ({"data": dict}, {}),
    ("v1", "Service"): ({"spec": {"clusterIP": str, "selector": dict, "ports": list}}, {}),
    ("apps/v1", "StatefulSet"): ({"spec": {
        "serviceName": str, "replicas": int, "selector": dict, "template": dict,
        "volumeClaimTemplates": list}}, {}),
    ("autoscaling/v2", "HorizontalPodAutoscaler"): ({"spec": {
        "scaleTargetRef": dict, "minReplicas": int, "maxReplicas": int, "metrics": list}}, {}),
}
CONTAINER_KEYS = {"name", "image", "imagePullPolicy", "ports", "securityContext", "resources",
                  "livenessProbe", "readinessProbe", "volumeMounts"}
PROBE_KEYS = {"exec", "initialDelaySeconds", "periodSeconds", "timeoutSeconds"}
COMPOSE_KEYS = {"build", "image", "restart", "init", "read_only", "cap_drop", "security_opt",
                "mem_limit", "cpus", "pids_limit", "stop_grace_period", "healthcheck", "tmpfs",
                "volumes"}
INSTRUCTIONS = {"FROM", "RUN", "COPY", "WORKDIR", "USER", "VOLUME", "STOPSIGNAL", "HEALTHCHECK",
                "ENTRYPOINT"}


def documents(folder):
    for path in sorted(folder.glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            yield path.name, document


def objects():
    return {(document["kind"], document["metadata"]["name"]): document
            for name, document in documents(KUBERNETES) if name != "kustomization.yaml"}


def bytes_of(quantity):
    number, unit = re.fullmatch(r"(\d+)(m|Mi|Gi)", quantity).groups()
    return int(number) * {"m": 1, "Mi": 2**20, "Gi": 2**30}[unit]


def instructions():
    text = re.sub(r"^#.*\n", "", (CONTAINER / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [tuple(line.split(None, 1)) for line in lines if line.strip()]


def verbs(*path):
    return subprocess.run([str(NOACTL), "complete", "verbs", *path], capture_output=True,
                          text=True, check=True).stdout.split()


class Kubernetes(unittest.TestCase):
    def test_each_object_has_what_its_kind_needs_and_nothing_unknown(self):
        for (kind, name), document in objects().items():
            with self.subTest(kind=kind, name=name):
                needed, allowed = SPECS[(document["apiVersion"], kind)]
                metadata = document["metadata"]
                self.assertRegex(name, r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")
                self.assertEqual(metadata.get("namespace"), None if kind == "Namespace" else "noa")
                self.assertEqual(metadata["labels"]["app.kubernetes.io/name"], "noa")
                keys = set(document) - {"apiVersion", "kind", "metadata"}
                self.assertLessEqual(set(needed), keys)
                self.assertLessEqual(keys, set(needed) | set(allowed))
                for key, kind_of in {**needed, **allowed}.items():
                    if isinstance(kind_of, dict):
                        self.assertEqual(set(document[key]), set(kind_of))
                        for below, type_of in kind_of.items():
                            self.assertIsInstance(document[key][below], type_of)
                    elif key in document:
                        self.assertIsInstance(document[key], kind_of)

    def test_every_kind_that_was_asked_for_is_there_and_listed(self):
        self.assertEqual({kind for kind, _ in objects()}, {kind for _, kind in SPECS})
        listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
        self.assertEqual(sorted([*listed, "kustomization.yaml"]),
                         sorted(path.name for path in KUBERNETES.glob("*.yaml")))
        if shutil.which("kubectl"):
            built = subprocess.run(["kubectl", "kustomize", str(KUBERNETES)], capture_output=True,
                                   text=True, check=True).stdout
            self.assertEqual(len(list(yaml.safe_load_all(built))), len(objects()))

    def test_what_refers_to_something_finds_it(self):
        every = objects()
        host = every["StatefulSet", "noa"]["spec"]
        labels = host["template"]["metadata"]["labels"]
        self.assertEqual(host["selector"]["matchLabels"], labels)
        self.assertEqual(every["Service", host["serviceName"]]["spec"]["selector"], labels)
        pod = host["template"]["spec"]
        self.assertLessEqual(set(pod), set(POD))
        self.assertIn(("ServiceAccount", pod["serviceAccountName"]), every)
        (container,) = pod["containers"]
        volumes = {volume["name"] for volume in pod["volumes"]} | {
            claim["metadata"]["name"] for claim in host["volumeClaimTemplates"]}
        self.assertEqual({mount["name"] for mount in container["volumeMounts"]}, volumes)
        for volume in pod["volumes"]:
            if "configMap" in volume:
                self.assertIn(("ConfigMap", volume["configMap"]["name"]), every)
        ports = {port["name"] for port in container["ports"]}
        for port in every["Service", "noa"]["spec"]["ports"]:
            self.assertIn(port["targetPort"], ports)
        target = every["HorizontalPodAutoscaler", "noa"]["spec"]["scaleTargetRef"]
        self.assertEqual(every[target["kind"], target["name"]]["apiVersion"], target["apiVersion"])
        binding = every["RoleBinding", "noa-operator"]
        self.assertIn((binding["roleRef"]["kind"], binding["roleRef"]["name"]), every)

    def test_the_pod_is_confined_and_bounded(self):
        host = objects()["StatefulSet", "noa"]["spec"]
        pod = host["template"]["spec"]
        (container,) = pod["containers"]
        self.assertLessEqual(set(container), CONTAINER_KEYS)
        self.assertTrue(pod["securityContext"]["runAsNonRoot"])
        self.assertEqual(container["securityContext"], {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]}})
        claim = host["volumeClaimTemplates"][0]["spec"]["resources"]
        for resources in (container["resources"], claim):
            for name, request in resources["requests"].items():
                self.assertLess(bytes_of(request), bytes_of(resources["limits"][name]))
        scale = objects()["HorizontalPodAutoscaler", "noa"]["spec"]
        self.assertEqual((scale["minReplicas"], scale["maxReplicas"]), (1, 3))

    def test_probes_are_commands_that_there_are(self):
        (container,) = objects()["StatefulSet", "noa"]["spec"]["template"]["spec"]["containers"]
        for name, delay, period in (("livenessProbe", 30, 10), ("readinessProbe", 10, 5)):
            probe = container[name]
            self.assertLessEqual(set(probe), PROBE_KEYS)
            program, verb = probe["exec"]["command"]
            self.assertEqual(program, "noactl")
            self.assertIn(verb, verbs())
            self.assertEqual((probe["initialDelaySeconds"], probe["periodSeconds"]),
                             (delay, period))

    def test_the_configuration_is_one_that_the_host_reads(self):
        files = dict(objects()["ConfigMap", "noa"]["data"])
        for path in (CONTAINER / "conf.d").glob("*.toml"):
            files[path.name] = path.read_text()
        self.assertEqual(len(files), 2)
        for name, text in files.items():
            with tempfile.TemporaryDirectory() as folder, self.subTest(file=name):
                (pathlib.Path(folder) / "noa.toml").write_text(text)
                done = subprocess.run(
                    [str(NOACTL), "check", "--config", f"{folder}/noa.toml",
                     "--packaged-conf-dir", folder + "/none", "--plugin-dir", folder,
                     "--state-dir", folder], capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Container(unittest.TestCase):
    def test_the_image_is_built_from_what_is_here(self):
        stages, user = set(), None
        for word, rest in instructions():
            self.assertIn(word, INSTRUCTIONS)
            if word == "FROM":
                self.assertRegex(rest, r"^debian:12-slim( AS [a-z]+)?$")
                stages.add(rest.split()[-1])
            for script in re.findall(r"(?<!\S)(packaging/[a-z-]+)", rest) if word == "RUN" else ():
                self.assertTrue(os.access(SOURCE / script, os.X_OK), script)
            if word == "COPY" and "--from=" in rest:
                self.assertIn(re.search(r"--from=(\S+)", rest)[1], stages)
                for package in re.findall(r"/packages/([a-z-]+)_", rest):
                    self.assertIn(f"\nPackage: {package}\n", (DEBIAN / "control").read_text())
            user = rest if word == "USER" else user
            if word == "HEALTHCHECK":
                self.assertIn(re.search(r'CMD \["noactl", "([a-z]+)"\]', rest)[1], verbs())
        self.assertRegex(user, r"^\d+:\d+$")
        uid = objects()["StatefulSet", "noa"]["spec"]["template"]["spec"]["securityContext"]
        self.assertEqual(user, f"{uid['runAsUser']}:{uid['runAsGroup']}")

    def test_compose_names_what_is_here_and_confines_it(self):
        compose = yaml.safe_load((CONTAINER / "compose.yaml").read_text())
        service = compose["services"]["noa"]
        self.assertLessEqual(set(service), COMPOSE_KEYS)
        context = (CONTAINER / service["build"]["context"]).resolve()
        self.assertEqual(context, SOURCE.resolve())
        self.assertTrue((context / service["build"]["dockerfile"]).is_file())
        self.assertTrue(service["read_only"])
        self.assertEqual(service["cap_drop"], ["ALL"])
        self.assertEqual(service["healthcheck"]["test"][:2], ["CMD", "noactl"])
        self.assertIn(service["healthcheck"]["test"][2], verbs())
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            known = (CONTAINER / source).is_dir() if "/" in source else source in compose["volumes"]
            self.assertTrue(known, volume)
        (container,) = objects()["StatefulSet", "noa"]["spec"]["template"]["spec"]["containers"]
        self.assertEqual(service["image"], container["image"])
        version = re.search(r"version: '([^']+)'", (SOURCE / "meson.build").read_text())[1]
        self.assertEqual(service["image"], f"noa:{version}")


class Automation(unittest.TestCase):
    def test_the_workflow_runs_the_checks_that_there_are(self):
        workflow = yaml.safe_load((SOURCE / ".github/workflows/ci.yml").read_text())
        events = workflow[True]  # `on` is a boolean to YAML 1.1
        self.assertLessEqual({"push", "pull_request", "schedule"}, set(events))
        crons = [entry["cron"] for entry in events["schedule"]]
        self.assertIn("0 */6 * * *", crons)
        stages = {line.split()[0] for line in subprocess.run(
            [str(SOURCE / "tests/run"), "--list"], capture_output=True, text=True,
            check=True).stdout.splitlines()}
        ran = []
        for job in workflow["jobs"].values():
            self.assertEqual(job["container"], "debian:12")
            for cron in re.findall(r"schedule [!=]= '([^']+)'", job["if"]):
                self.assertIn(cron, crons)
            for step in job["steps"]:
                command = step.get("run", "").split()
                if command and command[0].startswith(".ci/"):
                    self.assertTrue(os.access(SOURCE / command[0], os.X_OK))
                    self.assertLessEqual(set(command[1:]), stages)
                    ran.append(command[0])
        self.assertEqual(ran, [".ci/run", ".ci/long"])

    def test_autopkgtests_are_there_and_ask_for_packages_that_are(self):
        blocks = (DEBIAN / "tests/control").read_text().strip().split("\n\n")
        named = set()
        packages = re.findall(r"^Package: (\S+)$", (DEBIAN / "control").read_text(), re.MULTILINE)
        for block in blocks:
            parser = configparser.ConfigParser(delimiters=":")
            parser.read_string("[test]\n" + block)
            test = dict(parser["test"])
            named.add(test["tests"])
            self.assertTrue(os.access(DEBIAN / "tests" / test["tests"], os.X_OK))
            self.assertIn("isolation-machine", test["restrictions"])
            for package in re.split(r",\s*", test["depends"]):
                self.assertTrue(not package.startswith("noa-") or package in packages, package)
        self.assertEqual(named, {path.name for path in (DEBIAN / "tests").iterdir()} - {"control"})

    def test_what_the_host_provides_is_the_contract_of_its_header(self):
        header = (SOURCE / "plugin-api/include/noa/version.h").read_text()
        major, minor = (re.search(rf"NOA_ABI_{part} (\d+)u", header)[1]
                        for part in ("MAJOR", "MINOR"))
        self.assertIn(f"\nProvides: noa-plugin-abi-{major} (= {major}.{minor})\n",
                      (DEBIAN / "control").read_text())
        self.assertIn(f"my ($NOTE_TYPE, $ABI_MAJOR, $PT_NOTE, $ET_DYN, $BYTES_MAX) = (1, {major},",
                      (SOURCE / "packaging/debhelper/dh_noa_plugin").read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
