#!/usr/bin/python3
"""Sees to it that layout.c and signatures.c name every struct, member, function and constant,
and that no struct ends in padding: a member appended there would not change its size.

usage: layout_complete.py INCLUDE_DIR LAYOUT_C SIGNATURES_C
"""
import pathlib
import re
import sys

# Texts, limits that may be configured, and macros that are no constants.
NOT_CHECKED = {"NOA_ABI_MINOR", "NOA_BODY_MAX", "NOA_BEGIN_DECLS", "NOA_END_DECLS",
               "NOA_PLUGIN_EXPORT"}


def main():
    include_dir, layout, signatures = (pathlib.Path(path) for path in sys.argv[1:4])
    layout_text, signature_text = layout.read_text(), signatures.read_text()
    found, missing = 0, []
    for header in sorted([*include_dir.glob("noa/*.h"), *include_dir.glob("noa/ext/*.h")]):
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
        for struct, body in re.findall(r"typedef struct (\w+) \{(.*?)\n\} \1;", text, re.S):
            wanted = [f"SIZE({struct},"]
            for declaration in filter(None, (" ".join(d.split()) for d in body.split(";"))):
                function = re.search(r"\(\*(\w+)\)\(", declaration)
                member = function or re.search(r"(\w+)(?:\[[^\]]*\])?$", declaration)
                wanted.append(f"AT({struct}, {member.group(1)},")
                if function and f"SIGNATURE({struct}, {function.group(1)}," not in signature_text:
                    missing.append(f"{header.name}: SIGNATURE({struct}, {function.group(1)}, …)")
            found += len(wanted)
            missing += [f"{header.name}: {want} …)" for want in wanted if want not in layout_text]
        for name, value in re.findall(r"^#define (NOA_\w+)[ \t]+(\S.*)$", text, re.M):
            if name in NOT_CHECKED or value.startswith('"'):
                continue
            found += 1
            if f"VALUE({name}," not in layout_text:
                missing.append(f"{header.name}: VALUE({name}, …)")
    ends = {}
    for struct, offset, size in re.findall(r"AT\((\w+), \w+, (\d+), (\d+)\)", layout_text):
        ends[struct] = int(offset) + int(size)
    for struct, size in re.findall(r"SIZE\((\w+), (\d+)\)", layout_text):
        if ends.get(struct) != int(size):
            missing.append(f"{struct}: ends at {ends.get(struct)}, its size is {size}")
    if found < 100:
        sys.exit(f"only {found} declarations recognised: the headers' form has changed")
    print(f"{found} declarations, {len(missing)} without a check")
    sys.exit("\n".join(missing) if missing else 0)


if __name__ == "__main__":
    main()
