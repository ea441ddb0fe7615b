#!/usr/bin/python3
"""Packs a text into a C++ source: embed.py OUTPUT INPUT NAMESPACE FUNCTION."""
import sys


def pieces(data):
    for begin in range(0, len(data), 16):
        yield "    " + ", ".join(str(byte) for byte in data[begin:begin + 16]) + ","


def main():
    output, source, namespace, function = sys.argv[1:]
    with open(source, "rb") as file:
        data = file.read()
    with open(output, "w", encoding="utf-8") as file:
        file.write("#include <string_view>\n\n"
                   f"namespace {namespace} {{\n\n"
                   "static constexpr char bytes[] = {\n" + "\n".join(pieces(data)) + "\n};\n\n"
                   f"[[nodiscard]] std::string_view {function}() noexcept;\n"
                   f"std::string_view {function}() noexcept {{\n"
                   "    return {bytes, sizeof bytes};\n}\n\n"
                   f"}} // namespace {namespace}\n")


if __name__ == "__main__":
    main()
