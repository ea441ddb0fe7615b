"""Peers that keep messages on the disk, as Debian ships them, each with its data in a folder of ours."""
import contextlib
import pathlib
import shutil
import socket
import subprocess
import tempfile

PATIENCE_S = 20


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def jetstream(port, folder):
    """Its file store writes each message, and syncs every two minutes."""
    return ["nats-server", "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", folder]


def redis(port, folder):
    """Synced before each answer; what came meanwhile together."""
    return ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "",
            "--appendonly", "yes", "--appendfsync", "always", "--dir", folder]


def mosquitto(port, folder):
    """Keeps messages of QoS 1 for a subscriber that is away; saved by time, not by message."""
    file = pathlib.Path(folder) / "mosquitto.conf"
    file.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
                    f"persistence_location {folder}/\nautosave_interval 1\nmax_queued_messages 0\n"
                    "max_inflight_messages 0\n", encoding="utf-8")
    return ["mosquitto", "-c", str(file)]


PEERS = {"nats": ("JetStream, file store", jetstream), "redis": ("Redis, AOF always", redis),
         "mosquitto": ("Mosquitto, QoS 1, persistent", mosquitto)}


@contextlib.contextmanager
def running(name):
    """Its port; None where it is not installed."""
    with tempfile.TemporaryDirectory(prefix="noa-") as folder:
        port = free_port()
        command = PEERS[name][1](port, folder)
        program = shutil.which(command[0], path="/usr/sbin:/usr/bin:/sbin:/bin")
        if program is None:
            yield None
            return
        with open(pathlib.Path(folder) / "log", "wb") as log:
            process = subprocess.Popen([program, *command[1:]], stdout=log, stderr=log)
        try:
            for attempt in range(PATIENCE_S * 1000):
                with contextlib.closing(socket.socket()) as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                try:
                    process.wait(0.001)
                    raise SystemExit(f"{name} did not start")
                except subprocess.TimeoutExpired:
                    pass
            yield port
        finally:
            process.terminate()
            process.wait()
