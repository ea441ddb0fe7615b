#!/usr/bin/python3
"""Every plugin exports exactly its entry, carries the note, and holds no UNIQUE symbol.

usage: one_export.py PLUGIN...
"""
import pathlib
import subprocess
import sys

ENTRY = "noa_plugin_entry_v1"
NOTE = "01000000" + 3 * "00000000"


def output(*command):
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def complaints(plugin):
    exported = [line.split()[-1] for line in
                output("nm", "-D", "--defined-only", plugin).splitlines() if line]
    if exported != [ENTRY]:
        yield f"exports {exported}, wanted only {ENTRY}"
    symbols = output("readelf", "--wide", "--symbols", plugin)
    if " UNIQUE " in symbols:
        yield "has a GNU_UNIQUE symbol: it could never be unloaded"
    dump = output("readelf", "--hex-dump=.note.noa", plugin)
    words = "".join(word for line in dump.splitlines() if line.startswith("  0x")
                    for word in line[13:48].split())
    if not words.startswith("04000000" + "10000000" + "01000000" + b"noa\0".hex()):
        yield f"has no usable .note.noa: {dump.strip()}"
    elif words[32:] != NOTE:
        yield f"notes {words[32:]}, wanted {NOTE}"


def main():
    failed = 0
    for number, plugin in enumerate(sys.argv[1:], 1):
        found = list(complaints(plugin))
        failed += bool(found)
        print(f"{'not ok' if found else 'ok'} {number} - {pathlib.Path(plugin).name}")
        for complaint in found:
            print(f"# {complaint}")
    print(f"1..{len(sys.argv) - 1}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
