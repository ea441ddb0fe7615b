#!/usr/bin/python3
"""clang-tidy over a build's own sources, as many at a time as there are processors.

usage: tidy.py [--changed] BUILD_DIR

A source that was clean is not examined again until it, a header that it includes, its flags or
.clang-tidy change; BUILD_DIR/tidy-clean remembers. --changed, for a quick look, takes only what
differs from the last commit but one, a source itself, a header through one source that has it,
and no more than MOST_CHANGED of these.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MOST_CHANGED = 8
GCC_ONLY = {"-fno-gnu-unique", "-Wno-restrict"}


def changed_files():
    text = subprocess.run(["git", "-C", str(ROOT), "diff", "--name-only", "HEAD~1"],
                          text=True, capture_output=True)
    if text.returncode != 0:
        print("no history: nothing is known to have changed")
        return set()
    new = subprocess.run(["git", "-C", str(ROOT), "ls-files", "--others", "--exclude-standard"],
                         text=True, capture_output=True, check=True)
    return {str(ROOT / name) for name in (text.stdout + new.stdout).split("\n") if name}


def headers_of(build_dir):
    """Object -> the project's own files that it was made from, from ninja's log."""
    listing = subprocess.run(["ninja", "-C", build_dir, "-t", "deps"], text=True,
                             capture_output=True, check=True).stdout
    made_from, current = {}, None
    for line in listing.splitlines():
        if not line.startswith(" "):
            current = made_from.setdefault(line.split(":")[0], [])
        elif current is not None:
            path = os.path.normpath(os.path.join(build_dir, line.strip()))
            # The log is older than the tree: a header may be gone since.
            if path.startswith(str(ROOT)) and os.path.exists(path):
                current.append(path)
    return made_from


def database_for_clang(build_dir):
    """The commands of the build, in a folder of their own, without what only gcc knows."""
    commands = json.loads((pathlib.Path(build_dir) / "compile_commands.json").read_text())
    for command in commands:
        words = shlex.split(command["command"])
        command["command"] = shlex.join(word for word in words if word not in GCC_ONLY)
    folder = pathlib.Path(build_dir) / "tidy"
    folder.mkdir(exist_ok=True)
    (folder / "compile_commands.json").write_text(json.dumps(commands))
    return folder, commands


def covering(changed, sources):
    """The sources that changed, and one for each changed header: its own, or the first by name."""
    wanted = {}
    for name in sorted(changed):
        stem = pathlib.Path(name).with_suffix("")
        having = sorted((source for source in sources.values() if name in source.own_files),
                        key=lambda one: (one.path != name, one.path != f"{stem}.cpp", one.path))
        wanted.update({source.path: source for source in having[:1]})
    return wanted


class Source:
    def __init__(self, command, own_files, version):
        self.path = os.path.normpath(os.path.join(command["directory"], command["file"]))
        self.own_files = sorted({self.path, *own_files})
        digest = hashlib.sha256((version + command["command"]).encode())
        for name in [*self.own_files, str(ROOT / ".clang-tidy")]:
            digest.update(pathlib.Path(name).read_bytes())
        self.mark = digest.hexdigest()

    def examine(self, database):
        ran = subprocess.run(["clang-tidy", "--quiet", "-p", str(database), self.path],
                             text=True, capture_output=True)
        return ran.returncode == 0, ran.stdout


def main():
    only_changed = "--changed" in sys.argv[1:]
    build_dir = os.path.abspath(sys.argv[-1])
    clean_dir = pathlib.Path(build_dir) / "tidy-clean"
    clean_dir.mkdir(exist_ok=True)
    version = subprocess.run(["clang-tidy", "--version"], text=True, capture_output=True).stdout
    if "LLVM version" not in version:
        sys.exit("clang-tidy does not say its version: nothing was examined")
    made_from = headers_of(build_dir)
    database, commands = database_for_clang(build_dir)
    sources = {}
    for command in commands:
        path = os.path.normpath(os.path.join(command["directory"], command["file"]))
        if path.startswith(build_dir + os.sep):
            continue  # a build makes it, when it comes to that
        source = Source(command, made_from.get(command["output"], []), version)
        if source.path.startswith(str(ROOT)) and pathlib.Path(source.path).suffix != ".rs":
            sources[source.path] = source
    if only_changed:
        sources = covering(changed_files(), sources)
    wanted = [one for one in sources.values() if not (clean_dir / one.mark).exists()]
    print(f"{len(sources)} sources, {len(sources) - len(wanted)} known to be clean", flush=True)
    if only_changed and len(wanted) > MOST_CHANGED:
        print(f"{len(wanted) - MOST_CHANGED} are left to the long form")
        wanted = wanted[:MOST_CHANGED]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for source, (ok, text) in zip(wanted, pool.map(lambda one: one.examine(database),
                                                       wanted)):
            if ok:
                (clean_dir / source.mark).touch()
            else:
                failed += 1
                print(text, flush=True)
    print(f"{len(wanted)} examined, {failed} with findings")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
