#!/usr/bin/python3
"""What must be built for tests to run: names for ninja, one a line.

usage: targets_of.py BUILD WHAT…

A WHAT is a test as SUITE/NAME, suite:NAME, or "installed", for whatever is installed.
"""
import json
import os
import subprocess
import sys


def introspect(build, what):
    done = subprocess.run(["meson", "introspect", what, build], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def main():
    build, wanted = os.path.realpath(sys.argv[1]), set(sys.argv[2:])
    targets = introspect(build, "--targets")
    files = {target["id"]: target["filename"] for target in targets}
    named = []
    for test in introspect(build, "--tests"):
        suites = [suite.split(":")[-1] for suite in test["suite"]]
        named.append(({*("suite:" + suite for suite in suites),
                       *(f"{suite}/{test['name']}" for suite in suites)}, test))
    tests = [test for names, test in named if names & wanted]
    installed = {"installed"} & wanted
    if missing := wanted - installed - set().union(*(names for names, _ in named)):
        sys.exit(f"targets_of.py: there is no test {', '.join(sorted(missing))}")
    needed = {name for test in tests for target in test["depends"] for name in files.get(target, [])}
    needed |= {word for test in tests for word in test["cmd"] if word.startswith(build + os.sep)}
    needed |= {name for target in targets if installed and target["installed"]
               for name in target["filename"]}
    known = {name for names in files.values() for name in names}
    print("\n".join(sorted(os.path.relpath(name, build) for name in needed & known)))


if __name__ == "__main__":
    main()
