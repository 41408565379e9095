# SPDX-License-Identifier: MIT
"""scripts/check-all: counts, time limits, what is not run again, and the parts of a turn."""

import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from shared.tap import check, done

TABLE = r"""
[each time]
counts   | 9 | {folder}/counts                                         | 9 | echo seed $TURN
endless  | 1 | sleep 61 & sleep 62                                     | 9 | true
[in turn]
status   | 9 | echo words; exit 3                                      | 9 | true
well     | 9 | echo x >>{folder}/well; echo all is well                | 9 | true
too-long | 9 | true                                                    | 100 | true
"""

COUNTS = r"""#!/bin/sh
echo FAIL this one
echo more about it
echo 3 passed, 1 failed, 2 skipped
echo 'make: *** [Makefile:1: it] Error 1'
exit 2
"""


def run(folder, *words, turn="5"):
    done = subprocess.run(["scripts/check-all", "--table", f"{folder}/table", "--build", folder,
                           *words], env={**os.environ, "TURN": turn}, text=True, check=False,
                          stdin=subprocess.DEVNULL, capture_output=True)
    print(re.sub("^", "# ", done.stdout + done.stderr, flags=re.MULTILINE))
    return done.returncode, done.stdout


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read().count("\n")


def whole(folder):
    status, text = run(folder)
    check(status == 1 and text.endswith("\n5 passed, 3 failed, 2 skipped\n"),
          "the last line adds up counts, and one for each series that prints none")
    check(re.search(r"FAIL counts .*2 skipped\n +FAIL this one\nFAIL endless", text),
          "which of a series failed is said again at the end")
    check("FAIL endless" in text and "no end within 1 s" in text, "a time limit is kept, and told")
    check(subprocess.run(["pgrep", "-xf", "sleep 6[12]"], check=False,
                         stdout=subprocess.DEVNULL).returncode == 1, "with all that was started")
    check("FAIL status" in text and "status 3: words" in text, "a status is a failure")
    _, text = run(folder, "well", "counts")
    check(lines_of(f"{folder}/well") == 1 and "well: has passed with these sources" in text,
          "what has passed is not run again")
    check("counts (1 of 2" in text, "what has failed is")
    run(folder, "--again", "well")
    check(lines_of(f"{folder}/well") == 2, "unless asked for")
    status, _ = run(folder, "well")
    check(status == 0, "and then all is well")
    status, _ = run(folder, "no-such")
    check(status == 1, "a series that is not there is an error")


def parts(folder):
    status, text = run(folder, "--parts", "50")
    check(status == 0 and "seed 5" in text, "a part sees the turn")
    check("too-long: in another turn" in text, "a part starts only if its limit is within the time")
    texts = [run(folder, "--parts", "500", turn=str(turn))[1] for turn in range(9)]
    orders = {tuple(re.findall(r"^== (\S+) \(a part", text, re.MULTILINE)) for text in texts}
    check(all(order[:2] == ("counts", "endless") and len(order) == 5 for order in orders),
          "those of each time come first, then all others")
    check(len(orders) > 1, "in an order of the turn")


def main():
    with tempfile.TemporaryDirectory(prefix="pagoda-check-all-") as folder:
        with open(f"{folder}/table", "w", encoding="utf-8") as table:
            table.write(TABLE.replace("{folder}", folder))
        with open(f"{folder}/counts", "w", encoding="utf-8") as script:
            script.write(COUNTS)
        os.chmod(f"{folder}/counts", 0o755)
        whole(folder)
        parts(folder)
    done()


if __name__ == "__main__":
    main()
