#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes one web page of a trace, which works from the file system and without a network.

    scripts/trace/view.py [EVENTS [PAGE]]    build/trace/events.jsonl, build/trace/index.html

docs/trace-format.md says what the events are, viewer/README.md how the page is made. Here the
events become columns: all values of a field that the events of one kind have lie side by side,
as numbers of 1, 2, 4 or 8 bytes. That takes a tenth of the room and is read in no time.
"""

import argparse
import array
import base64
import html
import json
import os
import sys
import zlib

VIEWER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "viewer")
# In the order in which they need each other.
SCRIPTS = ["trace.js", "state.js", "player.js", "words.js", "grid.js", "frames.js", "spaces.js",
           "walk.js", "panels.js", "timeline.js", "main.js"]
# After those: the events come from a machine that runs (scripts/web).
LIVE = "live.js"
# Fields that every event may have; their columns are as long as the trace.
COMMON = ["t", "insns", "cpu", "pid", "snap", "irq"]
ALIGN = 8


class Columns:
    """The bytes of all columns, and the words: the values that are no numbers, each once."""

    def __init__(self):
        self.bytes = bytearray()
        self.words = []
        self.word_numbers = {}

    def word(self, value):
        key = json.dumps(value)
        if key not in self.word_numbers:
            self.word_numbers[key] = len(self.words)
            self.words.append(value)
        return self.word_numbers[key]

    def add(self, name, values):
        """Stores value - least, or with gaps value - least + 1 and 0 for a value that is not
        there; says how to read it. A column without any value is none."""
        present = [value for value in values if value is not None]
        if not present:
            return None
        is_word = any(isinstance(value, bool) or not isinstance(value, int) for value in present)
        if is_word:
            values = [None if value is None else self.word(value) for value in values]
            present = [value for value in values if value is not None]
        least, gaps = min(present), len(present) < len(values)
        shift = least - gaps
        packed = self.pack([0 if value is None else value - shift for value in values],
                           max(present) - shift)
        self.bytes += bytes(-len(self.bytes) % ALIGN)
        at = len(self.bytes)
        self.bytes += packed.tobytes()
        return {"name": name, "at": at, "count": len(values), "size": packed.itemsize,
                "shift": shift, "gaps": gaps, "words": is_word}

    @staticmethod
    def pack(values, most):
        for size, code in ((1, "B"), (2, "H"), (4, "I")):
            if most < 1 << 8 * size:
                packed = array.array(code, values)
                break
        else:
            packed = array.array("d", values)
        if sys.byteorder == "big":
            packed.byteswap()
        return packed


def read_events(path):
    """One event a line; a last line that was cut off counts as not written."""
    events = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if not line.endswith("\n"):
                break
            events.append(json.loads(line))
    return events


STEP, STEP_LINE = "== step", "== "  # userprog/bin/demo/demo.h; how a demo's headlines begin


def chapters_of(events, console):
    """[(the number of the event, the headline)]: a demo is called STEP for a moment, before it
    prints one. Without a console, or if they do not fit together, none."""
    places = [number for number, event in enumerate(events)
              if event["kind"] == "name" and event["name"] == STEP and not event.get("snap")]
    lines = [line[len(STEP_LINE):].strip() for line in console.splitlines()
             if line.startswith(STEP_LINE)]
    return list(zip(places, lines)) if len(places) == len(lines) else []


def pack_events(events, chapters=()):
    """The head's length, the head (JSON), and the columns."""
    columns = Columns()
    kinds = {}
    for event in events:
        kinds.setdefault(event["kind"], []).append(event)
    names = list(kinds)
    numbers = {name: number for number, name in enumerate(names)}
    head = {"count": len(events), "kinds": [], "chapters": list(chapters),
            "kind": columns.add("kind", [numbers[event["kind"]] for event in events]),
            "common": [columns.add(name, [event.get(name) for event in events])
                       for name in COMMON]}
    for name in names:
        fields = dict.fromkeys(field for event in kinds[name] for field in event)
        head["kinds"].append({"name": name, "columns": [
            columns.add(field, [event.get(field) for event in kinds[name]])
            for field in fields if field not in COMMON and field != "kind"]})
    head["common"] = [column for column in head["common"] if column]
    head["words"] = columns.words
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 4) % ALIGN)
    return len(text).to_bytes(4, "little") + text + bytes(columns.bytes)


def read_console(folder):
    """What the guest printed meanwhile, if scripts/trace/run left it there."""
    path = os.path.join(folder, "console.log")
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", errors="replace") as console:
        return console.read().replace("\r", "")


def read_source(name):
    with open(os.path.join(VIEWER, name), encoding="utf-8") as file:
        return file.read()


def make_live_page():
    """The same page without events: they come while the machine runs."""
    return fill({
        "TITLE": "Pagoda, live",
        "STYLE": read_source("viewer.css"),
        "SCRIPT": "\n".join(read_source(name) for name in [*SCRIPTS, LIVE]),
    }).replace('<script type="text/plain" id="trace">@TRACE@</script>\n', "")


def fill(parts):
    page = read_source("index.html")
    for name, text in parts.items():
        page = page.replace(f"@{name}@", text, 1)
    return page


def make_page(events, console=""):
    command = events[0].get("command", "") if events else ""
    packed = pack_events(events, chapters_of(events, console))
    return fill({
        "TITLE": html.escape(f"{command or 'a trace'} · Pagoda"),
        "STYLE": read_source("viewer.css"),
        "SCRIPT": "\n".join(read_source(name) for name in SCRIPTS),
        "TRACE": base64.b64encode(zlib.compress(packed, 6)).decode(),
    })


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("events", nargs="?", default="build/trace/events.jsonl")
    parser.add_argument("page", nargs="?", default="build/trace/index.html")
    options = parser.parse_args()
    events = read_events(options.events)
    if not events:
        sys.exit(f"{options.events}: no events")
    os.makedirs(os.path.dirname(os.path.abspath(options.page)), exist_ok=True)
    with open(options.page, "w", encoding="utf-8") as page:
        page.write(make_page(events, read_console(os.path.dirname(options.events))))


if __name__ == "__main__":
    main()
