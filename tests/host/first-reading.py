# SPDX-License-Identifier: MIT
"""The first reading of vm/ is an evening long, in the order of vm/README's table, and all of its
pieces are there; see scripts/reading."""

import importlib.machinery
import importlib.util
import sys

sys.dont_write_bytecode = True
from shared.tap import check, done

LINES_MOST = 2500
SUBJECTS = {  # what must be whole: the table of the page fault, as code, and what it stands on
    "vm/fault.c": {"classify", "handlers", "anon_own", "anon_shared", "anon_copy", "zero_map",
                   "zero_fill", "file_shared", "file_read", "file_copy", "page_fault"},
    "vm/policy/clock.c": {"clock_step"}, "vm/evict.c": {"evict_or_write", "pageout"},
    "vm/swap.c": {"swap_read", "swap_write"}, "vm/mmap.c": {"vm_mmap"}, "vm/msync.c": {"vm_msync"},
    "vm/fork.c": {"vm_fork"}, "vm/pagecache.c": {"pagecache_start"},
}


def script(name):
    loader = importlib.machinery.SourceFileLoader(name, f"scripts/{name}")
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def main():
    reading, rows = script("reading"), script("order").rows()
    found = list(reading.pieces())
    lines = sum(len(text) for _, pieces in found for _, _, text in pieces)
    check(lines <= LINES_MOST, f"{lines} lines are at most {LINES_MOST}")
    places = [(path, name) for path, pieces in found for name, _, _ in pieces]
    check(len(places) == len(set(places)), "no piece comes twice")
    order = [rows[path][0] for path, _ in found]
    check(order == sorted(order), "its files stand as in vm/README's table")
    for path, names in SUBJECTS.items():
        missing = sorted(names - {name for at, name in places if at == path})
        check(not missing, f"{path}: all of its subject is there {missing}")
    done()


main()
