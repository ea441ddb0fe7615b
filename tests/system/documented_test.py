#!/usr/bin/python3
"""Every command line that a manual or a README shows is run as it stands there, or is named below
with the test that runs it."""
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import unittest

from console_client import free_port
from noa_host import BUILD, FIXTURES, NOACTL, PATIENCE_S, PLUGINS, SOURCE, Host, Watcher

# Begin of a line, and the file whose test runs it; with what it says of it.
ELSEWHERE = {
    "packaging/install-build-deps": ("tests/run", "packaging/install-build-deps"),
    "packaging/build-packages": ("tests/package/run", "packaging/build-packages"),
    "sudo apt install": ("tests/package/package_test.py", "apt-get"),
    "tests/bench/run": ("tests/run", "tests/bench/run"),
    "tests/bench/reload/run": ("tests/run", "tests/bench/reload/run"),
    "tests/bench/supervise/run": ("tests/run", "tests/bench/supervise/run"),
    "tests/bench/backup/run": ("tests/run", "tests/bench/backup/run"),
    "tests/bench/cache/run": ("tests/run", "tests/bench/cache/run"),
    "tests/bench/communication/run": ("tests/run", "tests/bench/communication/run"),
    "tests/bench/config/run": ("tests/run", "tests/bench/config/run"),
    "tests/bench/console/run": ("tests/run", "tests/bench/console/run"),
    "tests/bench/drafting/run": ("tests/run", "tests/bench/drafting/run"),
    "tests/bench/drafting/texts": ("tests/run", "tests/bench/drafting/texts"),
    "tests/bench/monitor/run": ("tests/run", "tests/bench/monitor/run"),
    "tests/run": (".ci/run", "tests/run"),
    "noactl plugin new thermo": ("tests/unit/sdk/author_kit_test.py", '"plugin", "new"'),
    "cd thermo": ("tests/unit/sdk/author_kit_test.py", '"meson", "setup", "build"'),
    "noactl plugin validate build/": ("tests/unit/sdk/author_kit_test.py", '"validate"'),
    "python3 bring_over/my_engine.py": ("tests/system/bring_over_test.py", "my_engine.py"),
    "noactl call my-engine process": ("tests/system/bring_over_test.py", '"process"'),
    "noactl rollback meter": ("tests/system/readme_test.py", "When a new version does not do"),
}
# Not run by any test: it starts a host for a person to look at, until Ctrl-C.
BY_HAND = {"packaging/quickstart"}
FOLLOWERS = (r"\blog -f\b", r"\bevents -f\b", r"--watch\b", r"\bsubscribe\b")


def lines_of(page):
    """The command lines of a page of the manual, or of a README's blocks."""
    text = (SOURCE / page).read_text()
    if page.suffix != ".md":
        return re.findall(r"^(?:\.Dl )?\$ (.*)$", text, re.MULTILINE)
    found = []
    for kind, block in re.findall(r"^```(console|sh)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        found += [line[2:] if kind == "console" else line for line in block.splitlines()
                  if kind == "sh" or line.startswith("$ ")]
    found += re.findall(r"^    ((?:tests|packaging|\.ci|python3|noactl)[ /].*)$", text, re.MULTILINE)
    return [re.sub(r"\s+# .*$", "", line).replace("/usr/local/lib/noa/plugins/", "$PLUGIN_DIR/")
            for line in found if line.strip()]


def pages():
    return [path.relative_to(SOURCE) for pattern in
            ("*.md", "packaging/man/*.[1-8]", "plugin-api/*.md", "plugin-api/wire/*.md",
             "plugins/*/README.md", "tests/*/README.md")
            for path in sorted(SOURCE.glob(pattern))]


def elsewhere(line):
    return next((place for begin, place in ELSEWHERE.items() if line.startswith(begin)), None)


class Documented(unittest.TestCase):
    def setUp(self):
        agents = ("cache", "communication", "config", "drafting", "heartbeat", "monitor")
        self.console = f"127.0.0.1:{free_port()}"
        self.host = Host([PLUGINS / f"{name}.so" for name in (*agents, "console")],
                         "[agents.trial]\nenabled = false\n[agents.console.settings]\n"
                         f'listen = ["tcp:{self.console}"]\n')
        self.host.__enter__()
        self.addCleanup(self.host.__exit__)
        self.two_versions()
        self.desk = self.host.root / "desk"
        self.desk.mkdir()
        tools = self.host.root / "tools"
        tools.mkdir()
        (tools / "noactl").symlink_to(NOACTL)
        self.tool(tools / "sudo", 'exec "$@"')
        self.tool(tools / "pkg-config",
                  f'[ "$1" = --variable=plugindir ] && exec echo {self.host.plugin_dir}\n'
                  f"PKG_CONFIG_PATH={BUILD}/meson-uninstalled exec /usr/bin/pkg-config \"$@\"")
        self.tool(tools / "python3", 'exec /usr/bin/python3 "$@"')
        self.environment = {
            **os.environ, "PATH": f"{tools}:{os.environ['PATH']}",
            "NOA_RUNTIME_DIR": str(self.host.runtime_dir),
            "NOA_CONFIG": str(self.host.config_file), "NOA_STATE_DIR": str(self.host.state_dir),
            "PLUGIN_DIR": str(self.host.plugin_dir)}

    @staticmethod
    def tool(path, script):
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def two_versions(self):
        """An agent `meter` in its second version, the first kept."""
        with Watcher(self.host, "host.reload.meter") as events:
            self.host.install(FIXTURES / "trial-1.so", "trial.so")
            self.host.configure('[agents.meter]\nplugin = "trial"\nprobation = "0s"\n')
            events.until(lambda event: event["outcome"] == "confirmed")
            self.host.install(FIXTURES / "trial-2.so", "trial.so")
            events.until(lambda event: event["outcome"] == "confirmed")

    def run_line(self, line, said_ok=(0,)):
        line = line.replace("/run/noa", str(self.host.runtime_dir))
        line = line.replace("127.0.0.1:9300", self.console)
        if any(re.search(follower, line) for follower in FOLLOWERS):
            return self.follow(line)
        done = subprocess.run(["bash", "-c", line], cwd=self.desk, env=self.environment,
                              capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        self.assertIn(done.returncode, said_ok, f"{line}\n{done.stdout}{done.stderr}"
                                                f"{self.host.log_text()[-2000:]}")
        return done.stdout

    def follow(self, line):
        """One that goes on: until its first line of output, then Ctrl-C."""
        done, _, follower = line.rpartition(" && ")
        if done:
            self.run_line(done)
        process = subprocess.Popen(["bash", "-c", f"exec {follower}"], cwd=self.desk,
                                   env=self.environment, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.host.noactl("reload", "--force", "cache")  # something to tell
        self.assertTrue(process.stdout.readline(), line)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(PATIENCE_S), 130, line)

    def test_lines_that_are_run_elsewhere_are(self):
        for file, word in ELSEWHERE.values():
            self.assertIn(word, (SOURCE / file).read_text())
        every = [line for page in pages() for line in lines_of(page)]
        for begin in (*ELSEWHERE, *BY_HAND):
            self.assertTrue(any(line.startswith(begin) for line in every),
                            f"nobody shows {begin} any more")

    def test_the_lines_of_manuals_and_readmes_do_what_they_say(self):
        special = {pathlib.Path("packaging/man/noa-operations.7"),
                   pathlib.Path("plugin-api/README.md")}
        (self.desk / "build/plugins").mkdir(parents=True)
        shutil.copy(PLUGINS / "cache.so", self.desk / "build/plugins")
        readme = (SOURCE / "plugin-api/wire/README.md").read_text()
        (self.desk / "call.py").write_text(readme.split("```python\n", 1)[1].split("```")[0])
        tried = 0
        for page in pages():
            for line in [] if page in special else lines_of(page):
                with self.subTest(page=str(page), line=line):
                    if elsewhere(line) or line in BY_HAND:
                        continue
                    if "jq" in line and not shutil.which("jq"):
                        line = line.split("|")[0]
                    if not line.startswith(("noactl reload meter", "noactl reloads meter")):
                        self.run_line(line)
                    tried += 1
        self.assertGreater(tried, 5)

    def test_the_first_agent_by_hand_is_built_and_called_as_shown(self):
        shutil.copy(SOURCE / "plugin-api/examples/greeter.cpp", self.desk)
        *lines, call = lines_of(pathlib.Path("plugin-api/README.md"))
        with Watcher(self.host, "host.agent.greeter") as events:
            for line in lines:
                self.run_line(line)
            events.action("greeter", "started")  # sooner than a person has typed the next one
        self.assertEqual(self.run_line(call).strip(), '{"text":"Hello, Ada"}')

    def test_the_runbook_is_run_line_by_line(self):
        self.run_line("noactl manifest export stack.manifest.v3.json")
        lines = lines_of(pathlib.Path("packaging/man/noa-operations.7"))
        self.assertGreater(len(lines), 40)
        for line in lines:
            with self.subTest(line=line):
                # What is checked or examined need not be well; that it can be said is enough.
                looks = re.match(r"noactl (--json )?(check|health)\b", line)
                out = self.run_line(line, (0, 1) if looks else (0,))
                if line.startswith("noactl rollback meter"):
                    version = "2.0.0" if "--to" in line else "1.0.0"
                    self.assertEqual(self.host.agent("meter")["version"], version, out)

    def test_the_runbook_names_commands_that_there_are(self):
        verbs = subprocess.run([str(NOACTL), "complete", "verbs"], capture_output=True, text=True,
                               check=True).stdout.split()
        for line in lines_of(pathlib.Path("packaging/man/noa-operations.7")):
            words = [word for word in shlex.split(line) if not word.startswith("--")]
            self.assertIn(words[1], verbs, line)


if __name__ == "__main__":
    unittest.main(verbosity=2)
