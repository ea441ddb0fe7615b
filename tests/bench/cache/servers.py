"""The servers that are compared, each started as it comes, but for what writes to disk."""
import contextlib
import getpass
import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[3]
TICKS = os.sysconf("SC_CLK_TCK")
MEMORY_MIB = 1024
PROGRAMS = ["host/noad/noad", "host/noactl/noactl", "host/runner/noa-agent-runner",
            "plugins/cache.so", "tests/bench/noa-cache-bench", "tests/bench/noa-cache-load",
            "tests/bench/cache-caller.so"]


def build(directory):
    if not (directory / "build.ninja").exists():
        subprocess.run(["meson", "setup", directory, SOURCE], check=True, stdout=sys.stderr)
    subprocess.run(["ninja", "-C", directory, *PROGRAMS], check=True, stdout=sys.stderr)
    os.environ.update(BUILD_ROOT=str(directory), SOURCE_ROOT=str(SOURCE))
    sys.path.insert(0, str(SOURCE / "tests/system"))
    # A connection takes two descriptors while generations of the cache change.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process with a unix socket and a port; what it says of itself is read from the system."""

    name, wire = "", "resp"

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="noa-bench-")
        self.socket, self.port = f"{self.folder}/server.sock", free_port()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def spawn(self, *command, ready):
        """Until it writes `ready`."""
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True)
        for line in self.process.stdout:
            if ready in line:
                return
        raise SystemExit(f"{command[0]} did not start")

    def stop(self):
        self.process.terminate()
        self.process.communicate()

    @property
    def pid(self):
        return self.process.pid

    def cpu_s(self):
        """Of all its threads."""
        text = pathlib.Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        fields = text.rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss(self):
        """Bytes, as the kernel counts them; not those that it only has not taken back yet."""
        for line in pathlib.Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Rss:"):
                return int(line.split()[1]) * 1024
        raise SystemExit("no Rss in smaps_rollup")

    def load(self, build_dir, operation, where="unix", **order):
        """What noa-cache-load says."""
        place = f"unix:{self.socket}" if where == "unix" else f"tcp:{self.port}"
        done = subprocess.run([build_dir / "tests/bench/noa-cache-load", self.wire, place, operation,
                               json.dumps(order)], check=True, stdout=subprocess.PIPE)
        return json.loads(done.stdout)

    def entries(self):
        """How many it says that it has."""
        return int(self.ask("DBSIZE", b"\r\n")[1:])

    def ask(self, text, end):
        """What the server answers to a line, up to `end`."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self.socket)
            connection.sendall(text.encode() + b"\r\n")
            answer = b""
            while not answer.endswith(end):
                answer += connection.recv(65536)
        return answer.decode()


class Redis(Server):
    name = "redis-server"

    def start(self):
        self.spawn("redis-server", "--port", str(self.port), "--unixsocket", self.socket, "--save",
                   "", "--appendonly", "no", "--dir", self.folder, ready="eady to accept")

    def version(self):
        return subprocess.run(["redis-server", "--version"], capture_output=True, text=True,
                              check=True).stdout.split()[2]


class Memcached(Server):
    """On its unix socket only: it cannot listen on both. One thread, as the others have."""

    name, wire = "memcached", "memcached"

    def start(self):
        self.process = subprocess.Popen(
            ["memcached", "-s", self.socket, "-m", str(MEMORY_MIB), "-t", "1", "-u",
             getpass.getuser()], stdout=subprocess.PIPE)
        while not self.listens():  # it tells nobody when it does
            if self.process.poll() is not None:
                raise SystemExit("memcached did not start")
            time.sleep(0.01)

    def listens(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.socket) == 0

    def entries(self):
        lines = self.ask("stats", b"END\r\n").splitlines()
        return next(int(line.split()[2]) for line in lines if line.startswith("STAT curr_items "))


class Noa(Server):
    name = "noa"

    def start(self):
        from noa_host import PLUGINS, Host  # pylint: disable=import-outside-toplevel
        self.host = Host([PLUGINS / "cache.so"])
        self.host.configure(
            f'[agents.cache]\n[agents.cache.settings]\nmax_memory = "{MEMORY_MIB}MiB"\n'
            f'listen = ["unix:{self.socket}", "tcp:127.0.0.1:{self.port}"]\n')
        self.host.start()

    def stop(self):
        self.host.__exit__()

    @property
    def pid(self):
        return self.host.process.pid


def installed():
    """The servers that are there; noa always."""
    programs = {"redis-server": Redis, "memcached": Memcached}
    return [kind for program, kind in programs.items() if shutil.which(program)] + [Noa]
