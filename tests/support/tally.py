"""Adds up what the suites of tests/run.sh left in a folder: JUnit files, and `steps` with lines "name verdict seconds".
Prints a table and, last, "N passed, N failed"; the exit status is 1 when something failed or nothing ran."""
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

# A C test program is one test to ctest; cmocka's own summary inside its output counts the tests in it.
CMOCKA = {"passed": re.compile(r"^\[  PASSED  \] (\d+) test\(s\)\.$", re.M),
          "failed": re.compile(r"^\[  FAILED  \] tests?: (\d+) test\(s\), listed below:$|^ (\d+) FAILED TEST\(S\)$", re.M)}


def of_case(case):
    """(passed, failed, skipped) of one <testcase>."""
    output = "".join(case.findtext("system-out") or "")
    broken = case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail"
    passed = sum(int(n) for n in CMOCKA["passed"].findall(output))
    if passed or "[  FAILED  ]" in output:
        failed = len(set(re.findall(r"^\[  FAILED  \] (\w+)$", output, re.M)))
        return passed, max(failed, 1) if broken else failed, 0
    if case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
        return 0, int(case.get("status") == "notrun"), int(case.get("status") != "notrun")
    return (0, 1, 0) if broken else (1, 0, 0)


def of_file(path):
    root = ET.parse(path).getroot()
    rows = [of_case(case) for case in root.iter("testcase")]
    seconds = sum(float(case.get("time") or 0) for case in root.iter("testcase"))
    return [sum(column) for column in zip(*rows)] or [0, 0, 0], seconds


def main():
    folder = pathlib.Path(sys.argv[1])
    table = []
    steps = folder / "steps"
    for line in steps.read_text().splitlines() if steps.exists() else []:
        name, verdict, seconds = line.split()
        table.append((name, int(verdict == "passed"), int(verdict == "failed"), 0, float(seconds)))
    for path in sorted(folder.glob("*.xml")):
        try:
            (passed, failed, skipped), seconds = of_file(path)
        except ET.ParseError:
            passed, failed, skipped, seconds = 0, 1, 0, 0
        table.append((path.stem, passed, failed, skipped, seconds))
    print(f"\n{'suite':<24}{'passed':>8}{'failed':>8}{'skipped':>8}{'seconds':>9}")
    for name, passed, failed, skipped, seconds in table:
        print(f"{name:<24}{passed:>8}{failed:>8}{skipped:>8}{seconds:>9.0f}")
    passed, failed = (sum(row[column] for row in table) for column in (1, 2))
    print(f"\n{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
