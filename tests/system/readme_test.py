#!/usr/bin/python3
"""The terminal runs of README.md, repeated: the same commands give the same words."""
import re
import shlex
import unittest

from noa_host import FIXTURES, SOURCE, Host, Watcher


def runs(heading):
    """[(command, output lines)] of the first console block under a heading."""
    text = (SOURCE / "README.md").read_text()
    block = text.split(f"## {heading}\n", 1)[1].split("```console\n", 1)[1].split("```", 1)[0]
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def words(lines):
    """Without what differs from run to run: times, and how wide they make a column."""
    return [re.sub(r"[\d.]+ (ms|s|min)\b", "TIME", line).split() for line in lines]


class Readme(unittest.TestCase):
    def test_rolling_back_prints_what_the_readme_shows(self):
        with Host((), '[agents.trial]\nenabled = false\n') as host:
            with Watcher(host, "host.reload.meter") as events:
                # The plugin's id is `trial`; its agent is called as in the README.
                host.install(FIXTURES / "trial-1.so", "trial.so")
                host.configure('[agents.meter]\nplugin = "trial"\nprobation = "0s"\n')
                events.until(lambda event: event["outcome"] == "confirmed")
                host.install(FIXTURES / "trial-2.so", "trial.so")
                events.until(lambda event: event["outcome"] == "confirmed")
            first = min(each["id"] for each in host.json("reloads", "meter"))
            for command, expected in runs("When a new version does not do"):
                program, *arguments = shlex.split(command)
                self.assertEqual(program, "noactl")
                lines = host.noactl(*arguments).splitlines()
                if first != 1:  # an id depends on what else was tried before
                    lines = [re.sub(r"^( *)(\d+)", lambda m: m[1] + str(int(m[2]) - first + 1), line)
                             if arguments[0] == "reloads" else line for line in lines]
                self.assertEqual(words(lines), words(expected), command)


if __name__ == "__main__":
    unittest.main(verbosity=2)
