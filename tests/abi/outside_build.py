#!/usr/bin/python3
"""Installs noa aside and builds a plugin with nothing but what pkg-config says of noa-plugin.

usage: outside_build.py SOURCE ONE_EXPORT_PY BUILD_DIR C_COMPILER...
"""
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile


def main():
    source, one_export, build_dir = sys.argv[1:4]
    compiler = sys.argv[4:]
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch) / "root"
        subprocess.run(["/usr/bin/meson", "install", "-C", build_dir, "--destdir", str(root),
                        "--no-rebuild", "--quiet"], check=True)
        description = next(root.rglob("noa-plugin.pc"))
        flags = shlex.split(subprocess.run(
            ["pkg-config", f"--define-variable=prefix={root}/usr", "--cflags", "--libs",
             "noa-plugin"],
            check=True, text=True, stdout=subprocess.PIPE,
            env=dict(os.environ, PKG_CONFIG_PATH=str(description.parent))).stdout)
        # Copied away from its neighbours: only what is installed may be found.
        copy = pathlib.Path(scratch) / "outside.c"
        copy.write_bytes(pathlib.Path(source).read_bytes())
        plugin = copy.with_suffix(".so")
        subprocess.run([*compiler, "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                        "-shared", "-fPIC", str(copy), "-o", str(plugin), *flags], check=True)
        subprocess.run([one_export, str(plugin)], check=True)


if __name__ == "__main__":
    main()
