# SPDX-License-Identifier: MIT
"""The gdb commands of scripts/gdb say what the guest itself says.

A guest runs tests/vm/looked-at.c, which prints what /proc says of its pages and then calls
look_here(). There gdb, in batch mode, runs every command; what they print is compared with
the guest's console. Then it breaks what the auditor promises, to see that it is noticed.
"""

import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, "scripts")
import machine
from shared.built import IMAGE, KERNEL
from shared.tap import check, done

TEST, SOURCE = "vm/looked-at", "tests/vm/looked-at.c"
SECONDS = 90

# What is asked at look_here().
LOOKS = ["pagoda help", "pagoda ps", "pagoda threads", "pagoda locks", "pagoda swap",
         "pagoda cache", "pagoda frames", "pagoda frames dirty", "pagoda frames {parent}",
         "pagoda areas", "pagoda areas {child}", "pagoda audit", "pagoda cache {file}",
         "pagoda user {child}", "pagoda user 1", "backtrace 2", "pagoda user {parent}",
         "pagoda in {child} backtrace 3", "pagoda in {parent} print watched",
         "backtrace", "pagoda walk &vm_lock",
         "pagoda frame 0xfffff", "pagoda user 999", "pagoda walk nonsense",
         "pagoda frames nonsense", "pagoda break-exec nonsense"]

DRIVER = r'''
import re
import gdb
def run(command):
    print(f"@@@ {command}", flush=True)
    try:
        print(gdb.execute(command, to_string=True), end="")
    except gdb.error as error:
        print(f"error: {error}")
def value(expression):
    return int(gdb.parse_and_eval(expression)) & 0xFFFFFFFF
def word(address, new=None):
    memory = gdb.selected_inferior()
    old = int.from_bytes(bytes(memory.read_memory(address, 4)), "little")
    if new is not None:
        memory.write_memory(address, new.to_bytes(4, "little"))
    return old

run("pagoda break-exec looked-at")
run("continue")
from guest.kernel import *
from guest.memory import *
from guest.frames import swap_devices
parent = current_process().id
run(f"pagoda user {parent}")
gdb.Breakpoint("look_here")
run("continue")
forget()
child = max(process.id for process in processes())
for command in LOOKS:
    run(command.format(parent=parent, child=child, file="/root/scratch/looked-at.tmp"))
with open(CONSOLE) as console:
    pages = re.findall(r"page: (\S+) (\S+) (\S+) (\S+)", console.read())
for name, address, state, number in pages:
    run(f"pagoda walk 0x{address}")
    run(f"pagoda page 0x{address}")
    run(f"pagoda page 0x{address} {child}")
    if state == "present":
        run(f"pagoda frame 0x{number}")

# Damage, one at a time, that the auditor must name.
forget()
space = space_of(process_by_id(parent))
copied = int(next(page[1] for page in pages if page[0] == "copied"), 16)
anon = space.anon(copied).address
table = table_at(space.directory[copied >> SPAN_SHIFT]) + ENTRY * (copied >> 12 & ENTRIES - 1)
frame_ = anon + offset_of("struct anon", "frame")
damage = [("references", anon + offset_of("struct anon", "references"), 2),
          ("owner", frame_, word(frame_) + layout_of("struct frame").size),
          ("entry", table, word(table) + PAGE),
          ("swap", swap_devices()[0].address + offset_of("struct swap_device", "used"), 0)]
for name, address, bad in damage:
    old = word(address, bad)
    print(f"@@@ damage {name}")
    run("pagoda audit")
    word(address, old)
run("pagoda audit")

run("pagoda watch watched")
run("pagoda break-fault ANON_COPY own+2*4096")
run("pagoda break-fault own+2*4096")
run("continue")
run("continue")
run("continue")
run("pagoda locks")
run("backtrace")
gdb.execute("delete")
run("continue")
'''


def start_guest(folder, kernel, port):
    console = os.path.join(folder, "console")
    command = machine.test_guest(TEST, SOURCE, folder, IMAGE, kernel,
                                 f"file:{console}", ("quiet",))
    command += ["-S", "-gdb", f"tcp:127.0.0.1:{port}"]
    return console, subprocess.Popen(command, stdin=subprocess.DEVNULL)


def run_gdb(folder, kernel, port, console):
    """What each command printed: [(command, output)]."""
    driver = os.path.join(folder, "driver.py")
    with open(driver, "w", encoding="utf-8") as script:
        script.write(f"LOOKS, CONSOLE = {LOOKS!r}, {console!r}\n{DRIVER}")
    command = [machine.GDB, "-q", "-nx", "-batch", kernel]
    for line in ("set confirm off", "set architecture i386", "set pagination off",
                 "set width 0", "set tcp connect-timeout 20",
                 f"target remote 127.0.0.1:{port}", "source scripts/gdb/pagoda.py",
                 f"source {driver}"):
        command += ["-ex", line]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False)
    print(re.sub("^", "# ", done.stdout, flags=re.MULTILINE))
    parts = done.stdout.split("@@@ ")[1:]
    return [part.partition("\n")[::2] for part in parts]


class Said:
    """What the guest's console says."""

    def __init__(self, console):
        with open(console, encoding="utf-8", errors="replace") as file:
            text = file.read().replace("\r", "")
        self.parent, self.child = re.search(r"process: (\d+) child (\d+)", text).groups()
        self.maps = re.findall(r"maps: (\S+) (\S+) (\S+) \S+ \S+ *(.*)", text)
        self.pages = {name: (address, state, int(number, 16)) for name, address, state, number
                      in re.findall(r"page: (\S+) (\S+) (\S+) (\S+)", text)}
        self.verdict = re.findall(r"verdict: (.*)", text), re.findall(r"audit: (.*)", text)


def check_areas(said, output):
    rows = [line.split(None, 6) for line in output.splitlines() if re.match(r"[0-9a-f]{8}-", line)]
    check(len(rows) == len(said.maps), f"areas lists the {len(said.maps)} areas of maps")
    for (area, rights, offset, path), row in zip(said.maps, rows):
        behind = f"{path} from page {int(offset, 16) >> 12}" if path.startswith("/") else "zeros"
        behind += f" ({path[1:-1]})" if path.startswith("[") else ""
        behind = "[vdso] from page 0" if path == "[vdso]" else behind
        check(row[:2] == [area, rights] and row[6] == behind, f"area {area} {rights} {behind}")


def check_pages(said, outputs):
    parent, child = said.parent, said.child
    for name, (address, state, number) in said.pages.items():
        walk = outputs[f"pagoda walk 0x{address}"]
        if state == "present":
            check(re.search(rf"^memory +{number << 12:#010x} +{number:#x}", walk, re.MULTILINE),
                  f"walk of {name} ends in frame {number:#x}, as pagemap says")
        else:
            check("empty" in walk and f"swap slot {number >> 5}" in walk,
                  f"walk of {name} finds swap slot {number >> 5}, as pagemap says")
    expected = {  # (what reading meets, what writing meets)
        "shared-with-child": ("no", "ANON_COPY"), "copied": ("no", "no"),
        "zeros": ("no", "ZERO_FILL"), "file-private": ("no", "FILE_COPY"),
        "swapped": ("ANON_SHARED", "ANON_COPY")}
    for name, meets in expected.items():
        page = outputs[f"pagoda page 0x{said.pages[name][0]}"]
        rows = re.findall(r"^(?:read|write) +(?:yes +(\w+)|(no)) ", page, re.MULTILINE)
        check([row[0] or row[1] for row in rows] == list(meets),
              f"page: {name} meets {meets[0]} and {meets[1]}")
    copied = outputs[f"pagoda page 0x{said.pages['copied'][0]} {child}"]
    check("references 1" in copied, "page: the child has its own copy of what was copied")
    shared = outputs[f"pagoda frame {said.pages['shared-with-child'][2]:#x}"]
    check(f"process {parent} " in shared and f"process {child} " in shared,
          "frame: the page shared after fork is named by parent and child")
    check(f"{said.pages['zeros'][2]:#x}" in outputs["pagoda frame "
          f"{said.pages['zeros'][2]:#x}"] and "zero" in outputs["pagoda frame "
          f"{said.pages['zeros'][2]:#x}"], "frame: the frame of zeros")


def check_system(said, outputs):
    parent, child = said.parent, said.child
    ps = outputs["pagoda ps"]
    check(re.search(rf"^\* +{parent} +1 +running .*looked-at$", ps, re.MULTILINE) and
          re.search(rf"^ +{child} +{parent} +sleeping .*looked-at$", ps, re.MULTILINE),
          "ps: the parent runs, the child sleeps")
    threads = outputs["pagoda threads"]
    check("pageout at vm/evict.c" in threads and "pipe_read at kernel/fs/pipe.c" in threads,
          "threads: where the sleepers are")
    check("(trap 128: system call)" in threads, "threads: by which trap they came")
    check("no lock is held" in outputs["pagoda locks"], "locks: none is held in user mode")
    slot = said.pages["swapped"][2] >> 5
    check(re.search(rf"^ *{slot} .*0x{said.pages['swapped'][0]} of process {parent} ",
                    outputs["pagoda swap"], re.MULTILINE), f"swap: slot {slot} holds the page")
    cache = outputs["pagoda cache /root/scratch/looked-at.tmp"]
    frames = {said.pages["file-shared"][2], said.pages["file-private"][2]}
    check(all(f" {number:#x} " in cache for number in frames), "cache: the file's frames")
    check("looked-at.tmp" in outputs["pagoda frames dirty"], "frames dirty: the written page")
    check(f"{said.pages['copied'][2]:#x}" in outputs[f"pagoda frames {parent}"],
          "frames PID: what the process maps")
    check(re.search(r"^anon +\d", outputs["pagoda frames"], re.MULTILINE), "frames: a summary")
    check("vm_lock" in outputs["pagoda walk &vm_lock"], "walk of a kernel address names it")


def check_programs(said, outputs):
    calls = outputs[f"pagoda user {said.child}"]
    check(calls.count("child_waits (depth=") == 4 and "pipe_read" in calls and " main ()" in calls,
          "user: the child's calls cross from the kernel into the program")
    check("switch_away" in outputs[f"pagoda in {said.child} backtrace 3"] and
          "= 0" in outputs[f"pagoda in {said.parent} print watched"],
          "in: any command with a process's eyes")
    check("init.c" in outputs["pagoda user 1"] or "not in memory" in outputs["pagoda user 1"] or
          "syscall" in outputs["pagoda user 1"], "user: process 1's calls")
    check(f"(process {said.parent} (looked-at), at 0x" in outputs["backtrace 2"] and
          "init" not in outputs["backtrace 2"], "backtrace: no names of another's program")
    check("look_here" in outputs["backtrace"] and " main ()" in outputs["backtrace"],
          "user: the parent's own calls, with nothing lent any more")


def check_errors(outputs):
    for command, words in (("pagoda frame 0xfffff", "there is no frame"),
                           ("pagoda user 999", "there is no process 999"),
                           ("pagoda walk nonsense", "nonsense is no address"),
                           ("pagoda frames nonsense", "neither a state nor a flag"),
                           ("pagoda break-exec nonsense", "has no program nonsense")):
        check(outputs[command].startswith("error: ") and words in outputs[command],
              f"{command}: {words}")


def check_audits(parts):
    names = [name for name, _ in parts]
    check(dict(parts[:names.index("damage references")])["pagoda audit"].startswith(
        "audit: clean"), "audit: clean")
    for name, promise in (("references", 4), ("owner", 1), ("entry", 1), ("swap", 5)):
        output = parts[names.index("damage " + name) + 1][1]
        check(f"promise {promise}:" in output, f"audit: damage ({name}) breaks promise {promise}")
    check(parts[names.index("damage swap") + 2][1].startswith("audit: clean"),
          "audit: clean again, once it is repaired")


def check_stops(parts):
    names = [name for name, _ in parts]
    start = names.index("pagoda watch watched")
    stops = [output for name, output in parts[start:] if name == "continue"]
    check("Old value = 0" in stops[0] and "New value = 42" in stops[0],
          "watch: stops when the program's variable changes")
    check("wrote to the page" in stops[1] and "fault_resolve" in stops[1],
          "break-fault ADDRESS: stops at the page's fault")
    check("row ANON_COPY" in stops[2] and "anon_copy" in stops[2],
          "break-fault ROW ADDRESS: stops at the row")
    rest = dict(parts[start:])
    check(re.search(r"^readers +address space +thread .*looked-at", rest["pagoda locks"],
                    re.MULTILINE), "locks: the fault handler reads the address space")
    check("(trap 14: page fault)" in rest["backtrace"] and " main ()" in rest["backtrace"],
          "backtrace: from the fault handler to the instruction in the program")


def main():
    port = machine.free_port()
    with tempfile.TemporaryDirectory(prefix="pagoda-gdb-") as folder:
        console, guest = start_guest(folder, KERNEL, port)
        try:
            parts = run_gdb(folder, KERNEL, port, console)
            guest.wait(timeout=20)
        finally:
            guest.kill()
            guest.wait()
        said = Said(console)
    outputs = dict(reversed(parts))  # the first output of each command
    check(f"process {said.parent} (looked-at)" in outputs["continue"],
          "break-exec: stops at the program's start")
    check(all("pagoda " + name in outputs["pagoda help"] for name in
              ("ps", "areas", "walk", "page", "frames", "frame", "swap", "cache", "threads", "in",
               "locks", "audit", "user", "break-exec", "break-fault", "watch")),
          "help: every command")
    check_areas(said, outputs["pagoda areas"])
    check_pages(said, outputs)
    check_system(said, outputs)
    check_programs(said, outputs)
    check_errors(outputs)
    check_audits(parts)
    check_stops(parts)
    check(said.verdict == (["exit 0"], ["clean"]), "the guest noticed nothing of all this")
    done()


if __name__ == "__main__":
    main()
