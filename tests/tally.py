#!/usr/bin/python3
"""Counts what ran, from what meson wrote down and from the exit codes of the other stages.

usage: tally.py RESULTS_DIR

RESULTS_DIR has one folder a stage, named NUMBER-NAME, with
    exit     the exit code; 77: it could not be run here
    seconds  how long it took
    testlog.json, testlog.junit.xml   of a stage that ran meson test: each case counts
A stage without those counts as one. The last line is "N passed, M failed".
"""
import json
import pathlib
import sys
import xml.etree.ElementTree as etree


class Count:
    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


def cases_of(junit_file):
    """The cases of each test program that reported its own; by suite name."""
    suites = {}
    if not junit_file.is_file():
        return suites
    for suite in etree.parse(junit_file).iter("testsuite"):
        count = suites.setdefault(suite.get("name", ""), Count())
        for case in suite.iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                count.failed += 1
            elif case.find("skipped") is not None or case.get("status") == "notrun":
                count.skipped += 1
            else:
                count.passed += 1
    return suites


def count_meson(folder):
    suites = cases_of(folder / "testlog.junit.xml")
    total, failed_names = Count(), []
    for line in (folder / "testlog.json").read_text().splitlines():
        test = json.loads(line)
        name, result = test["name"].split(" / ")[-1], test["result"]
        cases = Count()
        for suite, count in suites.items():
            parts = suite.split(".")
            if len(parts) > 1 and parts[1] == name:
                cases.add(count)
        if result in ("OK", "EXPECTEDFAIL"):
            total.add(Count(max(cases.passed, cases.passed == cases.skipped == 0), 0,
                            cases.skipped))
        elif result == "SKIP":
            total.skipped += 1
        else:
            # What a program that died had reported before is not trusted to be of this run.
            total.add(Count(cases.passed if cases.failed else 0, max(cases.failed, 1)))
            failed_names.append(name)
    return total, failed_names


def count_stage(folder):
    code = (folder / "exit").read_text().strip()
    if code == "77":
        return Count(skipped=1), []
    if not (folder / "testlog.json").is_file():
        return Count(code == "0", code != "0"), []
    count, failed_names = count_meson(folder)
    if code != "0" and count.failed == 0:
        count.failed = 1
    if count.passed + count.failed + count.skipped == 0:
        count.failed, failed_names = 1, ["no test was found"]
    return count, failed_names


def main():
    total = Count()
    print(f"{'stage':<12}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
        if not (folder / "exit").is_file():
            continue
        count, failed_names = count_stage(folder)
        total.add(count)
        seconds = (folder / "seconds").read_text().strip()
        print(f"{folder.name.split('-', 1)[1]:<12}{count.passed:>8}{count.failed:>8}"
              f"{count.skipped:>9}{seconds:>9}  {', '.join(failed_names)}".rstrip())
    print(f"{total.passed} passed, {total.failed} failed")
    sys.exit(total.failed > 0)


if __name__ == "__main__":
    main()
