"""etcd, as Debian ships it: one member, its write-ahead log synced to disk with each group."""
import contextlib
import shutil
import socket
import subprocess
import tempfile
import threading


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Etcd:
    def __init__(self):
        self.runs = shutil.which("etcd") is not None
        self.port = free_port()

    def __enter__(self):
        if self.runs:
            self.folder = tempfile.mkdtemp(prefix="noa-")
            here, peers = (f"http://127.0.0.1:{port}" for port in (self.port, free_port()))
            self.process = subprocess.Popen(
                ["etcd", "--data-dir", f"{self.folder}/data", "--listen-client-urls", here,
                 "--advertise-client-urls", here, "--listen-peer-urls", peers,
                 "--initial-advertise-peer-urls", peers, "--initial-cluster", f"default={peers}"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for line in self.process.stdout:
                if "ready to serve client requests" in line:
                    # It goes on to write, and nobody may hold it up.
                    threading.Thread(target=self.process.stdout.read, daemon=True).start()
                    return self
            raise SystemExit("etcd did not start")
        return self

    def __exit__(self, *_):
        if self.runs:
            self.process.terminate()
            self.process.wait()
            shutil.rmtree(self.folder, ignore_errors=True)
