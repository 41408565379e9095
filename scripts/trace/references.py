#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The pages that a traced program touched, as a reference string for the policy lab.

    make trace CMD='sort /etc/profile' CMDLINE='vm.sample=10 vm.faultaround=0'
    scripts/trace/references.py build/trace/events.jsonl build/trace/references
    make policy-lab TRACE=build/trace/references

vm.sample drops every page-table entry each so many milliseconds (vm/sample.h), so that the first
touch of each page in each interval is a fault; this takes the faults of the traced programs, in
order. A page is named by its address space and its number there.
"""
import json
import sys


def references(events):
    """The page of each fault that was resolved; a page touched again at once is one reference."""
    last = None
    for event in events:
        if event.get("kind") != "fault.end" or event.get("result") != "done":
            continue
        page = (event["as"] << 20 | event["addr"] >> 12) & 0xffffffff
        if page != last:
            yield page
        last = page


def write(path, pages):
    with open(path, "w", encoding="utf-8") as file:
        file.write("# recorded by scripts/trace/references.py: one page a line\n")
        file.writelines(f"{page:#x}\n" for page in pages)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as lines:
        pages = list(references(map(json.loads, lines)))
    if not pages:
        sys.exit(f"{sys.argv[1]}: no faults in it")
    write(sys.argv[2], pages)
    print(f"{len(pages)} references to {len(set(pages))} pages")


if __name__ == "__main__":
    main()
