#!/usr/bin/python3
"""noactl rollback: back to a kept version, with the state, until somebody says otherwise."""
import unittest

from noa_host import FIXTURES, Host, Watcher

CONFIG = '[agents.trial]\nprobation = "0s"\n'


class Rollback(unittest.TestCase):
    def run_versions(self, host, versions):
        with Watcher(host, "host.reload.trial") as events:
            for version in versions:
                host.install(FIXTURES / f"trial-{version}.so", "trial.so")
                events.until(lambda event, v=version: event["outcome"] == "confirmed" and
                             event["version"] == f"{v}.0.0")

    def add(self, host):
        with host.client() as client:
            return client.call("trial", "add", {}).json()

    def test_goes_back_with_the_state_and_stays_there(self):
        with Host((), CONFIG) as host:
            self.run_versions(host, [1, 2])
            self.assertEqual(self.add(host)["version"], "2.0.0")
            host.noactl("rollback", "trial")
            self.assertEqual(self.add(host), {"count": 2, "version": "1.0.0", "limit": 0})
            self.assertEqual(host.json("reloads", "trial")[0]["cause"], "rollback")
            # Hints, a reload and a restart of the host leave it there.
            host.noactl("reload")
            self.assertEqual(self.add(host)["version"], "1.0.0")
            host.stop()
            host.start()
            self.assertEqual(self.add(host)["version"], "1.0.0")
            # Another file ends it.
            self.run_versions(host, [5])
            self.assertEqual(self.add(host)["version"], "5.0.0")

    def test_to_a_version_by_name_or_digest(self):
        with Host((), CONFIG) as host:
            self.run_versions(host, [1, 2, 5])
            good = host.agent("trial")["versions"]["good"]
            self.assertEqual([each["version"] for each in good], ["5.0.0", "2.0.0", "1.0.0"])
            host.noactl("rollback", "trial", "--to", "1.0.0")
            self.assertEqual(self.add(host)["version"], "1.0.0")
            host.noactl("rollback", "trial", "--to", good[1]["digest"][:12])
            self.assertEqual(self.add(host)["version"], "2.0.0")
            done = host.noactl_run("rollback", "trial", "--to", "9.9.9")
            self.assertEqual(done.returncode, 1)
            self.assertIn("no kept version is called", done.stderr)
            self.assertIn("1.0.0", done.stderr)

    def test_a_state_that_cannot_be_read_changes_nothing_unless_it_is_given_up(self):
        with Host((), CONFIG) as host:
            self.run_versions(host, [1, 3])
            self.assertEqual(self.add(host)["count"], 1)
            done = host.noactl_run("rollback", "trial")
            self.assertEqual(done.returncode, 1)
            self.assertIn("state schema: wanted at most 1, found 2", done.stdout)
            self.assertEqual(self.add(host), {"count": 2, "version": "3.0.0", "limit": 0})
            self.assertEqual(host.agent("trial")["versions"]["rejected"], [])
            host.noactl("rollback", "trial", "--discard-state")
            self.assertEqual(self.add(host), {"count": 1, "version": "1.0.0", "limit": 0})

    def test_a_plugin_that_cannot_go_back_wants_force(self):
        with Host((), CONFIG) as host:
            self.run_versions(host, [1, 4])
            done = host.noactl_run("rollback", "trial")
            self.assertEqual(done.returncode, 4)
            self.assertIn("none before it can be started on its state", done.stderr)
            host.noactl("rollback", "trial", "--force")
            self.assertEqual(self.add(host)["version"], "1.0.0")

    def test_only_as_many_versions_are_kept_as_configured(self):
        with Host((), "[host]\nkeep_versions = 2\n" + CONFIG) as host:
            self.run_versions(host, [1, 2, 5])
            kept = list((host.state_dir / "versions/trial").iterdir())
            self.assertEqual(len(kept), 2)
            self.assertEqual(host.noactl_run("rollback", "trial", "--to", "1.0.0").returncode, 1)

    def test_a_kept_version_that_was_damaged_is_refused(self):
        with Host((), CONFIG) as host:
            self.run_versions(host, [1, 2])
            digest = host.agent("trial")["versions"]["good"][1]["digest"]
            path = host.state_dir / f"versions/trial/{digest}.so"
            path.chmod(0o700)
            text = path.read_bytes()
            path.write_bytes(text[:-1] + bytes([text[-1] ^ 1]))
            done = host.noactl_run("rollback", "trial")
            self.assertEqual(done.returncode, 1)
            self.assertIn("damaged", done.stdout)
            self.assertEqual(self.add(host)["version"], "2.0.0")


if __name__ == "__main__":
    unittest.main(verbosity=2)
