# SPDX-License-Identifier: MIT
"""The trace by the second serial port: nothing is lost, whoever joins late finds the next record,
the reader's words are obeyed, and a reader that takes its time makes the machine wait.

tests/vm/traced.c runs in a guest whose COM2 is a socket. What comes is decoded and played by
scripts/trace/replay.py, which must find that everything fits together.
"""

import io
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path[:0] = ["scripts", "scripts/trace"]
import decode
import machine
import replay
from shared.built import IMAGE, KERNEL
from shared.tap import check, done

SECONDS = 90
PAUSE = 0.3   # that the reader takes its time, more than once
SLOW_FROM = 100_000


def start(folder, kernel, words):
    """The guest's process, and our end of its COM2."""
    ours, its = socket.socketpair()
    command = machine.test_guest("vm/traced", "tests/vm/traced.c", folder,
                                 IMAGE, kernel, "stdio",
                                 ("quiet", "trace-com2", *words))
    at = command.index("-serial") + 2
    command[at:at] = ["-serial", "chardev:line", "-chardev",
                      f"socket,id=line,fd={its.fileno()}"]
    guest = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             pass_fds=[its.fileno()])
    its.close()
    return guest, ours


def listen(guest, line, say=b""):
    """All that comes until the guest ends, and its console."""
    got, console, deadline, slow = bytearray(), bytearray(), time.monotonic() + SECONDS, 0
    if say:
        line.sendall(say)
    sources = [line, guest.stdout]
    while sources and time.monotonic() < deadline:
        for source in select.select(sources, [], [], 1)[0]:
            data = source.recv(65536) if source is line else os.read(source.fileno(), 65536)
            if not data:
                sources.remove(source)
            (got if source is line else console).extend(data)
            if source is line and len(got) > SLOW_FROM and slow < 3:
                slow += 1
                time.sleep(PAUSE)
    guest.kill()
    guest.wait()
    line.close()
    text = console.decode(errors="replace").replace("\r", "")
    print(re.sub("^", "# ", text, flags=re.MULTILINE))
    return bytes(got), text


def events_of(data):
    return list(decode.events(decode.Frames(io.BytesIO(data))))


def play(events):
    state = replay.State()
    for event in events:
        state.apply(event)
    return state


def check_frames(data):
    source = decode.Frames(io.BytesIO(data))
    sizes = {len(source.unescape(frame)) for frame in source.frames}
    check(sizes == {decode.RECORD.size}, f"each frame is one record {sorted(sizes)[:5]}")


def whole_run(folder, kernel):
    guest, line = start(folder, kernel, ["trace=all"])
    data, console = listen(guest, line)
    check("verdict: exit 0" in console and "audit: clean" in console, "the test ends well")
    events = events_of(data)
    state = play(events)
    check_frames(data)
    check(len(events) > 5000 and state.complete and state.problems == [],
          f"{len(events)} events fit together {state.problems[:3]}")
    check(not any(event["kind"] == "lost" for event in events), "nothing was lost")
    late = data[len(data) // 3:]
    frames = decode.Frames(io.BytesIO(late)).frames
    whole = decode.Frames(io.BytesIO(data)).frames
    check(len(frames) > 1000 and frames == whole[-len(frames):],
          "who joins late has whole records from the next one on")


def start_and_say(folder, kernel, words):
    """Says the words as soon as the guest has the line."""
    guest, line = start(folder, kernel, [])
    while line.recv(1) != b"\xc0":
        pass
    return listen(guest, line, words)


def asked(folder, kernel):
    data, console = start_and_say(folder, kernel, b"nonsense\n" + b"x" * 300 + b"\n")
    check("verdict: exit 0" in console, "words without sense do no harm")
    check(events_of(data) == [], "without being asked for, nothing comes")
    data, console = start_and_say(folder, kernel, b"all\n")
    state = play(events_of(b"\xc0" + data))
    check(state.complete and state.problems == [] and "verdict: exit 0" in console,
          f"what the reader asked for comes, snapshot first {state.problems[:3]}")


def main():
    with tempfile.TemporaryDirectory(prefix="pagoda-line-") as folder:
        whole_run(folder, KERNEL)
        asked(folder, KERNEL)
    done()


if __name__ == "__main__":
    main()
