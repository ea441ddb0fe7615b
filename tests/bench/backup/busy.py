"""What a backup does to the messages of the host that it runs on: round trips of two agents, idle and
while a backup of the tree is at work again and again."""
import os
import pathlib
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[3]
PLUGINS = ["plugins/backup.so", "plugins/config.so", "tests/bench/config-caller.so"]
PROGRAMS = ["host/noad/noad", "host/noactl/noactl", "host/runner/noa-agent-runner", *PLUGINS]
TURN = 100    # of config/caller.cpp: reads of a document, and questions to the peer, in turns
TIMES = 4000  # a call
BESIDE = 4 * TURN  # a call beside a backup: a small tree is backed up in the time of some thousands


def percentile(values, percent):
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


def round_trips(client, times=TIMES):
    """Microseconds of questions to a peer."""
    outcome = client.call("reader", "read", {"name": "app", "peer": "peer", "times": times},
                          timeout_s=120).json()
    return [one for at, one in enumerate(outcome["microseconds"]) if at // TURN % 2 == 1]


def measure(build, tree, rounds):
    """{"idle_p99_us", "busy_p99_us", "ratio", "backups"}: of all round trips; the busy ones and the
    ratio are None when every backup was over before the first of them was."""
    os.environ.update(BUILD_ROOT=str(build), SOURCE_ROOT=str(SOURCE))
    sys.path.insert(0, str(SOURCE / "tests/system"))
    from noa_host import Host  # pylint: disable=import-outside-toplevel
    with tempfile.TemporaryDirectory(prefix="noa-", dir=tree.parent) as folder:
        secret = pathlib.Path(folder) / "secret"
        secret.write_text("x")
        secret.chmod(0o600)
        plans = "".join(f"""
[agents.backup.settings.repositories.r{number}]
path = "{folder}/r{number}"
password = {{ secret = "file:{secret}" }}
[agents.backup.settings.plans.p{number}]
repository = "r{number}"
agents = []
paths = ["{tree}"]
check_parts = 0
drill_every = "0s"
""" for number in range(rounds))
        callers = "".join(f'[agents.{name}]\nplugin = "config-caller"\n'
                          for name in ("reader", "peer"))
        with Host([build / plugin for plugin in PLUGINS], callers + plans) as host, \
                host.client() as client:
            client.call("config", "set", {"name": "app", "value": {"n": 1}})
            client.call("peer", "hold", {"n": 1})
            idle = [one for _ in range(10 * rounds) for one in round_trips(client)]
            busy = []
            for number in range(rounds):
                client.call("backup", "run", {"plan": f"p{number}", "wait": False})
                while True:
                    these = round_trips(client, BESIDE)
                    status = client.call("backup", "status", {}).json()
                    if not status.get("running"):
                        break
                    busy += these
                if "error" in status["last"]:
                    raise SystemExit(f"backup: {status['last']['error']}")
    idle_p99 = percentile(idle, 99)
    busy_p99 = percentile(busy, 99) if busy else None
    return {"idle_p99_us": idle_p99, "busy_p99_us": busy_p99, "backups": rounds,
            "round_trips": len(busy), "ratio": busy_p99 / idle_p99 if busy else None}
