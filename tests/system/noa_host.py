"""A real noad for a test: directories of its own, started, watched and stopped.

Nothing here waits on the clock: readiness comes by sd_notify, everything else by events and by
commands that return when they are done. Time-outs only end a test that would hang.
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

BUILD = pathlib.Path(os.environ["BUILD_ROOT"])
SOURCE = pathlib.Path(os.environ["SOURCE_ROOT"])
sys.path.insert(0, str(SOURCE / "plugin-api" / "wire"))
import noa_client  # noqa: E402

NOAD = BUILD / "host/noad/noad"
NOACTL = BUILD / "host/noactl/noactl"
PLUGINS = BUILD / "plugins"
FIXTURES = BUILD / "tests/fixtures"
BROKEN = FIXTURES / "broken"
PATIENCE_S = int(os.environ.get("PATIENCE_S", "120"))


def sanitized():
    """Whether this noad was built with a sanitizer, which has signal handlers of its own."""
    return any(name in NOAD.read_bytes() for name in (b"__asan_init", b"__tsan_init"))


def leave_signals_to_the_kernel():
    """What ends by a signal ends by it in a build with a sanitizer, too."""
    for name in ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"):
        os.environ[name] = os.environ.get(name, "") + ":handle_segv=0:handle_abort=0"


def returns_memory():
    """Whether what this noad frees can be used again at once: a sanitizer keeps it for a while."""
    return not sanitized()


def fail_on_report(text):
    """A sanitizer's report fails the test that brought it about, whatever came of it there."""
    if "Sanitizer: " in text:
        raise AssertionError(text)


class Host:
    """One host; `plugins` are files put into its plugin directory before the start."""

    # Fixtures are threads unless a test says otherwise: most try the host itself.
    DEFAULTS = {"NOA_HOST_RUN": "thread"}

    def __init__(self, plugins=(), config=""):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="noa-"))
        self.plugin_dir = self.root / "plugins"
        self.plugin_dir.mkdir(mode=0o755)
        self.conf_dir = self.root / "etc/conf.d"
        self.conf_dir.mkdir(parents=True)
        self.runtime_dir = self.root / "run"
        self.state_dir = self.root / "state"
        self.config_file = self.root / "etc/noa.toml"
        self.config_file.write_text(config)
        self.process = None
        for plugin in plugins:
            self.install(plugin)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.root, ignore_errors=True)

    def command(self):
        return [NOAD, "--config", self.config_file, "--state-dir", self.state_dir,
                "--runtime-dir", self.runtime_dir, "--plugin-dir", self.plugin_dir,
                "--packaged-conf-dir", self.root / "packaged", "--log-format", "json"]

    def start(self, environment=None):
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = str(self.root / "notify")
        if os.path.exists(path):
            os.unlink(path)
        notify.bind(path)
        notify.settimeout(0.2)
        self.log_file = open(self.root / "log", "ab")
        self.process = subprocess.Popen(
            list(map(str, self.command())), stderr=self.log_file,
            env={**os.environ, "NOTIFY_SOCKET": path, **self.DEFAULTS, **(environment or {})})
        for _ in range(PATIENCE_S * 5):
            try:
                if notify.recv(4096).startswith(b"READY=1"):
                    notify.close()
                    return
            except TimeoutError:
                if self.process.poll() is not None:
                    break
        notify.close()
        raise AssertionError("noad did not get ready:\n" + self.log_text())

    def stop(self, how=signal.SIGTERM):
        """The exit code, or None when it was not running."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(PATIENCE_S)
        self.log_file.close()
        self.process = None
        fail_on_report(self.log_text())
        return code

    # Files

    def install(self, source, name=None):
        """As a package manager does: written beside, then renamed."""
        source = pathlib.Path(source)
        target = self.plugin_dir / (name or source.name)
        beside = self.plugin_dir / (target.name + ".new")
        shutil.copyfile(source, beside)
        beside.chmod(0o755)
        beside.rename(target)
        return target

    def configure(self, text, name="50-test.toml"):
        beside = self.conf_dir / (name + ".new")
        beside.write_text(text)
        beside.rename(self.conf_dir / name)

    # Talking

    def client(self):
        return noa_client.Client(str(self.runtime_dir))

    def noactl_run(self, *args, stdin=None):
        done = subprocess.run([str(NOACTL), "--runtime-dir", str(self.runtime_dir), *args],
                              input=stdin, capture_output=True, text=True, timeout=PATIENCE_S,
                              check=False)
        fail_on_report(done.stderr)
        return done

    def noactl(self, *args, stdin=None):
        done = self.noactl_run(*args, stdin=stdin)
        if done.returncode != 0:
            raise AssertionError(f"noactl {args}: exit {done.returncode}\n{done.stdout}"
                                 f"{done.stderr}\n{self.log_text()[-3000:]}")
        return done.stdout

    def json(self, *args):
        return json.loads(self.noactl(*args, "--json"))

    def agent(self, name):
        return self.json("agent", name)

    def generation(self, name):
        return self.agent(name)["generation"]

    def log_text(self):
        return (self.root / "log").read_text(errors="replace")

    def log_lines(self, event=None):
        lines = [json.loads(line) for line in self.log_text().splitlines()
                 if line.startswith("{")]
        return [line for line in lines if event is None or line.get("event") == event]

    def log_until(self, event, **fields):
        """The first line of `event` with these fields, read as noactl log -f gives them."""
        follow = subprocess.Popen(
            [str(NOACTL), "--runtime-dir", str(self.runtime_dir), "log", "-f", "-n", "1000",
             "--json"], stdout=subprocess.PIPE, text=True)
        timer = threading.Timer(PATIENCE_S, follow.kill)
        timer.start()
        try:
            for text in follow.stdout:
                line = json.loads(text)
                flat = {**line, **line.get("fields", {})}
                if flat.get("event") == event and all(
                        flat.get(key) == value for key, value in fields.items()):
                    return flat
        finally:
            timer.cancel()
            follow.kill()
            follow.wait()
            follow.stdout.close()
        raise AssertionError(f"no line {event} {fields}:\n{self.log_text()[-3000:]}")


class Watcher:
    """Subscribed from the moment it is made: what an action brings about is not missed."""

    def __init__(self, host, pattern):
        self.client = host.client()
        self.client.subscribe(pattern)
        self.host = host

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    def until(self, wanted):
        """The first event that `wanted(event as JSON)` holds for."""
        for event in self.client.events(PATIENCE_S):
            if wanted(event.json()):
                return event.json()
        raise AssertionError("the event did not come:\n" + self.host.log_text()[-3000:])

    def action(self, agent, action):
        return self.until(lambda event: event["agent"] == agent and event["action"] == action)


class Outside:
    """A program that serves as an agent until the end; `take` answers each message of it."""

    def __init__(self, host, name, take):
        self.client = noa_client.Client(host.runtime_dir)
        self.client.begin_serving(name, 8)
        self.ended = False
        self.thread = threading.Thread(target=self.serve, args=(take,))

    def serve(self, take):
        while not self.ended:
            self.client.serve(take, until=lambda: self.ended, timeout_s=0.1)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()
        self.client.close()
