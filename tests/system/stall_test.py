#!/usr/bin/python3
"""A lane that does not come back from a call: named in time, with the call and where it stands."""
import unittest

from noa_faults import until
from noa_host import FIXTURES, Host, Watcher, noa_client, sanitized


class Stall(unittest.TestCase):
    def blocked(self, host, client):
        client._send(noa_client.REQUEST, to="trial", subject="block", body=b"{}")

    def trial_host(self, config):
        host = Host((), config)
        gate = host.root / "gate"
        with open(host.config_file, "a") as file:
            file.write(f'[agents.trial.settings]\ngate = "{gate}"\n')
        host.install(FIXTURES / "trial-1.so", "trial.so")
        return host, gate

    @unittest.skipIf(sanitized(), "a sanitizer delivers signals when it likes")
    def test_a_thread_that_hangs_is_named_once_with_its_stack(self):
        host, gate = self.trial_host('[agents.trial]\nrun = "thread"\nprobation = "0s"\n'
                                     'stall_limit = "300ms"\n')
        with host, host.client() as client, Watcher(host, "host.agent.trial") as events:
            self.blocked(host, client)
            event = events.action("trial", "stalled")
            self.assertEqual(event["operation"], "block")
            self.assertIn("has not returned from block for", event["text"])
            self.assertTrue([call for call in event["stack"] if "trial" in call], event["stack"])
            self.assertIn("has not returned", host.agent("trial")["note"])
            self.assertEqual(len(host.log_lines("agent.stalled")), 1)
            gate.write_text("")
            until(lambda: client.call("trial", "add", {}).json()["count"], lambda count: count == 1)

    def test_under_traffic_a_hang_is_noticed_too(self):
        host, gate = self.trial_host('[agents.trial]\nrun = "thread"\nprobation = "0s"\n'
                                     'stall_limit = "1s"\n')
        with host, host.client() as client, Watcher(host, "host.agent.trial") as events:
            for _ in range(2000):
                client.call("trial", "add", {})
            self.blocked(host, client)
            event = events.action("trial", "stalled")
            self.assertIn("has not returned from", event["text"])
            gate.write_text("")

    @unittest.skipIf(sanitized(), "a sanitizer delivers signals when it likes")
    def test_of_a_process_the_stack_is_in_the_event_of_its_end(self):
        config = '[agents.rude]\nrun = "process"\nstall_limit = "300ms"\nmax_deliveries = 1\n'
        with Host([FIXTURES / "rude.so"], config) as host, host.client() as client, \
                Watcher(host, "host.agent.rude") as events:
            client.send("rude", "block", {})
            event = events.action("rude", "process_ended")
            self.assertIn("did not return from a call (block)", event["text"])
            self.assertEqual(event["stack"][0], "in block")
            self.assertTrue([call for call in event["stack"] if "rude" in call], event["stack"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
