#!/usr/bin/python3
"""Until noa is released, what is frozen as 1.0 is what the headers say.

usage: frozen_is_current.py SOURCE_ROOT FROZEN_DIR
"""
import pathlib
import sys

SOURCES = {"include": "plugin-api/include", "layout.c": "tests/abi/layout.c",
           "signatures.c": "tests/abi/signatures.c", "noa-plugin.map": "plugin-api/noa-plugin.map"}


def main():
    root, frozen = (pathlib.Path(path) for path in sys.argv[1:])
    pairs = {}
    for name, source in SOURCES.items():
        source = root / source
        for path in [*source.glob("noa/*.h"), *source.glob("noa/ext/*.h")] or [source]:
            pairs[frozen / name / path.relative_to(source)] = path
    there = {*frozen.glob("include/noa/*.h"), *frozen.glob("include/noa/ext/*.h")}
    wrong = [path for path, source in pairs.items()
             if not path.exists() or path.read_bytes() != source.read_bytes()]
    wrong += there - pairs.keys()
    for path in sorted(wrong):
        print(f"{path.relative_to(root)} is not today's: see tests/abi/README.md, \"Freezing\"")
    print(f"{len(pairs)} files, {len(wrong)} differ")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
