#!/usr/bin/python3
"""Killed at any change of a repository, what is there is whole, and the next run goes on.

usage: kill_test.py TOOL [POINTS]   so many points, seeded (SEED), of all that there are
"""
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

TOOL = sys.argv[1]
POINTS = int(sys.argv[2]) if len(sys.argv) > 2 else int(os.environ.get("KILL_POINTS", "24"))
SEED = int(os.environ.get("SEED", "1"))


def run(*words, kill_at=0):
    done = subprocess.run([TOOL, *map(str, words)], capture_output=True, text=True, check=False,
                          env={**os.environ, "NOA_BACKUP_PASSWORD": "x", "KILL_AT": str(kill_at)})
    return done.returncode, done.stdout + done.stderr


def must(*words):
    code, text = run(*words)
    if code != 0:
        raise SystemExit(f"{words}: exit {code}: {text}")
    return text


def change(tree, rng):
    (tree / "large").write_bytes(rng.randbytes(1_500_000))
    for number in range(5):
        (tree / f"small{rng.randrange(40)}").write_bytes(rng.randbytes(20_000))


def judge(repository, scratch, tree, number):
    must("check", repository, "read")
    if number % 8 == 0 and shutil.which("restic"):
        subprocess.run(["restic", "-q", "--no-cache", "--no-lock", "-r", repository, "check",
                        "--read-data"], check=True, env={**os.environ, "RESTIC_PASSWORD": "x"},
                       stdout=subprocess.DEVNULL)
    must("backup", repository, tree)
    out = scratch / "out"
    must("restore", repository, out)
    subprocess.run(["diff", "-r", tree, str(out) + str(tree)], check=True)
    shutil.rmtree(out)


def main():
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        tree, repository = scratch / "tree", scratch / "repository"
        tree.mkdir()
        change(tree, rng)
        must("init", repository)
        must("backup", repository, tree)
        killed = 0
        for number in range(POINTS):
            change(tree, rng)
            verb = ("backup", repository, tree) if number % 3 else ("prune", repository, 1)
            code, text = run(*verb, kill_at=rng.randrange(1, 60))
            if code not in (0, -9):
                raise SystemExit(f"{verb}: exit {code}: {text}")
            killed += code == -9
            judge(repository, scratch, tree, number)
        print(f"{killed} kills at {POINTS} points, seed {SEED}: whole every time")
        if killed < POINTS // 3:
            raise SystemExit("too few of them came to a kill")


if __name__ == "__main__":
    main()
