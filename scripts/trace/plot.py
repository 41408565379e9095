#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws a trace over time, as SVG (`make plot`).

    scripts/trace/plot.py events.jsonl FOLDER

    faults.svg     page faults, minor and major, by the moment at which they end
    resident.svg   the resident set of each process
    memory.svg     free frames, pages of files, anonymous pages, swap slots in use
    thrashing.svg  of `demo thrashing`: how much gets done as memory gets short
    policies.svg   of `demo policies`, or with CMDLINE=vm.sample=1: the policies side by side
"""

import contextlib
import itertools
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import compare
import replay
import svg

COLOURS = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b",
           "#e377c2", "#7f7f7f", "#bcbd22"]
MINOR, MAJOR = "#1f77b4", "#d62728"
BINS = 120        # over the whole time
CURVES_MOST = 10  # processes drawn: those with the largest resident sets
PICTURES = ["faults", "resident", "memory", "thrashing", "policies"]
FREE, DWARFED = "free frames", 5


class Panel(svg.Drawing):
    """Values over time: milliseconds to the right, a count upward from 0."""

    LEFT, TOP, WIDTH, HEIGHT = 72, 48, 720, 280

    def __init__(self, title, unit, start, end, most):
        super().__init__(self.LEFT + self.WIDTH + 190, self.TOP + self.HEIGHT + 56)
        self.start, self.span = start, max(end - start, 1)
        self.most = svg.round_up(most)
        self.legends = 0
        self.text(self.LEFT, 26, title, "start", 'font-weight="bold"')
        self.text(self.LEFT - 8, self.TOP - 18, unit, "end")
        for quarter in range(5):
            self.level(self.most * quarter / 4)
            self.moment(quarter / 4)

    def level(self, value):
        y = self.y(value)
        self.line(self.LEFT, y, self.LEFT + self.WIDTH, y, "#ddd")
        self.text(self.LEFT - 8, y + 4, f"{value:g}", "end")

    def moment(self, part):
        time = (self.start + self.span * part) / 1e6
        self.text(self.LEFT + self.WIDTH * part, self.TOP + self.HEIGHT + 18, f"{time:.1f} ms")

    def x(self, time):
        return self.LEFT + self.WIDTH * (time - self.start) / self.span

    def y(self, value):
        return self.TOP + self.HEIGHT * (1 - value / self.most)

    def legend(self, words, colour):
        x, y = self.LEFT + self.WIDTH + 14, self.TOP + 12 + 20 * self.legends
        self.legends += 1
        self.box(x, y - 5, 16, 10, colour)
        self.text(x + 22, y + 4, words, "start")

    def steps(self, name, colour, points):
        """points: (time, value), each of which holds until the next one."""
        places, last = [], None
        for time, value in points:
            if last is not None:
                places.append((self.x(time), last))
            last = self.y(value)
            places.append((self.x(time), last))
        if places:
            self.polyline(places, colour, 'stroke-width="1.5"')
        self.legend(name, colour)


class Series:
    """A value over time, kept only as finely as it can be drawn."""

    def __init__(self, step):
        self.step = step
        self.points = []

    def note(self, time, value):
        if self.points and time - self.points[-1][0] < self.step:
            self.points[-1] = (self.points[-1][0], value)
        elif not self.points or self.points[-1][1] != value:
            self.points.append((time, value))

    def most(self):
        return max((value for _, value in self.points), default=0)


class Story:
    """What the pictures show, gathered by playing the trace."""

    def __init__(self, events):
        self.start = next((event["t"] for event in events if event["kind"] == "snapshot"
                           and event["state"] == "end"), events[0]["t"])
        self.end = events[-1]["t"]
        self.step = max((self.end - self.start) // 1500, 1)
        self.command = events[0].get("command", "trace")
        self.bin = max((self.end - self.start) / BINS, 1)
        self.faults = {}    # (bin, major): how many
        self.resident = {}  # pid: Series
        self.names = {}     # pid: what it was called last
        self.memory = {name: Series(self.step) for name in
                       (FREE, "pages of files", "anonymous pages", "swap slots")}
        state = replay.State()
        self.files = self.anons = 0
        for event in events:
            state.apply(event)
            self.note(event, state)
        self.trailing()

    def note(self, event, state):
        kind = event["kind"]
        self.files += (kind == "cache.insert") - (kind == "cache.remove")
        self.anons += (kind == "anon.attach" or kind == "anon.new" and "frame" in event)
        self.anons -= kind == "anon.detach"
        if event["t"] < self.start or event.get("snap"):
            return
        if kind == "fault.end":
            key = int((event["t"] - self.start) / self.bin), event["major"]
            self.faults[key] = self.faults.get(key, 0) + 1
        elif kind in ("map", "unmap"):
            self.note_resident(event, state)
        if kind.startswith(("frame.", "cache.", "anon.", "swap.")):
            for name, value in ((FREE, state.free), ("pages of files", self.files),
                                ("anonymous pages", self.anons),
                                ("swap slots", len(state.slots))):
                self.memory[name].note(event["t"], value)

    def note_resident(self, event, state):
        for pid, process in state.processes.items():
            if process.space != event["as"]:
                continue
            self.names[pid] = process.name
            series = self.resident.setdefault(pid, Series(self.step))
            series.note(event["t"], state.spaces[event["as"]].resident)

    def trailing(self):
        for series in self.memory.values():
            if series.points:
                series.points.append((self.end, series.points[-1][1]))


def draw_faults(story, path):
    most = max((story.faults.get((n, False), 0) + story.faults.get((n, True), 0)
                for n in range(BINS + 1)), default=0)
    panel = Panel(f"{story.command}: page faults in each {story.bin / 1e6:.2f} ms", "faults",
                  story.start, story.end, most)
    width = panel.WIDTH / BINS
    for n in range(BINS + 1):
        below = 0
        for major, colour in ((True, MAJOR), (False, MINOR)):
            count = story.faults.get((n, major), 0)
            if count:
                panel.box(panel.LEFT + n * width, panel.y(below + count), width - 0.5,
                          panel.y(below) - panel.y(below + count), colour)
            below += count
    for words, colour, major in (("minor", MINOR, False), ("major (disk)", MAJOR, True)):
        count = sum(n for (_, kind), n in story.faults.items() if kind == major)
        panel.legend(f"{words}: {count:,}", colour)
    panel.save(path)


def draw_resident(story, path):
    largest = sorted(story.resident.items(), key=lambda item: -item[1].most())[:CURVES_MOST]
    panel = Panel(f"{story.command}: resident sets", "pages", story.start, story.end,
                  max((series.most() for _, series in largest), default=0))
    for (pid, series), colour in zip(largest, itertools.cycle(COLOURS)):
        panel.steps(f"{story.names[pid]} [{pid}]", colour, series.points)
    panel.save(path)


def draw_memory(story, path):
    """Free frames are drawn unless everything else would lie on the ground beside them."""
    used = max(series.most() for name, series in story.memory.items() if name != FREE)
    free = story.memory[FREE]
    dwarfs = used and free.most() > DWARFED * used
    panel = Panel(f"{story.command}: memory", "pages", story.start, story.end,
                  used if dwarfs else max(used, free.most()))
    for (name, series), colour in zip(story.memory.items(), COLOURS):
        if name != FREE or not dwarfs:
            panel.steps(name, colour, series.points)
    if dwarfs:
        least = min(value for _, value in free.points)
        panel.legend(f"(always {least:,} free)", "none")
    panel.save(path)


def main():
    events = replay.read(sys.argv[1])
    if not events:
        sys.exit(f"{sys.argv[1]}: no events")
    folder = sys.argv[2]
    story = Story(events)
    for name in PICTURES:  # of another trace
        with contextlib.suppress(FileNotFoundError):
            os.remove(os.path.join(folder, name + ".svg"))
    for name, draw, seen in (("faults", draw_faults, story.faults),
                             ("resident", draw_resident, story.resident),
                             ("memory", draw_memory, story.memory[FREE].points)):
        path = os.path.join(folder, name + ".svg")
        if seen:
            draw(story, path)
        print(path if seen else f"{name}.svg: nothing of that in this trace (KINDS)")
    with open(os.path.join(os.path.dirname(sys.argv[1]), "console.log"), encoding="utf-8",
              errors="replace") as console:
        path = os.path.join(folder, "thrashing.svg")
        print(path if compare.draw_thrashing(console.read(), path) else
              "thrashing.svg, the knee: make plot CMD='demo thrashing'")
    print(os.path.join(folder, "policies.svg") if compare.draw_policies(events, folder) else
          "policies.svg, side by side: make plot CMD='demo policies'; or any program, with "
          "CMDLINE='vm.sample=1 vm.faultaround=0'")


if __name__ == "__main__":
    main()
