#!/usr/bin/python3
"""Compiles every public header by itself: *.h as C11 and C++20, *.hpp as C++20.

usage: headers_alone.py INCLUDE_DIR C_COMPILER... -- CXX_COMPILER...
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

FLAGS = ["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wundef",
         "-Wcast-align", "-Werror"]


def check(include_dir, header, compiler, language, standard):
    name = header.relative_to(include_dir).as_posix()
    command = [*compiler, "-x", language, f"-std={standard}", *FLAGS, "-I", str(include_dir), "-"]
    ran = subprocess.run(command, input=f'#include "{name}"\n', text=True, capture_output=True)
    return f"{name} as {standard}", ran.returncode == 0, ran.stderr


def main():
    include_dir = pathlib.Path(sys.argv[1])
    split = sys.argv.index("--")
    c_compiler, cxx_compiler = sys.argv[2:split], sys.argv[split + 1:]
    jobs = []
    for header in sorted(include_dir.rglob("*.h")):
        jobs.append((include_dir, header, c_compiler, "c", "c11"))
        jobs.append((include_dir, header, cxx_compiler, "c++", "c++20"))
    for header in sorted(include_dir.rglob("*.hpp")):
        jobs.append((include_dir, header, cxx_compiler, "c++", "c++20"))
    if not jobs:
        sys.exit(f"{include_dir}: no headers")
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for number, (name, ok, text) in enumerate(pool.map(lambda job: check(*job), jobs), 1):
            print(f"{'ok' if ok else 'not ok'} {number} - {name}")
            if not ok:
                failed += 1
                print("\n".join(f"# {line}" for line in text.splitlines()))
    print(f"1..{len(jobs)}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
