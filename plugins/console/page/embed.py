#!/usr/bin/python3
"""Makes a C++ source of the page's files, packed: embed.py OUTPUT ROOT FILE…

The same files give the same source, whenever and wherever.
"""
import gzip
import hashlib
import pathlib
import sys

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


def lines_of(packed):
    """String literals: far quicker to compile than lists of numbers."""
    for at in range(0, len(packed), 32):
        yield '        "' + "".join(f"\\{byte:03o}" for byte in packed[at:at + 32]) + '"'


def main():
    output, root, *files = (pathlib.Path(path).resolve() for path in sys.argv[1:])
    entries = []
    for file in sorted(files):
        content = file.read_bytes()
        packed = gzip.compress(content, 9, mtime=0)
        name = file.relative_to(root).as_posix()
        path = "/" + name.removesuffix("index.html").removesuffix("/")
        tag = hashlib.sha256(content).hexdigest()[:20]
        entries.append(f'    {{"{path}", "{TYPES[file.suffix]}", R"("{tag}")",\n'
                       + f"     std::string_view(\n" + "\n".join(lines_of(packed))
                       + f",\n        {len(packed)})}},\n")
    output.write_text("// Made by embed.py.\n"
                      '#pragma GCC diagnostic ignored "-Woverlength-strings"\n'
                      "#include <span>\n\n#include \"page/assets.hpp\"\n\n"
                      "namespace console::page {\n\nnamespace {\n\nconstexpr Asset embedded[] = {\n"
                      + "".join(entries) + "};\n\n} // namespace\n\n"
                      "std::span<const Asset> all_assets() noexcept;\n"
                      "std::span<const Asset> all_assets() noexcept {\n    return embedded;\n}\n\n"
                      "} // namespace console::page\n")


main()
