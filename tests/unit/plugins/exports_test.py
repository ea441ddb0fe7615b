#!/usr/bin/python3
"""Every plugin exports one symbol, its entry, and nothing that would keep it resident."""
import subprocess
import sys

ENTRY = "noa_plugin_entry_v1"


def symbols(path):
    text = subprocess.run(
        ["nm", "-D", "--defined-only", path], check=True, capture_output=True, text=True
    ).stdout
    return [line.split() for line in text.splitlines()]


def main(paths):
    failures = 0
    for path in paths:
        exported = [name for *_, name in symbols(path)]
        unique = [name for *_, kind, name in symbols(path) if kind == "u"]
        if exported != [ENTRY] or unique:
            print(f"{path}: wanted [{ENTRY}], found {exported}; unique: {unique}")
            failures += 1
    print(f"{len(paths)} plugins, {failures} with other exports")
    return 1 if failures or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
