#!/usr/bin/python3
"""What must be built for tests to run: names for ninja, one a line.

usage: targets_of.py BUILD TEST…

A TEST is the name of one, or suite:NAME.
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
    files = {target["id"]: target["filename"] for target in introspect(build, "--targets")}
    named = [({test["name"], *("suite:" + suite.split(":")[-1] for suite in test["suite"])}, test)
             for test in introspect(build, "--tests")]
    tests = [test for names, test in named if names & wanted]
    if missing := wanted - set().union(*(names for names, _ in named)):
        sys.exit(f"targets_of.py: there is no test {', '.join(sorted(missing))}")
    needed = {name for test in tests for target in test["depends"] for name in files.get(target, [])}
    needed |= {word for test in tests for word in test["cmd"] if word.startswith(build + os.sep)}
    known = {name for names in files.values() for name in names}
    print("\n".join(sorted(os.path.relpath(name, build) for name in needed & known)))


if __name__ == "__main__":
    main()
