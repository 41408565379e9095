# SPDX-License-Identifier: MIT
"""Power cuts: a short series in guests must pass; and what judges them must notice what is not
as it was promised, which is shown with logs and disks made by hand."""

import os
import random
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, "scripts")
from crashmodel import DIRECTORY, PAGE, RECORD, Model
from shared.built import BUILD, KERNEL_BUILD
from shared.tap import check, done
from writelog import ENTRY, FLUSH, MAGIC, SUPERBLOCK, WriteLog

TOP = "/top"


def content(file, pages):
    """Pages as (index, version); version 0: zeros."""
    return b"".join(RECORD.pack(file, index, version, 0x70A60DA0) * 256 if version
                    else bytes(PAGE) for index, version in pages)


def model_of(*operations, unfinished=""):
    model = Model(TOP)
    for operation in operations:
        model.begin(operation.split())
        model.end(operation.split())
    if unfinished:
        model.begin(unfinished.split())
    return model


def judged(model, files, strays=()):
    return model.judge({TOP: DIRECTORY, **{f"{TOP}/{name}": data
                                           for name, data in files.items()}}, list(strays))


def check_model():
    new = content(7, [(0, 1)])
    old = model_of("c /top/a 7", "w /top/a 7 0 1 1", "f /top/a", "f /top")
    check(not judged(old, {"a": new}), "a synced file may be as it was")
    check(judged(old, {}), "but it may not be missing")
    check(judged(old, {"a": b""}), "nor have another size")
    check(judged(old, {"a": bytes(PAGE)}), "nor other bytes")
    check(not judged(model_of("c /top/a 7", "w /top/a 7 0 1 1"), {}),
          "a file that was not synced may be missing")

    over = model_of("c /top/a 7", "w /top/a 7 0 1 1", "S", "w /top/a 7 0 1 2")
    for version, fine in ((1, True), (2, True), (3, False)):
        check((not judged(over, {"a": content(7, [(0, version)])})) == fine,
              f"written over: version {version} is {'possible' if fine else 'impossible'}")
    check(judged(model_of("c /top/a 7", "w /top/a 7 0 1 1", "S", "w /top/a 7 0 1 2",
                          "F /top/a"), {"a": new}), "after fdatasync the old one is impossible")
    mapped = model_of("c /top/a 7", "t /top/a 2", "S", "m /top/a 7 0 2 3", "M /top/a 0 1")
    check(not judged(mapped, {"a": content(7, [(0, 3), (1, 0)])}), "msync is for its range")
    check(judged(mapped, {"a": content(7, [(0, 0), (1, 3)])}), "which it promises")

    moved = model_of("c /top/a 7", "w /top/a 7 0 1 1", "S", unfinished="r /top/a /top/b")
    check(not judged(moved, {"a": new}) and not judged(moved, {"b": new}) and
          not judged(moved, {}, [new]), "a rename under way: one name, or lost+found")
    check(judged(moved, {}), "but not nowhere")
    check(judged(model_of("c /top/a 7", "S", "u /top/a", "f /top"), {"a": b""}),
          "a name that was removed for good is gone")


def write_log(path, *entries):
    """Entries are (sector, bytes) or FLUSH."""
    with open(path, "wb") as file:
        file.write(SUPERBLOCK.pack(MAGIC, 1, len(entries), 512).ljust(512, b"\0"))
        for entry in entries:
            sector, data = (0, b"") if entry == FLUSH else entry
            flags = FLUSH if entry == FLUSH else 0
            file.write(ENTRY.pack(sector, len(data) // 512, flags, 0).ljust(512, b"\0") + data)
        file.write(struct.pack("<QQQQ", 8, 8, 0, 0))  # one that QEMU did not finish


def check_log(folder):
    path, image = os.path.join(folder, "log"), os.path.join(folder, "image")
    one, two, three = (bytes([letter]) * PAGE for letter in b"123")
    write_log(path, (0, one), (8, one), FLUSH, (0, two), (8, two + two), (24, three))
    log = WriteLog(path)
    check(len(log.entries) == 6, "the log is read to where it is whole")
    seen = set()
    for seed in range(200):
        with open(image, "w+b") as file:
            file.truncate(4 * PAGE)
            log.cut(file, log.entries[5].start, random.Random(seed))
            file.seek(0)
            seen.add(bytes(file.read()[::PAGE]))
    check(len(seen) == 8 and all(disk[0] in b"12" and disk[1] in b"12" and disk[2] in b"\0002"
                                 and disk[3] == 0 for disk in seen),
          "what was flushed is there; of what came then any part; and nothing that came later")
    log.close()


def main():
    check_model()
    with tempfile.TemporaryDirectory(prefix="pagoda-crash-") as folder:
        check_log(folder)
        series = subprocess.run(["scripts/crash", "--build", BUILD, "--kernel-build",
                                 KERNEL_BUILD, "--out", folder, "-n", "10", "--seed", "1"],
                                check=False, capture_output=True, text=True)
    print(series.stdout + series.stderr)
    check(series.returncode == 0 and "\n10 passed, 0 failed\n" in series.stdout,
          "ten cuts of a guest's power break no promise")
    done()


main()
