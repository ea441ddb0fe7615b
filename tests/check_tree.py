#!/usr/bin/python3
"""Budgets and layers: sizes of files, and who includes whom.

usage: check_tree.py [ROOT]
"""
import pathlib
import re
import sys

FILE_LINES, BUILD_FILE_LINES = 400, 120
SOURCES = {".c", ".h", ".cpp", ".hpp", ".rs", ".py"}
TREES = ["host", "plugin-api", "plugins", "tests", "packaging", ".ci"]

# What a layer may include of the others; programs see what they are linked with.
LAYERS = {
    "base": set(),
    "config": {"base"},
    "plugin": {"base"},
    "bus": {"base"},
    "link": {"base", "plugin"},
    "supervise": {"base", "config", "plugin", "bus", "link"},
    "control": {"base", "config", "plugin", "bus", "supervise"},
    "noactl": {"base", "config", "plugin", "control"},
    "runner": {"base", "plugin", "bus", "link"},
    "noad": {"base", "config", "plugin", "bus", "link", "supervise", "control"},
}


def lines_of(path):
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def sources(root):
    for tree in TREES:
        for path in sorted((root / tree).rglob("*")):
            if path.is_file() and (path.suffix in SOURCES or path.name == "meson.build"):
                yield path
    yield root / "meson.build"


def first_folders(path):
    """The first folder of each quoted include."""
    for number, line in enumerate(lines_of(path), 1):
        included = re.match(r'\s*#\s*include\s*"([^"/]+)/', line)
        if included:
            yield number, included.group(1)


def size_faults(root):
    for path in sources(root):
        limit = BUILD_FILE_LINES if path.name == "meson.build" else FILE_LINES
        count = len(lines_of(path))
        if count > limit:
            yield f"{path.relative_to(root)}: {count} lines, at most {limit}"


def layer_faults(root):
    for layer, allowed in LAYERS.items():
        for path in sorted((root / "host" / layer).rglob("*.[ch]pp")):
            for number, folder in first_folders(path):
                if folder in LAYERS and folder != layer and folder not in allowed:
                    yield (f"{path.relative_to(root)}:{number}: {layer} must not include "
                           f"{folder}/")
    for tree in ("plugins", "plugin-api", "tests/fixtures/agents"):
        for path in sorted((root / tree).rglob("*")):
            if path.suffix not in SOURCES - {".py", ".rs"}:
                continue
            for number, folder in first_folders(path):
                if folder in LAYERS:
                    yield f"{path.relative_to(root)}:{number}: {tree} must not see host/{folder}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    root = root if root.is_dir() else root.parent.parent
    faults = [*size_faults(root), *layer_faults(root)]
    print("\n".join(faults) or f"{sum(1 for _ in sources(root))} files within budget and layers")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
