# SPDX-License-Identifier: MIT
"""A recorded run is the same again, and can be gone through backwards: scripts/record on
vm/cow-simple, from its end back to the last page that was copied, and one instruction more."""

import os
import re
import shutil
import subprocess
import sys

TEST = "vm/cow-simple"
SECONDS = 100
COUNT = "vm_counters[VM_fault_cow_copied]"
SKIPPED = 77


def run(kernel, *words):
    folder = os.path.dirname(kernel)
    build = folder if os.path.exists(os.path.join(folder, "test.img")) else os.path.dirname(folder)
    return subprocess.run(["scripts/record", "--build", build, "--kernel-build", folder, *words,
                           TEST], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=SECONDS,
                          check=False).stdout


def main():
    if not shutil.which("qemu-img"):
        print("qemu-img is not there (Debian package qemu-utils)")
        sys.exit(SKIPPED)
    kernel = os.path.join(os.path.dirname(os.environ["OBJ"]), "pagoda.elf")
    recorded = run(kernel)
    commands = ["continue", f"print {COUNT}", f"watch {COUNT}", "reverse-continue",
                f"print {COUNT}", "reverse-stepi", f"print {COUNT}", "reverse-continue",
                f"print {COUNT}"]
    replayed = run(kernel, "--replay", "--batch",
                   *(word for command in commands for word in ("--ex", command)))
    print(re.sub("^", "# ", recorded + replayed, flags=re.MULTILINE))
    counts = [int(count) for count in re.findall(r"^\$\d = (\d+)$", replayed, re.MULTILINE)]
    last = counts[0] if counts else 0
    tests = [
        ("verdict: exit 0" in recorded, "the test passes while it is recorded"),
        (re.search(r"power_off \(status=.*0\)", replayed), "replayed, it comes to the same end"),
        (last >= 8, "where pages have been copied"),
        (counts == [last, last, last - 1, last - 1],
         "back to the last time that the count changed, before it, and to the time before"),
        ("anon_copy" in replayed, "which was in the row of the table that copies"),
        (replayed.count("instructions back") == 2, "and it says how far it went"),
    ]
    print(f"1..{len(tests)}")
    for number, (holds, what) in enumerate(tests, 1):
        print(f"{'ok' if holds else 'not ok'} {number} - {what}")
    sys.exit(not all(holds for holds, _ in tests))


if __name__ == "__main__":
    main()
