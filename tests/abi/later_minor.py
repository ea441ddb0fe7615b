#!/usr/bin/python3
"""Builds a plugin against a header that is ahead of this host: its minor is five more, and every
struct that may grow has one more member, `younger`.

usage: later_minor.py OUTPUT MIN_HOST_MINOR INCLUDE_DIR SOURCE VERSION_SCRIPT C_COMPILER...

MIN_HOST_MINOR "its_own" is that of the later header.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

AHEAD = 5
STRUCT = re.compile(r"(typedef struct \w+ \{\n\s*uint32_t struct_size;.*?)(\n\} \w+;)", re.S)
MINOR = re.compile(r"(#define NOA_ABI_MINOR )(\d+)u")


def later(text):
    text, grown = STRUCT.subn(r"\1\n    uint64_t younger;\2", text)
    text = MINOR.sub(lambda found: f"{found[1]}{int(found[2]) + AHEAD}u", text)
    return text, grown


def main():
    output, minimum, include, source, script = sys.argv[1:6]
    compiler = sys.argv[6:]
    include = pathlib.Path(include)
    with tempfile.TemporaryDirectory() as scratch:
        grown = 0
        for header in [*include.glob("noa/*.h"), *include.glob("noa/ext/*.h")]:
            target = pathlib.Path(scratch) / header.relative_to(include)
            target.parent.mkdir(parents=True, exist_ok=True)
            text, count = later(header.read_text())
            grown += count
            target.write_text(text)
        if grown < 15:
            sys.exit(f"only {grown} structs recognised: the headers' form has changed")
        oldest = "NOA_ABI_MINOR" if minimum == "its_own" else minimum
        subprocess.run([*compiler, "-std=c11", "-O1", "-shared", "-fPIC", "-fvisibility=hidden",
                        "-D_GNU_SOURCE", "-DLATER", f"-DMIN_HOST_MINOR={oldest}", "-Wall",
                        "-Wextra", "-Werror", "-I", scratch, source, "-o", output, "-Wl,-z,defs",
                        f"-Wl,--version-script={script}"], check=True)


if __name__ == "__main__":
    main()
