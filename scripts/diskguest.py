# SPDX-License-Identifier: MIT
"""Guests of the long series about bad disks: one in-guest test with a machine that is another each
time; what is wrong with each; and what has passed already, so that a series can be resumed."""

import argparse
import concurrent.futures
import hashlib
import os
import re
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import conformguest
import machine

PATIENCE = 40  # seconds for booting, and after each line that begins with @@


def parser(description):
    result = argparse.ArgumentParser(description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--build", default="build", help="folder with the images")
    result.add_argument("--kernel-build", default="build", help="folder with the kernel")
    result.add_argument("--jobs", type=int, default=os.cpu_count(), help="guests side by side")
    result.add_argument("--cmdline", default="", help="more words for the kernel")
    result.add_argument("--again", action="store_true", help="also what has passed already")
    return result


def run(test, settings, options, log):
    """Runs the test in a guest with these settings; its console goes to the file log. What is
    wrong, a list of sentences."""
    with tempfile.TemporaryDirectory(prefix="pagoda-disk-") as folder, \
            open(log, "w", encoding="utf-8") as file:
        line = machine.test_guest(test, f"tests/{test}.c", folder,
                                  os.path.join(options.build, "test.img"),
                                  os.path.join(options.kernel_build, "pagoda.elf"), "stdio",
                                  ("quiet", options.cmdline), settings=settings)
        guest = conformguest.Guest(line, PATIENCE)
        try:
            text = []
            for console in guest.lines():
                text.append(console)
                print(console, file=file, flush=True)
            status = guest.process.wait() if guest.why == "the guest ended" else None
        finally:
            guest.end()
    return judge("\n".join(text), guest.why, status)


def judge(text, why, status):
    if status is None:
        return [why]
    audit = re.findall(r"^audit: (.*)$", text, re.MULTILINE)
    verdict = re.findall(r"^verdict: (.*)$", text, re.MULTILINE)
    wrong = []
    if verdict != ["exit 0"]:
        told = re.findall(r"^tests/.*expected: .*$", text, re.MULTILINE)
        wrong += ["verdict: " + (verdict[-1] if verdict else "none")] + told
    if audit[-1:] != ["clean"]:
        wrong.append("audit: " + (audit[-1] if audit else "none"))
    if not wrong and status != 1:
        wrong.append(f"QEMU ended with status {status} instead of 1 (exit=0)")
    return wrong


class Passed:
    """Names of what has passed with these inputs and words for the kernel, in a file."""

    def __init__(self, path, inputs, options):
        key = hashlib.sha256(options.cmdline.encode())
        for name in inputs:
            with open(name, "rb") as file:
                key.update(file.read())
        self.path = path
        self.lock = threading.Lock()
        lines = []
        if not options.again and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                lines = file.read().split("\n")
        if lines[:1] == [key.hexdigest()]:
            self.names = set(lines[1:])
            return
        self.names = set()
        with open(path, "w", encoding="utf-8") as file:
            print(key.hexdigest(), file=file)

    def add(self, names):
        with self.lock, open(self.path, "a", encoding="utf-8") as file:
            self.names.update(names)
            print("\n".join(names), file=file)


def side_by_side(function, items, jobs):
    """Yields function(item) of each, as they are done, so many at a time."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        futures = [pool.submit(function, item) for item in items]
        try:
            for future in concurrent.futures.as_completed(futures):
                yield future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            raise
