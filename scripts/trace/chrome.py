#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a trace in Chrome's trace-event format, which Perfetto (ui.perfetto.dev) opens.

    scripts/trace/chrome.py events.jsonl chrome.json

Each process has three lanes: what the program runs, what the kernel does for it (page faults,
calls) and its requests to the disks; counters show the free frames, the swap slots in use and
the resident set of each process. The format: "Trace Event Format", Google, 2016.
"""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import replay

PROGRAM, KERNEL, DISK = 1, 2, 3     # the lanes of a process
SYSTEM = 0                          # the "process" of what belongs to none
COUNTER_NS = 20000                  # counters change at most so often
FACTS = ("addr", "as", "row", "access", "result", "major", "frame", "to", "slot", "anon",
         "reason", "policy", "sector", "count", "write", "disk", "child", "status", "why",
         "args", "insns")


class Writer:
    def __init__(self, events):
        self.state = replay.State()
        self.out = []
        self.running = {}     # pid: since when it runs
        self.faults = {}      # pid: the fault.begin it is in
        self.requests = {}    # request: who started it
        self.named = {}       # pid: the name that its lanes have
        self.counted = {}     # counter: (when, value) written last
        self.lanes(SYSTEM, "memory")
        for event in events:
            self.state.apply(event)
            method = self.METHODS.get(event["kind"])
            if method and not event.get("snap"):
                method(self, event)
            self.count(event)
        self.finish(events[-1]["t"])

    # ---- Chrome's events ----

    def add(self, phase, event, name, pid, lane, **more):
        self.out.append({"ph": phase, "name": name, "pid": pid, "tid": lane,
                         "ts": event["t"] / 1000, **more})

    def lanes(self, pid, name):
        if self.named.get(pid) == name:
            return
        self.named[pid] = name
        start = {"t": 0}
        self.add("M", start, "process_name", pid, 0, args={"name": name})
        self.add("M", start, "process_sort_index", pid, 0, args={"sort_index": pid})
        if pid != SYSTEM:
            for lane, words in ((PROGRAM, "program"), (KERNEL, "kernel"), (DISK, "disk")):
                self.add("M", start, "thread_name", pid, lane, args={"name": words})

    def facts(self, event):
        facts = {name: event[name] for name in FACTS if name in event}
        if "addr" in facts:
            facts["addr"] = f"{facts['addr']:#010x}"
        if "file" in event:
            facts["file"] = self.state.files.get(event["file"], event["file"])
        return facts

    def slice(self, pid, lane, name, start, end, **facts):
        self.out.append({"ph": "X", "name": name, "pid": pid, "tid": lane, "ts": start / 1000,
                         "dur": max(end - start, 1) / 1000, "args": facts})

    def instant(self, event, name, pid, lane):
        self.add("i", event, name, pid, lane, s="t", args=self.facts(event))

    # ---- lanes ----

    def who(self, pid):
        process = self.state.processes.get(pid)
        self.lanes(pid, f"{process.name if process else 'thread'} [{pid}]")
        return pid

    def switch(self, event):
        since = self.running.pop(event["pid"], None)
        if since is not None and event["pid"]:
            self.slice(self.who(event["pid"]), PROGRAM, "runs", since, event["t"],
                       then=event["why"])
        self.running[event["to"]] = event["t"]

    def fault_begin(self, event):
        self.faults[event["pid"]] = event

    def fault_end(self, event):
        begin = self.faults.pop(event["pid"], None)
        if begin:
            self.slice(self.who(event["pid"]), KERNEL, event["row"], begin["t"], event["t"],
                       **self.facts(event))

    def disk_start(self, event):
        self.requests[event["request"]] = (event["pid"], event)

    def disk_done(self, event):
        pid, start = self.requests.pop(event["request"], (None, None))
        if not start:
            return
        disk = self.state.disks.get(event["disk"], {}).get("name", "disk")
        name = f"{'writes' if event['write'] else 'reads'} {disk}"
        more = {"cat": "disk", "id": event["request"]}
        self.add("b", start, name, self.who(pid), DISK, args=self.facts(event), **more)
        self.add("e", event, name, pid, DISK, **more)

    def happening(self, event):
        self.instant(event, event["kind"], self.who(event["pid"]), KERNEL)

    def call(self, event):
        self.instant(event, event["name"], self.who(event["pid"]), PROGRAM)

    def evict(self, event):
        self.instant(event, "evict " + event["reason"], SYSTEM, 1)

    METHODS = {
        "switch": switch, "fault.begin": fault_begin, "fault.end": fault_end,
        "disk.start": disk_start, "disk.done": disk_done, "fork": happening, "exec": happening,
        "exit": happening, "copy": happening, "swap.in": happening, "swap.out": happening,
        "oom": happening, "call": call, "evict": evict,
    }

    # ---- counters ----

    def counter(self, event, pid, name, value):
        when, before = self.counted.get((pid, name), (-COUNTER_NS, None))
        if value == before or event["t"] - when < COUNTER_NS:
            return
        self.counted[pid, name] = (event["t"], value)
        self.add("C", event, name, pid, 0, args={"pages": value})

    def count(self, event):
        kind = event["kind"]
        if "free" in event:
            self.counter(event, SYSTEM, "free frames", event["free"])
        elif "used" in event:
            self.counter(event, SYSTEM, "swap slots used", event["used"])
        elif kind in ("map", "unmap"):
            for pid, process in self.state.processes.items():
                if process.space == event["as"]:
                    self.counter(event, self.who(pid), "resident pages",
                                 self.state.spaces[event["as"]].resident)

    def finish(self, end):
        for pid, since in self.running.items():
            if pid:
                self.slice(self.who(pid), PROGRAM, "runs", since, end)


def write(events, path):
    """The events as a file for Perfetto."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"traceEvents": Writer(events).out, "displayTimeUnit": "ns"}, file,
                  separators=(",", ":"))


if __name__ == "__main__":
    write(replay.read(sys.argv[1]), sys.argv[2])
