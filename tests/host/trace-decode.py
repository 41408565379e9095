# SPDX-License-Identifier: MIT
"""The trace's decoder, and replay, on streams made by hand.

The decoder finds out what the kernel leaves out: rows, entries, when frames are taken and
anons end. The sample of docs/trace-format.md has every kind of event, and fits together.
"""

import io
import json
import re
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, "scripts/trace")
import decode
import replay
from shared.tap import check, done

KINDS = {name: number for number, name in enumerate(decode.names_of("trace_kind", "TRACE_"))}
SPACE, ANON, SOURCE, PAGE = 0xC1000000, 0xC2000000, 0xC3000000, 0x8050000


class Stream:
    """Records as the kernel writes them; each a microsecond after the one before."""

    def __init__(self):
        self.bytes, self.time = b"", 1000
        self.note("CHUNK", 0, 0)
        self.note("BEGIN", 1, 4096, 100, (1 << len(decode.groups())) - 1)
        self.note("CLOCK", 0, 0, 1 << 24)
        self.text("root=vda")
        self.note("COMMAND_LINE")
        self.note("SNAPSHOT", 50, detail=1)
        self.note("TELLING", detail=1)
        self.note("FRAME_TAKE", 0, 50, 10, detail=2)
        self.note("TELLING")
        self.note("SNAPSHOT", 50)
        self.note("SPACE_NEW", SPACE)

    def note(self, kind, *words, detail=0, thread=7, irq=False):
        what = KINDS[kind] | detail << 8 | thread << 16 | irq << 31
        words += (0,) * (5 - len(words))
        self.bytes += struct.pack("<Q6I", self.time, what, *words)
        self.time += 1000

    def text(self, words):
        for at in range(0, len(words), 20):
            piece = words[at:at + 20].encode().ljust(20, b"\0")
            self.note("TEXT", *struct.unpack("<5I", piece))

    def events(self):
        """What comes after the beginning."""
        events = list(decode.events(io.BytesIO(self.bytes)))
        start = next(i for i, event in enumerate(events) if event["kind"] == "space.new")
        return events[start + 1:]


def short(events):
    return [event["kind"] for event in events]


def problems(stream):
    state = replay.State()
    for event in decode.events(io.BytesIO(stream.bytes)):
        state.apply(event)
    return state.problems


def test_anon_life():
    """A page is filled, shared, copied, and dropped twice."""
    stream = Stream()
    stream.note("FAULT_BEGIN", SPACE, PAGE + 5, 0x8048000, detail=1)
    stream.note("MAP", SPACE, PAGE, 0, 20 << 12 | 7, detail=2)
    stream.note("FAULT_END", 0, 0, detail=6)
    events = stream.events()
    check(short(events) == ["fault.begin", "fault.row", "frame.take", "anon.new", "frame.dirty",
                            "page", "map", "fault.end"], "a fault's events, and their order")
    begin, row, take, new, _, page, _, end = events
    check(row["row"] == end["row"] == "ZERO_FILL" and row["addr"] == PAGE and
          begin["addr"] == end["addr"] == PAGE + 5, "the row is known from the end")
    check(end["after"] == 20 << 12 | 7 and "before" not in begin, "the entry, before and after")
    check(take["free"] == 49 and new["anon"] == page["anon"] == 1, "a frame is taken, by anon 1")

    stream.note("SPACE_NEW", SPACE + 4)
    stream.note("PAGES_SHARE", SPACE, SPACE + 4, PAGE - 8192, PAGE + 8192)
    stream.note("WEAKEN", SPACE, PAGE - 8192, PAGE + 8192)
    stream.note("FAULT_BEGIN", SPACE, PAGE, 0x8048000, detail=1)
    stream.note("COPY", SPACE, PAGE, 20, 21)
    stream.note("MAP", SPACE, PAGE, 20 << 12 | 0x65, 21 << 12 | 7, detail=2)
    stream.note("FAULT_END", 0, 0, detail=4)
    copied = stream.events()[len(events) + 3:]
    first = [event for event in copied if event["kind"] in ("unmap", "anon.new", "page", "map")]
    check(short(first) == ["unmap", "anon.new", "page", "map"] and
          first[0]["before"] == 20 << 12 | 0x65 and first[-1]["before"] == 0,
          "an entry that is replaced is first unmapped")
    check("anon.free" not in short(copied), "an anon that another page names does not end")

    stream.note("PAGES_DROP", SPACE + 4, PAGE - 8192, PAGE + 8192)
    stream.note("FRAME_GIVE", 20, 49)
    ended = stream.events()[-4:]
    check(short(ended) == ["page", "anon.detach", "anon.free", "frame.give"] and
          ended[1]["frame"] == 20, "the last reference frees the anon and its frame")
    stream.note("FRAME_GIVE", 30, 50)
    check(short(stream.events())[-1:] == ["frame.give"] and stream.events()[-1] == ended[-1],
          "a frame that was never used is not given back")
    check(problems(stream) == [], "it all fits together")


def test_anon_swapped():
    """A new anon has no address until it gets a slot; its page is read back by that, and the
    frame is used again when it is written; another anon comes to the same address later."""
    stream = Stream()
    for page in (PAGE, PAGE + 4096):
        stream.note("MAP", SPACE, page, 0, 20 << 12 | 7, detail=2)
        stream.note("UNMAP", SPACE, page, 20 << 12 | 0x67, 40)
        stream.note("ANON_SLOT", ANON, 5, 20)
        stream.note("SWAP_OUT", 5, 20, ANON)
        stream.note("ANON_DETACH", ANON, 20)
        stream.note("ANON_ATTACH", ANON, 21)
        stream.note("MAP", SPACE, page, 0, 21 << 12 | 5, detail=2)
        stream.note("FAULT_BEGIN", SPACE, page + 5, 0x8048000, detail=1)
        stream.note("MAP", SPACE, page, 21 << 12 | 0x25, 21 << 12 | 7, detail=2)
        stream.note("FAULT_END", 0, 0, detail=2)
        stream.note("CLEAR", SPACE, page, page + 4096)
        stream.note("PAGES_DROP", SPACE, page, page + 4096)
    events = [event for event in stream.events() if not event["kind"].startswith("frame.")]
    kinds = ["anon.new", "page", "map", "unmap", "anon.slot", "swap.out", "anon.detach",
             "anon.attach", "map", "fault.begin", "fault.row", "reuse", "map", "fault.end",
             "unmap", "page", "anon.detach", "anon.free"]
    check(short(events) == kinds * 2, "a page's way to its slot and back")
    numbers = [event["anon"] for event in events if "anon" in event]
    check(numbers == [1] * (len(numbers) // 2) + [2] * (len(numbers) // 2),
          "each record tells the anon that its frame or its address has at the time")


def test_slots():
    """Fork shares a page table: each space is told what it sees; eviction reaches both; the one
    that writes first has none of the entries left, and the other may write again."""
    stream = Stream()
    start, child = PAGE & -(4 << 20), SPACE + 4
    stream.note("MAP", SPACE, PAGE, 0, 20 << 12 | 7, detail=2)
    stream.note("MAP", SPACE, PAGE + 4096, 0, 21 << 12 | 7, detail=2)
    before = len(stream.events())
    stream.note("SPACE_NEW", child)
    stream.note("SPAN_SHARE", SPACE, child, start, 40)
    shared = stream.events()[before + 1:]
    check(shared[0]["kind"] == "span.share" and shared[0]["pages"] == 2 and
          short(shared).count("page") == 2, "the child has both pages")
    check([(event["as"], event["after"] & 7) for event in shared
           if event["kind"] in ("protect", "map")] == [(1, 5), (1, 5), (2, 5), (2, 5)],
          "and nobody may write")
    stream.note("UNMAP", 0, PAGE, 20 << 12 | 0x67, 40)
    gone = stream.events()[before + 1 + len(shared):]
    check([(event["kind"], event["as"]) for event in gone] == [("unmap", 1), ("unmap", 2)],
          "an entry that goes, goes for both")
    stream.note("SPAN_OWN", child, start, 40, detail=1)
    own = stream.events()[before + 1 + len(shared) + len(gone):]
    check(own[0]["copied"] and own[0]["lost"] == 40 and short(own[1:]) == ["unmap"],
          "the writer gets an empty page table")
    stream.note("SPAN_OWN", SPACE, start, 40)
    last = stream.events()[before + 1 + len(shared) + len(gone) + len(own):]
    check("lost" not in last[0] and short(last) == ["span.own"],
          "the last one keeps it; its entries do not allow a write before a fault")
    check(problems(stream) == [], "it all fits together")


def test_rows():
    """A fault that waits looks at the table again; another thread's events come in between."""
    stream = Stream()
    stream.note("FAULT_BEGIN", SPACE, PAGE, 0)
    stream.note("CACHE_INSERT", SOURCE, 3, 22)
    stream.note("FAULT_AGAIN", detail=8)
    stream.note("SWITCH", 9, detail=2)
    stream.note("FAULT_BEGIN", SPACE, 0x10, 0, thread=9)
    stream.note("FAULT_END", 1, 0, detail=0, thread=9)
    stream.note("SWITCH", 7, detail=1, thread=9)
    stream.note("SWAP_TAKE", 1, 1, irq=True)
    stream.note("MAP", SPACE, PAGE, 0, 22 << 12 | 5, detail=3)
    stream.note("FAULT_END", 0, 1, detail=8)
    events = stream.events()
    check(short(events) == ["fault.begin", "fault.row", "frame.take", "cache.insert", "switch",
                            "fault.begin", "fault.row", "fault.end", "switch", "swap.take",
                            "fault.row", "map", "fault.end"], "rows stand where they were decided")
    rows = [(event["pid"], event["row"]) for event in events if event["kind"] == "fault.row"]
    check(rows == [(7, "FILE_READ"), (9, "NO_AREA"), (7, "FILE_READ")], "each thread has its own")
    check(events[-1]["major"] and events[7]["result"] == "maperr", "results")
    check([event["t"] for event in events] == sorted(event["t"] for event in events),
          "time does not go back")
    stream.note("FAULT_BEGIN", SPACE, PAGE, 0)
    check(short(stream.events())[-1] == "fault.begin", "a trace may end in a fault")


def test_lost():
    stream = Stream()
    stream.note("FAULT_BEGIN", SPACE, PAGE, 0)
    stream.note("CHUNK", 1, 5)
    stream.note("FAULT_END", 0, 0, detail=8)
    events = stream.events()
    check(short(events) == ["fault.begin", "lost"] and events[1]["count"] == 5,
          "lost records are told, and an end without its beginning is left out")


def test_names():
    stream = Stream()
    stream.text("/usr/share/a-name-of-more-than-twenty-bytes")
    stream.note("FILE", SOURCE, 12, 1, detail=1)
    stream.note("CACHE_INSERT", SOURCE, 0, 22)
    stream.note("FILE", SOURCE, 13, 1, detail=1)
    stream.note("CACHE_INSERT", SOURCE, 1, 23)
    events = [event for event in stream.events() if event["kind"] != "frame.take"]
    check(events[0]["name"] == "/usr/share/a-name-of-more-than-twenty-bytes", "a long name")
    check([event["file"] for event in events] == [1, 1, 2, 2],
          "another file at the same address is another file")


def test_joined():
    """A recording that begins while programs run tells ends whose beginnings nobody recorded."""
    def play(running, *kinds, meanwhile=()):
        state, events = replay.State(), [{"kind": "begin", "kinds": range(12)}]
        events += [{"kind": "snapshot", "state": "begin", "free": 9}]
        events += [{"kind": kind} for kind in meanwhile]
        events += [{"kind": "process", "pid": 5, "name": "sh", "as": 1}] * running
        events += [{"kind": "snapshot", "state": "end", "free": 9}]
        for event in events + [{"kind": kind} for kind in kinds]:
            state.apply({"t": 0, "pid": 5, "as": 1, "addr": PAGE, "request": 3} | event)
        return len(state.problems)

    check(play(1, "disk.done", "fault.end") == 0, "what was under way then may end")
    check(play(0, "disk.done", "fault.end") == 2, "from the boot on, nothing was")
    check(play(1, meanwhile=["disk.done", "fault.end"]) == 0, "also before the snapshot's end")
    check(play(1, "disk.done", "disk.done", "fault.end", "fault.end") == 2, "and once only")
    check(play(1, "disk.start", "disk.done", "disk.done") == 1, "what began must not end twice")


def test_sample():
    """The sample plays without a problem, and has every kind that the format has."""
    with open("docs/trace-format.md", encoding="utf-8") as file:
        rows = re.findall(r"^\| ((?:`[a-z.]+` ?)+)\|", file.read(), re.MULTILINE)
    kinds = {kind for row in rows for kind in re.findall(r"`([a-z.]+)`", row) if len(row) > 4}
    events = replay.read("scripts/trace/sample.jsonl")
    missing = {kind for kind in kinds if "." in kind} - {event["kind"] for event in events}
    check(not missing, f"the sample has every kind {sorted(missing)}")
    state = replay.State()
    for event in events:
        state.apply(event)
    check(state.problems == [], f"and plays {state.problems[:3]}")
    check(json.dumps(events[0]).startswith('{"t"') and events[0]["kind"] == "begin",
          "it begins with the beginning")


def main():
    for test in (test_anon_life, test_anon_swapped, test_slots, test_rows, test_lost,
                 test_names, test_joined, test_sample):
        test()
    done()


if __name__ == "__main__":
    main()
