# SPDX-License-Identifier: MIT
"""docs/lessons.md is true: the command of each step is run, traced, in one guest, and the answer to
each question is what the trace says. The page in the browser asks the same (make check-web)."""

import os
import re
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path[:0] = ["scripts", "scripts/trace"]
import decode
import lessons
import machine
from shared.shell import Shell
from shared.tap import check, done

MEM, SWAP, SECONDS = 16, 32, 150
LESSONS_LEAST = 10
WANTED = ("a page fault", "two levels", "demand paging", "zero page", "copy-on-write", "clock",
          "msync", "thrashing", "Belady", "stack", "isolation")


def parts(events):
    """The events of each recording: from a `begin` to the next."""
    part = []
    for event in events:
        if event["kind"] == "begin" and part:
            yield part
            part = []
        part.append(event)
    if part:
        yield part


def record(folder, steps):
    """Runs each step's command; the terminal's text of each, and the events."""
    trace = os.path.join(folder, "events.bin")
    shell = Shell(folder, MEM, SWAP, SECONDS, machine.trace_options(trace))
    try:
        shell.read()
        texts = [shell.run(f"trace {step['command']}; echo status=$?") for step in steps]
    finally:
        shell.close()
    with open(trace, "rb") as file:
        return texts, list(parts(decode.events(file)))


def check_step(step, text, events):
    check("status=0" in text, f"{step['command']}: it ends well")
    if "status=0" not in text:
        print(re.sub("^", "# ", text, flags=re.MULTILINE))
    check(not any(event["kind"] == "lost" for event in events), "nothing is lost")
    if "query" not in step:
        return
    found = lessons.answer(step["query"], events, step["command"])
    check(found == step["answer"], f"{step['title']}: {step['question']} {step['answer']}, "
                                   f"says the page; {found}, says the trace")


def main():
    begun = time.monotonic()
    all_lessons = lessons.read()
    check(len(all_lessons) >= LESSONS_LEAST, f"{len(all_lessons)} lessons")
    titles = " ".join(lesson["title"].lower() for lesson in all_lessons)
    for wanted in WANTED:
        check(wanted.lower() in titles, f"one is about: {wanted}")
    for lesson in all_lessons:
        check(any("query" in step for step in lesson["steps"]), f"{lesson['title']}: it asks")
    steps = [step for lesson in all_lessons for step in lesson["steps"] if "command" in step]
    with tempfile.TemporaryDirectory(prefix="pagoda-lessons-") as folder:
        texts, recorded = record(folder, steps)
        check(len(recorded) == len(steps), f"{len(steps)} commands, {len(recorded)} recordings")
        for step, text, events in zip(steps, texts, recorded):
            check_step(step, text, events)
    print(f"# {len(steps)} commands in {time.monotonic() - begun:.0f} s")
    done()


if __name__ == "__main__":
    main()
