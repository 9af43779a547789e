"""Fail where a test was skipped: in CI every server and tool that a test needs is there.

python .ci/no_skips.py REPORT.xml
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree


def main(report: str) -> int:
    """Name the skipped tests of a JUnit report; 1 where there is one."""
    skipped = [
        f"{case.get('classname')}::{case.get('name')}: {case.find('skipped').get('message')}"
        for case in ElementTree.parse(report).iter("testcase")
        if case.find("skipped") is not None
    ]
    for line in skipped:
        print(f"skipped: {line}", file=sys.stderr)
    return 1 if skipped else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
