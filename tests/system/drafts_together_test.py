#!/usr/bin/python3
"""Five write one draft at random; connections break, agents are reloaded, noad is killed."""
import json
import os
import shutil
import signal
import subprocess
import unittest

from console_client import Console
from noa_host import SOURCE

NODE = shutil.which("node")
EDITS = int(os.environ.get("EDITS", "60")) # of each writer
SEED = int(os.environ.get("SEED", "7"))
WRITERS = 5
FIRST_LETTER = 0xf0000


@unittest.skipUnless(NODE, "nodejs is not installed")
class Together(unittest.TestCase):
    def test_all_come_to_one_text_with_every_edit_in_it(self):
        with Console("drafts = true", agents=("drafting",)) as console:
            with console.host.client() as client:
                draft = client.call("drafting", "create", {"title": "Ours", "content": "one line\n"}).json()
            writers = subprocess.Popen(
                [NODE, SOURCE / "tests/system/drafts_writers.mjs", str(console.port), draft["id"],
                 str(WRITERS), str(EDITS), str(SEED)],
                stdout=subprocess.PIPE, text=True,
                env={**os.environ, "NODE_PATH": "/usr/share/nodejs", "NODE_NO_WARNINGS": "1"})
            with writers:
                try:
                    done = self.disturb(console.host, writers)
                except BaseException:
                    writers.kill()
                    raise
            self.assertEqual(writers.returncode, 0)
            self.assertEqual(len(set(done["texts"])), 1, done["versions"])
            with console.host.client() as client:
                stored = client.call("drafting", "get", {"id": draft["id"]}).json()
            self.assertEqual(stored["content"], done["texts"][0])
            self.assertEqual(set(done["versions"]), {stored["version"]})
            letters = [letter for letter in stored["content"] if ord(letter) >= FIRST_LETTER]
            self.assertEqual(sorted(map(ord, letters)),
                             list(range(FIRST_LETTER, FIRST_LETTER + WRITERS * EDITS)))

    def disturb(self, host, writers):
        """Something goes wrong each time they tell how far they are; what they end with."""
        for step, line in enumerate(writers.stdout):
            told = json.loads(line)
            if "texts" in told:
                return told
            if step % 4 == 0:
                host.noactl("reload", "drafting", "--force")
            elif step % 4 == 1:
                self.assertEqual(host.stop(signal.SIGKILL), -signal.SIGKILL)
                host.start()
            elif step % 4 == 2:
                host.noactl("reload", "console", "--force")
            else:
                host.noactl("restart", "drafting")
        self.fail("the writers ended without a word")


if __name__ == "__main__":
    unittest.main(verbosity=2)
