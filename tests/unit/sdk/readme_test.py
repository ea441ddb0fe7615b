#!/usr/bin/python3
"""What plugin-api/README.md quotes is what the tests compile, to the letter."""
import pathlib
import re
import sys

QUOTE = re.compile(r"<!-- (\S+) -->\n```\w+\n(.*?)\n```", re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)\)")


def main(folder):
    root = pathlib.Path(folder)
    text = (root / "README.md").read_text(encoding="utf-8")
    quotes = QUOTE.findall(text)
    wrong = [
        path
        for path, quoted in quotes
        if (root / path).read_text(encoding="utf-8").rstrip() != quoted
    ]
    wrong += [link for link in LINK.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)) if not (root / link).exists()]
    for path in wrong:
        print(f"README.md and {path} differ, or it is not there")
    print(f"{len(quotes)} quotes, {len(wrong)} wrong")
    return 1 if wrong or not quotes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
