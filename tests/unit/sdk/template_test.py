#!/usr/bin/python3
"""The template builds outside the tree, through pkg-config, and passes its own test."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def run(*command, **options):
    subprocess.run(command, check=True, **options)


def main(source, build):
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch)
        run("meson", "install", "-C", build, "--no-rebuild", "--tags", "devel",
            "--destdir", str(root / "installed"), stdout=subprocess.DEVNULL)
        # The same file as installed, but for the place where it lies.
        contract = next((root / "installed").rglob("noa-plugin.pc"))
        prefix = next((root / "installed").rglob("include/noa")).parents[1]
        lines = contract.read_text(encoding="utf-8").splitlines()
        contract.write_text(
            "\n".join(f"prefix={prefix}" if line.startswith("prefix=") else line for line in lines),
            encoding="utf-8")
        shutil.copytree(pathlib.Path(source) / "plugin-api" / "template", root / "agent")
        environment = dict(os.environ, PKG_CONFIG_PATH=str(contract.parent))
        run("meson", "setup", str(root / "build"), str(root / "agent"), env=environment)
        run("ninja", "-C", str(root / "build"), env=environment, stdout=subprocess.DEVNULL)
        run("meson", "test", "-C", str(root / "build"), "--print-errorlogs", env=environment)
        exported = subprocess.run(
            ["nm", "-D", "--defined-only", str(root / "build" / "my-agent.so")],
            check=True, capture_output=True, text=True).stdout.split()
        assert exported[2:] == ["noa_plugin_entry_v1"], exported
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
