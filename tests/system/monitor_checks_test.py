#!/usr/bin/python3
"""Checks of the monitor agent through a real host: endpoints that are well, wrong, hostile or gone."""
import http.server
import json
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from noa_host import PATIENCE_S, PLUGINS, Host, Watcher, noa_client


class Site(http.server.ThreadingHTTPServer):
    """Answers by path; `status` is what /changing says."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Page)
        self.status = 200
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                return
        if self.path == "/garbage":
            self.wfile.write(b"SSH-2.0-x\r\n")
            return
        self.send_response(302 if self.path == "/away" else self.server.status)
        self.send_header("Location", self.path)
        self.end_headers()
        self.wfile.write(b"all is well")

    def log_message(self, *_):
        pass


def check(name, kind, target, **more):
    lines = {"retries": 0, "interval": '"1h"', "timeout": '"2s"', **more}
    return (f'[[agents.monitor.settings.checks]]\nname = "{name}"\ntype = "{kind}"\n'
            f'target = "{target}"\n' + "".join(f"{key} = {value}\n" for key, value in lines.items()))


class MonitorChecks(unittest.TestCase):
    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def host(self, *checks):
        config = '[agents.monitor.settings]\ninterval = "1s"\nretention = "5min"\n' + "".join(checks)
        host = self.enter(Host([PLUGINS / "monitor.so", PLUGINS / "heartbeat.so"], config))
        return host, self.enter(host.client())

    def run_check(self, client, name):
        [ended] = client.call("monitor", "checks.run", {"name": name},
                              timeout_s=PATIENCE_S).json()["checks"]
        return ended

    def test_the_host_is_asked_for_a_strategy_when_a_check_fails_or_a_rule_fires(self):
        site = self.enter(Site())
        host = Host([PLUGINS / "monitor.so", PLUGINS / "heartbeat.so"])
        with open(host.config_file, "a", encoding="utf-8") as file:
            file.write('[agents.monitor.settings]\ninterval = "1s"\nretention = "5min"\n'
                       f'control_socket = "{host.runtime_dir}/control.sock"\n'
                       '[[agents.monitor.settings.rules]]\nname = "Young"\n'
                       'expression = "noa_agent_generation < 3"\n'
                       'heal = { for = "check-failed" }\n' +
                       check("site", "http", site.url("/changing"), interval='"1s"',
                             on_failure='{ target = "heartbeat", for = "no-such-reason" }'))
        self.enter(host)
        with Watcher(host, "monitor.healed") as healed:
            done = healed.until(lambda event: event["by"] == "rule Young")
            self.assertEqual((done["target"], done["outcome"]), ("heartbeat", "done"))
            self.assertGreaterEqual(host.generation("heartbeat"), 2)
            site.status = 500
            done = healed.until(lambda event: event["by"] == "check site")
            self.assertEqual(done["outcome"], "failed")
            self.assertIn("not a reason", done["error"])
        self.assertEqual(host.generation("monitor"), 1)

    def test_verify_says_what_is_not_as_it_should_be(self):
        criteria = "".join(
            f'[[agents.monitor.settings.verify]]\nname = "{name}"\nexpression = "{expression}"\n'
            for name, expression in (("cpu", "noa_none > 1"), ("memory", "noa_none > 1"),
                                     ("beats", "noa_agent_generation < 1")))
        site = self.enter(Site())
        host, _ = self.host(check("site", "http", site.url("/changing")), criteria)
        with Watcher(host, "monitor.round") as rounds:
            rounds.until(lambda _: host.noactl_run("verify").returncode == 0)
        self.assertIn("verdict: pass", host.noactl("verify"))
        site.status = 500
        done = host.noactl_run("verify", "--json")
        self.assertEqual(done.returncode, 1)
        told = json.loads(done.stdout)
        self.assertEqual((told["verdict"], told["checks"][0]["status"]), ("fail", "unhealthy"))
        self.assertEqual({one["name"] for one in told["criteria"]} & {"errors", "beats"},
                         {"errors", "beats"})

    def test_each_endpoint_is_judged_by_what_it_answers(self):
        site = self.enter(Site())
        silent = self.enter(socket.create_server(("127.0.0.1", 0)))
        closed = socket.create_server(("127.0.0.1", 0))
        nobody = closed.getsockname()[1]
        closed.close()
        silent_url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        wanted = {
            "well": ("http", site.url("/"), "healthy", {"body": '"is well"'}),
            "no-text": ("http", site.url("/"), "unhealthy", {"body": '"is bad"'}),
            "away": ("http", site.url("/away"), "unhealthy", {}),
            "away-is-well": ("http", site.url("/away"), "healthy", {"status": "[200, 302]"}),
            "garbage": ("http", site.url("/garbage"), "unhealthy", {}),
            "endless": ("http", site.url("/endless"), "unhealthy", {"body": '"y"'}),
            "silent": ("http", silent_url, "error", {"timeout": '"100ms"'}),
            "nobody": ("http", f"http://127.0.0.1:{nobody}/", "error", {}),
            "port": ("tcp", f"localhost:{silent.getsockname()[1]}", "healthy", {}),
            "no-port": ("tcp", f"127.0.0.1:{nobody}", "error", {}),
            "agent": ("bus", "heartbeat", "healthy", {}),
            "operation": ("bus", "heartbeat/forget", "error", {}),
            "no-agent": ("bus", "nobody", "error", {}),
            "process": ("process", "noad", "healthy", {}),
            "no-process": ("process", "no-such-program", "unhealthy", {}),
            "file": ("file", "/proc/self/stat", "healthy", {}),
            "no-file": ("file", "/proc/self/nothing", "unhealthy", {}),
        }
        _, client = self.host(*(check(name, kind, target, **more)
                                for name, (kind, target, _, more) in wanted.items()))
        found = {name: self.run_check(client, name) for name in wanted}
        self.assertEqual({name: one["status"] for name, one in found.items()},
                         {name: status for name, (_, _, status, _) in wanted.items()}, found)
        listed = client.call("monitor", "checks.list").json()["checks"]
        self.assertEqual(sorted(one["name"] for one in listed), sorted(wanted))
        self.assertTrue(all(bool(one["text"]) == (one["status"] != "healthy") for one in listed))
        with self.assertRaises(noa_client.NoaError):
            self.run_check(client, "unknown")

    def test_a_change_is_told_once_and_counted_in_the_figures(self):
        site = self.enter(Site())
        host, client = self.host(check("site", "http", site.url("/"), interval='"1s"',
                                       critical="true"))
        self.assertEqual(self.run_check(client, "site")["status"], "healthy")
        with Watcher(host, "monitor.check.site") as changes:
            site.status = 503
            event = changes.until(lambda event: True)
            self.assertEqual((event["status"], event["text"]), ("unhealthy", "status 503"))
            self.assertEqual(client.call("monitor", "health").json()["status"], "needs_repair")
            with Watcher(host, "monitor.round") as rounds:
                rounds.until(lambda _: 'noa_check_up{check="site",critical="true"} 0\n' in
                             client.call("monitor", "metrics.prometheus").body.decode())
            site.status = 200
            self.assertEqual(changes.until(lambda event: True)["status"], "healthy")
        self.assertEqual(client.call("monitor", "health").json()["status"], "healthy")

    def test_hundreds_of_endpoints_that_hang_hold_up_nobody(self):
        site = self.enter(Site())
        silent = self.enter(socket.create_server(("127.0.0.1", 0), backlog=1024))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        _, client = self.host(check("well", "http", site.url("/")),
                              *(check(f"hung-{number}", "http", url, timeout='"5min"')
                                for number in range(300)))
        self.assertEqual(self.run_check(client, "well")["status"], "healthy")

    def test_noactl_lists_and_runs_checks(self):
        host, _ = self.host(check("well", "bus", "heartbeat"), check("gone", "file", "/nowhere"))
        done = host.noactl_run("checks", "run")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"(?m)^well +bus +heartbeat +healthy ")
        self.assertRegex(done.stdout, r"(?m)^gone +file +/nowhere +unhealthy ")
        self.assertEqual(host.noactl("checks", "run", "well").count("\n"), 2)
        listed = host.json("checks", "list")["checks"]
        self.assertEqual({one["name"]: one["status"] for one in listed},
                         {"well": "healthy", "gone": "unhealthy"})
        self.assertEqual(host.noactl("complete", "checks").split(), ["gone", "well"])
        done = host.noactl_run("checks", "run", "unknown")
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no check unknown", done.stderr)

    def certificate(self, folder, names):
        """The files of one that a server of these names has, and its key."""
        cert, key = folder / "cert.pem", folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=test",
                        "-addext", f"subjectAltName={names}", "-keyout", key, "-out", cert],
                       check=True, capture_output=True)
        return cert, key

    def secure(self, cert, key):
        """A site that speaks TLS with that certificate."""
        site = self.enter(Site())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        site.socket = context.wrap_socket(site.socket, server_side=True)
        return site.url("/").replace("http://", "https://")

    def test_https_is_verified(self):
        folder = pathlib.Path(self.enter(tempfile.TemporaryDirectory()))
        (folder / "other").mkdir()
        cert, key = self.certificate(folder, "IP:127.0.0.1,DNS:localhost")
        other, other_key = self.certificate(folder / "other", "DNS:elsewhere.example")
        url, other_url = self.secure(cert, key), self.secure(other, other_key)
        named = url.replace("127.0.0.1", "localhost")
        plain = self.enter(Site()).url("/").replace("http://", "https://")
        host, client = self.host(
            check("well", "http", url, ca=f'"{cert}"', body='"all is well"'),
            check("named", "http", named, ca=f'"{cert}"'),
            check("endless", "http", url + "endless", ca=f'"{cert}"', body='"nowhere"'),
            check("stranger", "http", url), check("another", "http", other_url, ca=f'"{other}"'),
            check("plain", "http", plain), check("no-file", "http", url, ca='"/nowhere.pem"'))
        told = {name: self.run_check(client, name)
                for name in ("well", "named", "endless", "stranger", "another", "plain", "no-file")}
        self.assertEqual({name: one["status"] for name, one in told.items()},
                         {"well": "healthy", "named": "healthy", "endless": "unhealthy",
                          "stranger": "error", "another": "error", "plain": "error",
                          "no-file": "error"}, told)
        self.assertIn("self-signed certificate", told["stranger"]["text"])
        self.assertIn("mismatch", told["another"]["text"])
        self.assertIn("TLS", told["plain"]["text"])
        self.assertIn("/nowhere.pem", told["no-file"]["text"])

    def test_checks_that_make_no_sense_are_refused_with_their_place(self):
        host, _ = self.host()
        for bad, place in ((check("a", "http", "ftp://x/"), "/checks/0"),
                           (check("a", "http", "http://x/", ca='"/ca.pem"'), "/ca: must be"),
                           (check("a", "tcp", "x") , "/checks/0"),
                           (check("a", "file", "/x") * 2, "/checks/1/name"),
                           (check("a", "http", "http://x/\\r\\nHost: y"), "/checks/0")):
            host.configure(bad)
            done = host.noactl_run("plan")
            self.assertNotEqual(done.returncode, 0, bad)
            self.assertIn(place, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
