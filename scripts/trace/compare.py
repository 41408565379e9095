# SPDX-License-Identifier: MIT
"""Pictures that compare, for plot.py: how much gets done as memory gets short, and the
replacement policies side by side. Each is drawn if the traced program has the figures:

    demo thrashing                     thrashing.svg   what it printed: pages touched, faults
    demo policies, demo clock          policies.svg    the trace between one policy and the next, or
                                                       of that what lies between two marks
    anything, with vm.sample=1         policies.svg    its references, through the policy lab
"""

import math
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import references
import svg

BEGINS, ENDS = "== begins", "== ends"  # userprog/bin/demo/demo.h
BLUE, RED, GREEN, VIOLET = "#1f77b4", "#d62728", "#2ca02c", "#9467bd"
SMALL = 'style="font-size:10px"'


class Panel:
    """A part of a drawing with axes of its own: named or numbered places to the right, values
    upward from 0, or from 1 by powers of ten."""

    def __init__(self, drawing, left, top, width, height, most, decades=False):
        self.drawing, self.decades = drawing, decades
        self.left, self.top, self.width, self.height = left, top, width, height
        self.most = 10 ** math.ceil(math.log10(max(most, 10))) if decades else svg.round_up(most)
        levels = ([10 ** n for n in range(round(math.log10(self.most)) + 1)] if decades else
                  [self.most * quarter / 4 for quarter in range(5)])
        for value in levels:
            drawing.line(left, self.y(value), left + width, self.y(value), "#ddd")
            drawing.text(left - 8, self.y(value) + 4, f"{value:,g}" if value < 1e6 else
                         f"{value:.0e}", "end")

    def y(self, value):
        part = (math.log10(max(value, 1)) / math.log10(self.most) if self.decades
                else value / self.most)
        return self.top + self.height * (1 - part)

    def middle(self, index, count):
        return self.left + self.width * (index + 0.5) / count

    def titles(self, title, below=""):
        self.drawing.text(self.left, self.top - 14, title, "start")
        self.drawing.text(self.left + self.width / 2, self.top + self.height + 38, below)

    def names(self, names):
        for index, name in enumerate(names):
            self.drawing.text(self.middle(index, len(names)), self.top + self.height + 18, name)

    def curve(self, values, colour):
        points = [(self.middle(index, len(values)), self.y(value))
                  for index, value in enumerate(values)]
        self.drawing.polyline(points, colour, 'stroke-width="2"')
        for (x, y), value in zip(points, values):
            self.drawing.dot(x, y, colour)
            self.drawing.text(x, y - 7, f"{value:,}", more=SMALL)

    def bars(self, stacks):
        """stacks: for each place the (value, colour) that stand on each other."""
        for index, stack in enumerate(stacks):
            width, below = self.width / len(stacks) * 0.6, 0
            x = self.middle(index, len(stacks))
            for value, colour in stack:
                self.drawing.box(x - width / 2, self.y(below + value), width,
                                 self.y(below) - self.y(below + value), colour)
                below += value
            self.drawing.text(x, self.y(below) - 5, f"{below:,g}")


# ---- thrashing -------------------------------------------------------------------------

LINE = re.compile(r"^ +(\d+) (pages|process|processes) +(\d+) a ms +(\d+) faults in 1000", re.M)


def thrashing_steps(console):
    """[(count, touches a ms, faults in 1000)] of the working set that grows, and of the processes
    that become more; and the words that say what there was of memory."""
    steps = [(int(count), int(speed), int(faults), what)
             for count, what, speed, faults in LINE.findall(console)]
    limit = re.search(r"may have (\d+) pages in memory", console)
    share = re.search(r"each with (\d+) pages, and (\d+) KiB", console)
    return ([step[:3] for step in steps if step[3] == "pages"],
            [step[:3] for step in steps if step[3] != "pages"],
            int(limit.group(1)) if limit else 0,
            f"{share.group(1)} pages each, {int(share.group(2)) // 4:,} for all" if share else "")


def knee_row(drawing, top, steps, below, knee):
    """Throughput, and faults; knee: what is more than this did not fit, or None."""
    names = [count for count, _, _ in steps]
    speed = Panel(drawing, 72, top, 380, 210, max(step[1] for step in steps), decades=True)
    faults = Panel(drawing, 540, top, 380, 210, max(step[2] for step in steps))
    for panel, title, column, colour in ((speed, "pages touched in 1 ms (by powers of ten)", 1,
                                          BLUE), (faults, "faults in 1,000 touches", 2, RED)):
        panel.titles(title, below)
        panel.names(names)
        panel.curve([step[column] for step in steps], colour)
        if knee in names:
            x = panel.middle(names.index(knee), len(names))
            drawing.line(x, top, x, top + 210, "#999", 'stroke-dasharray="4 3"')
            drawing.text(x + 5, top + 200, f"may have {knee}", "start", SMALL)


def draw_thrashing(console, path):
    """False if the program printed no such figures."""
    growing, together, limit, share = thrashing_steps(console)
    if not growing:
        return False
    drawing = svg.Drawing(960, 700 if together else 370)
    drawing.text(72, 28, "Thrashing: as long as the working set fits, more of it costs nothing",
                 "start", 'font-weight="bold"')
    knee_row(drawing, 80, growing, f"pages of the working set, of which {limit} may be in memory",
             limit)
    if together:
        knee_row(drawing, 410, together, f"processes at the same time ({share})", None)
    drawing.save(path)
    return True


# ---- policies --------------------------------------------------------------------------

class Period:
    """What happened while one policy decided."""

    def __init__(self, policy):
        self.policy = policy
        self.clear()

    def clear(self):
        self.faults = {False: 0, True: 0}  # by whether the disk was needed
        self.evicted = self.written = self.looks = 0
        self.over = False

    def note(self, event):
        """Without marks all of it counts; else what came before the first is set-up."""
        kind = event["kind"]
        if kind == "name" and event["name"] == BEGINS:
            self.clear()
        self.over = self.over or kind == "name" and event["name"] == ENDS
        if self.over:
            return
        if kind == "fault.end":
            self.faults[event["major"]] += 1
        self.evicted += kind == "evict"
        self.written += kind == "swap.out"
        self.looks += kind == "hand"


def periods(events):
    """The busiest period of each policy, in the order in which they came."""
    found = [Period("")]
    for event in events:
        if event["kind"] == "policy":
            found.append(Period(event["policy"]))
        found[-1].note(event)
    busiest = {}
    for period in found:
        if period.evicted > busiest.get(period.policy, Period("")).evicted:
            busiest[period.policy] = period
    return list(busiest.values())


def draw_periods(command, compared, path):
    drawing = svg.Drawing(1000, 400)
    drawing.text(72, 28, f"{command}: the same load under each policy", "start",
                 'font-weight="bold"')
    names = [period.policy for period in compared]
    columns = [
        ("page faults", [[(period.faults[True], RED), (period.faults[False], BLUE)]
                         for period in compared]),
        ("pages evicted", [[(period.written, VIOLET), (period.evicted - period.written, GREEN)]
                           for period in compared]),
        ("looks at a page, for each evicted",
         [[(round(period.looks / period.evicted, 2), "#7f7f7f")] for period in compared])]
    for number, (title, stacks) in enumerate(columns):
        most = max(sum(value for value, _ in stack) for stack in stacks)
        panel = Panel(drawing, 72 + 315 * number, 84, 250, 220, most or 1)
        panel.titles(title)
        panel.names(names)
        panel.bars(stacks)
    for x, words, colour in ((72, "waited for the disk", RED), (212, "did not wait", BLUE),
                             (387, "written to swap", VIOLET), (507, "dropped", GREEN)):
        drawing.box(x, 349, 14, 10, colour)
        drawing.text(x + 20, 358, words, "start")
    drawing.save(path)


def draw_lab(events, folder):
    """The trace's references through every policy; makes policies.svg itself."""
    build = os.path.dirname(os.path.abspath(folder))
    file = os.path.join(folder, "policies")
    references.write(file, list(references.references(events)))
    done = subprocess.run([os.path.join(os.path.dirname(HERE), "policy-lab"), "--build", build,
                           file], stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, end="")
    if done.returncode:
        return False
    os.replace(os.path.join(build, "policy-lab", "policies.svg"),
               os.path.join(folder, "policies.svg"))
    return True


def draw_policies(events, folder):
    """False if the trace has nothing to compare."""
    compared = periods(events)
    path = os.path.join(folder, "policies.svg")
    if len(compared) > 1:
        draw_periods(events[0].get("command", "trace"), compared, path)
        return True
    return "vm.sample=" in events[0].get("cmdline", "") and draw_lab(events, folder)
