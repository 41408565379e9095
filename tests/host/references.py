# SPDX-License-Identifier: MIT
"""scripts/trace/references.py takes from the sample trace the faults that were resolved, in order,
and nothing else; what it writes is what the policy lab reads."""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAMPLE = os.path.join(ROOT, "scripts/trace/sample.jsonl")


def expected():
    pages = []
    with open(SAMPLE, encoding="utf-8") as lines:
        for event in map(json.loads, lines):
            if event["kind"] == "fault.end" and event["result"] == "done":
                page = event["as"] * 2**20 + event["addr"] // 4096
                if not pages or pages[-1] != page:
                    pages.append(page)
    return pages


def main():
    with tempfile.TemporaryDirectory() as folder:
        result = os.path.join(folder, "references")
        subprocess.run([os.path.join(ROOT, "scripts/trace/references.py"), SAMPLE, result],
                       check=True)
        with open(result, encoding="utf-8") as lines:
            found = [int(line, 0) for line in lines if not line.startswith("#")]
    if found != expected() or len(found) < 5:
        sys.exit(f"expected {expected()}, found {found}")
    print(f"{len(found)} references")


if __name__ == "__main__":
    main()
