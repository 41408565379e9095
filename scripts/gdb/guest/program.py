# SPDX-License-Identifier: MIT
"""pagoda user, in, break-exec, break-fault, watch: programs with their symbols.

QEMU compares addresses, not memory: a breakpoint at a program's address stops whichever
process comes by, so each one here asks which process it is before it stops.
"""

import os
import re
import shlex
import struct

import gdb
from gdb.FrameDecorator import FrameDecorator

from guest.fault import ROWS, Fault
from guest.kernel import (Space, chosen_process, current_process, dentry_path, process_by_id,
                          process_name, space_of)
from guest.memory import (KERNEL_BASE, PAGE, enumeration, forget, kernel_file,
                          read_words, record, symbol)
from guest.spaces import supplement_words
from guest.text import address_of, command, number_of
from guest.threads import SLEEPER, eyes_of, thread_state

# ---- symbols -------------------------------------------------------------------------

def build_folder():
    """The folder with what `make` built: the kernel's file is in it or further in (`checked`,
    `record/TEST`)."""
    start = folder = os.path.dirname(os.path.realpath(kernel_file().filename))
    while not os.path.isdir(os.path.join(folder, "programs")):
        folder, inner = os.path.dirname(folder), folder
        if folder == inner:
            return start
    return folder


def with_symbols(path):
    """The unstripped program for a path in the guest, as scripts/make-rootfs names them; None
    if there is none (busybox)."""
    name = os.path.basename(path)
    own = path in ("/sbin/init", "/bin/" + name)
    found = os.path.join(build_folder(), "programs",
                         f"userprog/bin/{name}" if own else path.lstrip("/"))
    return found if os.path.isfile(found) else None


def loaded_programs():
    """The programs whose symbols gdb has: {path: as gdb was told}."""
    folder = os.path.join(build_folder(), "programs")
    known = {os.path.realpath(objfile.filename): objfile.filename for objfile in gdb.objfiles()}
    return {path: name for path, name in known.items()
            if name.startswith(folder) or path.startswith(os.path.realpath(folder))}


def load_symbols(process):
    """Loads the symbols of the process's program in place of another's; says which. False if
    there are none."""
    path = dentry_path(process.executable) if process.executable else ""
    program = with_symbols(path) if path else None
    if not program:
        print(f"{process_name(process)} runs {path or 'nothing'}, of which there are no symbols")
        return False
    loaded = loaded_programs()
    if os.path.realpath(program) in loaded:
        return True
    for name in loaded.values():  # all programs lie at the same addresses
        gdb.execute(f"remove-symbol-file {shlex.quote(name)}", to_string=True)
    gdb.execute(f"add-symbol-file {shlex.quote(program)}", to_string=True)
    print(f"symbols of {path} from {os.path.relpath(program)}")
    return True


class Stranger(FrameDecorator):
    """A program's frame while gdb has another program's symbols."""

    def __init__(self, decorator, process):
        super().__init__(decorator)
        self.process = process

    def function(self):
        return (f"({process_name(self.process)}, at {self.inferior_frame().pc():#x}: "
                f"`pagoda user {self.process.id}` shows its calls)")

    def address(self):
        return None

    def filename(self):
        return None

    def line(self):
        return None

    def frame_args(self):
        return None

    def frame_locals(self):
        return None


def stranger():
    """The process that runs, if it runs a program that gdb takes for another; else None."""
    process = None if SLEEPER.registers else current_process()
    if not process or not process.executable or not loaded_programs():
        return None
    program = with_symbols(dentry_path(process.executable))
    known = program and os.path.realpath(program) in loaded_programs()
    return None if known else process


class Strangers:
    """A frame filter: a backtrace ends where it would name functions of the wrong program."""

    name, enabled, priority = "pagoda-strangers", True, 40

    def filter(self, decorators):
        for decorator in decorators:
            if decorator.inferior_frame().pc() < KERNEL_BASE:
                try:
                    process = stranger()
                except (gdb.error, gdb.GdbError, LookupError):
                    process = None  # the kernel has not started yet
                if process:
                    yield Stranger(decorator, process)
                    return
            yield decorator


gdb.frame_filters[Strangers.name] = Strangers()


@command("user PID")
def user(arguments):
    """loads the symbols of a process's program and shows its calls, from kernel to program

Afterwards `pagoda in PID COMMAND` runs any gdb command with the process's eyes."""
    if len(arguments) != 1:
        raise gdb.GdbError("pagoda user PID")
    process = process_by_id(number_of(arguments[0], "process id"))
    if not process.first.thread:
        raise gdb.GdbError(f"{process_name(process)} has exited")
    load_symbols(process)
    forget()
    thread = record("struct thread", process.first.thread)
    print(f"{process_name(process)}, {thread_state(thread)}:")
    with eyes_of(process):
        first = gdb.selected_frame().level()
        calls = gdb.execute("backtrace", to_string=True).splitlines()
        cut = stack_not_in_memory()
    # Above the process's first call lies the processor's place, which is another's.
    start = next((i for i, line in enumerate(calls) if line.startswith(f"#{first} ")), 0)
    print("\n".join(calls[start:]))
    if cut:
        print(f"(the rest of its stack is not in memory: {cut})")


def stack_not_in_memory():
    """Why gdb could not follow the calls to the program's start; "" if it could."""
    frame = gdb.selected_frame()
    while frame.older():
        frame = frame.older()
    if frame.unwind_stop_reason() != gdb.FRAME_UNWIND_MEMORY_ERROR:
        return ""
    return gdb.frame_stop_reason_string(frame.unwind_stop_reason())


@command("in PID COMMAND", whole=True, completion=gdb.COMPLETE_COMMAND)
def in_process(argument):
    """any gdb command, seen from a process that does not run: bt, print, x, info locals

Frame 0 is then where the processor really is; the process's calls start at frame 1. Its
program's symbols are loaded as by `pagoda user`."""
    number, _, wanted = argument.partition(" ")
    if not wanted:
        raise gdb.GdbError("pagoda in PID COMMAND")
    process = chosen_process([number], 0)
    load_symbols(process)
    try:
        with eyes_of(process):
            gdb.execute(wanted)
    except gdb.MemoryError as error:
        raise gdb.GdbError(f"{error}\n{why_not_readable(process, str(error))}") from None


def why_not_readable(process, message):
    """What the supplemental page table says of the page that gdb could not read."""
    found = re.search(r"at address (0x[0-9a-f]+)", message)
    address = int(found.group(1), 16) if found else KERNEL_BASE
    if address >= KERNEL_BASE:
        return "no process has memory there"
    space = space_of(process)
    return (f"its page is not in the page table of {process_name(process)} just now: "
            + supplement_words(space, space.area(address), address))


# ---- stops ---------------------------------------------------------------------------

def running_words():
    """Who runs, for a message."""
    process = current_process()
    return process_name(process) if process else "the kernel"


def guest_file(name):
    """The file in the guest that a program's name or path means, on the host."""
    root = os.path.join(build_folder(), "rootfs")
    folders = [""] if "/" in name else ["bin", "sbin"] + [
        os.path.join("tests", kind) for kind in sorted(os.listdir(os.path.join(root, "tests")))]
    for folder in folders:
        path = os.path.join(root, folder, name.lstrip("/"))
        if os.path.isfile(path):
            return path
    raise gdb.GdbError(f"the disk image has no program {name}")


def entry_point(path):
    """Where an ELF program starts."""
    with open(path, "rb") as program:
        header = program.read(52)
    if header[:5] != b"\x7fELF\x01":
        raise gdb.GdbError(f"{os.path.basename(path)} is no program for i386")
    return struct.unpack_from("<I", header, 24)[0]


class ExecBreakpoint(gdb.Breakpoint):
    """Stops at the first instruction of a program of this name."""

    def __init__(self, name):
        self.program = os.path.basename(name)
        self.last = None  # who stopped here last: if the page must come first, it comes twice
        super().__init__(f"*{entry_point(guest_file(name)):#x}", gdb.BP_HARDWARE_BREAKPOINT)

    def stop(self):
        forget()
        process = current_process()
        if not process or process.name != self.program[:15]:
            return False
        who = process.id, process.spt
        if who == self.last:
            return False
        self.last = who
        print(f"{process_name(process)} is about to run its first instruction; "
              f"`pagoda user {process.id}` loads its symbols")
        return True


@command("break-exec NAME")
def break_exec(arguments):
    """stops whenever a program of this name starts, at its first instruction

NAME is a program of the disk image, with its path or without. The instruction's page may
not be in memory yet: that is the first page fault of the program."""
    if len(arguments) != 1:
        raise gdb.GdbError("pagoda break-exec NAME")
    ExecBreakpoint(arguments[0])


def tell_fault(row, page, write):
    """Says in a sentence which fault it is that stopped the guest."""
    has, happens = ROWS[row]
    print(f"{running_words()} {'wrote to' if write else 'read'} the page {page:#010x}, row "
          f"{row}: {has}; {happens}")
    return True


class RowBreakpoint(gdb.Breakpoint):
    """Stops when the fault handler has decided for a row, perhaps of one page only. A row's
    function takes one argument, the struct fault, in eax."""

    def __init__(self, row, address, page):
        self.row, self.page = row, page
        super().__init__(f"*{address:#x}", gdb.BP_HARDWARE_BREAKPOINT)

    def stop(self):
        forget()
        fault = record("struct fault", int(gdb.parse_and_eval("$eax")) & 0xFFFFFFFF)
        return self.page in (None, fault.page) and tell_fault(self.row, fault.page, fault.write)


class PageBreakpoint(gdb.Breakpoint):
    """Stops at every fault of a page, before it is decided: the row is our own decision."""

    def __init__(self, page):
        self.page = page
        super().__init__("fault_resolve", gdb.BP_HARDWARE_BREAKPOINT)

    def stop(self):
        forget()
        frame = gdb.newest_frame()
        space, address, access = (int(frame.read_var(name)) & 0xFFFFFFFF
                                  for name in ("spt", "address", "access"))
        write = access == 1
        if address & -PAGE != self.page:
            return False
        return tell_fault(Fault(Space(space), address, write).row, self.page, write)


def row_handlers():
    """The function of each row, from the table in fault.c."""
    names = {value: name for value, name in enumeration("row").items() if name != "ROWS"}
    handlers = read_words(symbol("handlers", "vm/fault.c"), len(names))
    return {name: handlers[value] for value, name in names.items()}


@command("break-fault [ROW] [ADDRESS]")
def break_fault(arguments):
    """stops at page faults of a row of the table (ANON_COPY ...), or of an address, or both

A fault that waits for a disk is decided again when the page is there: its row comes twice."""
    handlers = row_handlers()
    row = arguments.pop(0).upper() if arguments and arguments[0].upper() in handlers else None
    page = address_of(arguments[0]) & -PAGE if arguments else None
    if row:
        RowBreakpoint(row, handlers[row], page)
    elif page is not None:
        PageBreakpoint(page)
    else:
        raise gdb.GdbError("pagoda break-fault [ROW] [ADDRESS]; the rows are "
                           + " ".join(handlers))


class Watchpoint(gdb.Breakpoint):
    """Stops when a process's variable changes; what others do at that address is no matter."""

    def __init__(self, what, kind, process):
        self.process = process
        super().__init__(what, gdb.BP_WATCHPOINT, kind)

    def stop(self):
        forget()
        process = current_process()
        return bool(process) and process.id == self.process


@command("watch EXPRESSION [PID]", completion=gdb.COMPLETE_SYMBOL)
def watch(arguments):
    """stops when a variable of a program changes, whoever writes: program or kernel

Load the program's symbols first (`pagoda user PID`). Without PID: the process that runs."""
    if not arguments:
        raise gdb.GdbError("pagoda watch EXPRESSION [PID]")
    process = chosen_process(arguments, 1)
    try:
        value = gdb.parse_and_eval(arguments[0])
        address = int(value.address) & 0xFFFFFFFF
    except (gdb.error, TypeError) as error:
        raise gdb.GdbError(f"{arguments[0]} is no variable that can be watched: {error}; "
                           "`pagoda user PID` loads a program's symbols") from None
    if value.type.sizeof > 4:
        raise gdb.GdbError(f"{arguments[0]} has {value.type.sizeof} bytes; a watchpoint can "
                           "have 4: name one of its parts")
    kind = {1: "unsigned char", 2: "unsigned short", 4: "int"}.get(value.type.sizeof)
    Watchpoint(f"*({kind} *) {address:#x}", gdb.WP_WRITE, process.id)
    print(f"watching {arguments[0]} at {address:#010x} of {process_name(process)}")


class ProcessId(gdb.Function):
    """$pid(): the number of the process that runs, or 0. For conditions of breakpoints:
`break main if $pid() == 5`."""

    def __init__(self):
        super().__init__("pid")

    def invoke(self):
        forget()
        process = current_process()
        return process.id if process else 0


ProcessId()
