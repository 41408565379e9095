# SPDX-License-Identifier: MIT
"""pagoda threads, locks: who runs, who sleeps and where, who waits for whom.

A thread that does not run has left its registers on its kernel stack (switch.S). To look at
its calls nothing is changed in the guest: an unwinder tells gdb that the innermost frame was
called from there.
"""

import contextlib

import gdb
import gdb.unwinder
from gdb.FrameDecorator import FrameDecorator

from guest.kernel import (current_thread, holders, process_name, spaces, threads)
from guest.memory import (KERNEL_BASE, PAGE, constants, layout_of, offset_of, read_string,
                          read_words, record, symbol, to_virtual)
from guest.spaces import thread_state
from guest.text import command, number_of, table

FRAMES_SHOWN = 30
TRAP_FRAME = 8  # from the stack pointer in the entry stub: it has pushed two words (entry.S)


# ---- the calls of a thread that does not run --------------------------------------------

class StackPointer:
    """What identifies a frame for gdb."""

    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class Sleeper(gdb.unwinder.Unwinder):
    """Makes a switched-out thread the caller of the innermost frame."""

    def __init__(self):
        super().__init__("pagoda-sleeping-thread")
        self.registers = None  # of the thread to show
        self.live = None       # (eip, esp) of the processor: the frame to replace

    def __call__(self, pending):
        if not self.registers:
            return None
        eip, esp = pending.read_register("eip"), pending.read_register("esp")
        if (int(eip) & 0xFFFFFFFF, int(esp) & 0xFFFFFFFF) != self.live:
            return None
        # The frame's identity must lie below its caller's: the stack grows down.
        here = gdb.Value(self.registers["esp"] - 64).cast(esp.type)
        unwound = pending.create_unwind_info(StackPointer(here, eip))
        for name, value in self.registers.items():
            kind = pending.read_register(name).type
            unwound.add_saved_register(name, gdb.Value(value).cast(kind))
        return unwound


SLEEPER = Sleeper()
gdb.unwinder.register_unwinder(None, SLEEPER, replace=True)


def switched_out_registers(thread):
    """What context_switch saved: edi, esi, ebx, ebp and the return address."""
    edi, esi, ebx, ebp, eip = read_words(thread.context, 5)
    return {"edi": edi, "esi": esi, "ebx": ebx, "ebp": ebp, "eip": eip,
            "esp": thread.context + 20}


def live(name):
    return int(gdb.parse_and_eval("$" + name)) & 0xFFFFFFFF


@contextlib.contextmanager
def calls_of(thread):
    """Inside, gdb's frames from #1 on are those of the thread, which does not run. (#0 may
    have company if gdb takes the place for an inlined function.)"""
    past_main = gdb.parameter("backtrace past-main")
    gdb.execute("set backtrace past-main on")  # #0 may be in somebody's main
    gdb.execute("frame 0", to_string=True)
    SLEEPER.live = live("eip"), live("esp")
    SLEEPER.registers = switched_out_registers(thread)
    gdb.invalidate_cached_frames()
    try:
        yield
    finally:
        SLEEPER.registers = None
        gdb.invalidate_cached_frames()
        gdb.execute(f"set backtrace past-main {'on' if past_main else 'off'}")


def first_call(thread):
    """The innermost frame of the thread that calls_of() shows."""
    frame = gdb.newest_frame()
    while frame and frame.pc() != switched_out_registers(thread)["eip"]:
        frame = frame.older()
    if not frame:
        raise gdb.GdbError(f"{thread_name(thread.address)} cannot be looked into")
    return frame


def trap_words(frame):
    """What brought the processor into the kernel, at the frame of the entry stub."""
    esp = int(frame.read_register("esp")) & 0xFFFFFFFF
    vector = record("struct trap_frame", esp + TRAP_FRAME).vector
    traps = constants("kernel/cpu/trap.h", "TRAP")
    names = {value: name.lower().replace("_", " ") for name, value in traps.items()}
    names[traps["SYSCALL"]] = "system call"
    if traps["IRQ0"] <= vector < traps["IRQ0"] + 16:
        return f"(interrupt {vector - traps['IRQ0']})"
    return f"(trap {vector}: {names.get(vector, 'unexpected')})"


class TrapDecorator(FrameDecorator):
    """The frame of the entry stub, which gdb would call a signal handler's, by its true name."""

    def function(self):
        return trap_words(self.inferior_frame())


class TrapNames:
    """A frame filter: backtraces say which trap it was."""

    name, enabled, priority = "pagoda-traps", True, 50

    def filter(self, decorators):
        for decorator in decorators:
            frame = decorator.inferior_frame()
            is_trap = frame.type() == gdb.SIGTRAMP_FRAME and frame.pc() >= KERNEL_BASE
            yield TrapDecorator(decorator) if is_trap else decorator


gdb.frame_filters[TrapNames.name] = TrapNames()


def frame_line(frame):
    """A call, as `function at file:line`."""
    if frame.type() == gdb.SIGTRAMP_FRAME:
        return trap_words(frame)
    place = frame.find_sal()
    name = frame.name() or f"{frame.pc():#010x}"
    return f"{name} at {place.symtab.filename}:{place.line}" if place.symtab else name


def kernel_calls(thread, running):
    """The lines of a thread's calls, innermost first, as far as they are the kernel's."""
    if running:
        return list(walk_calls(gdb.newest_frame()))
    with calls_of(thread):
        return list(walk_calls(first_call(thread)))


def walk_calls(frame):
    for _ in range(FRAMES_SHOWN):
        if frame is None or frame.pc() == 0:
            return
        if frame.pc() < KERNEL_BASE:
            yield f"(the program, at {frame.pc():#010x})"
            return
        yield frame_line(frame)
        frame = frame.older()


def waits_for(thread):
    """What a thread waits for, in words."""
    if not thread.waiting_for:
        return ""
    mutex = record("struct mutex", thread.waiting_for)
    owner = thread_name(mutex.owner) if mutex.owner else "nobody"
    return f"mutex '{read_string(mutex.name)}', held by {owner}"


def thread_name(address):
    thread = record("struct thread", address)
    return f"thread {thread.id} ({thread.name})"


@command("threads [ID]")
def threads_command(arguments):
    """every thread of the kernel, and for those that do not run, where they are"""
    chosen = number_of(arguments[0], "thread id") if arguments else None
    running = current_thread()
    found = [thread for thread in threads() if chosen in (None, thread.id)]
    if not found:
        raise gdb.GdbError(f"there is no thread {chosen}: `pagoda threads` lists them"
                           if arguments else "there are no threads yet")
    table(["", "ID", "STATE", "NAME", "PROCESS", "WAITS FOR"],
          ([is_running(thread, running), thread.id, thread_state(thread), thread.name,
            record("struct process", thread.process).id if thread.process else "",
            waits_for(thread)] for thread in found))
    for thread in found:
        print(f"\nthread {thread.id} ({thread.name}), {thread_state(thread)}:")
        for line in kernel_calls(thread, is_running(thread, running)):
            print("  " + line)


def is_running(thread, running):
    return "*" if running and thread.address == running.address else ""


# ---- another process's eyes ----------------------------------------------------------

@contextlib.contextmanager
def eyes_of(process):
    """Inside, gdb sees memory and calls as the process does: CR3 is lent, and given back
    before the guest can run."""
    running = current_thread()
    if running and running.process == process.address:
        yield
        return
    if not process.first.thread:
        raise gdb.GdbError(f"{process_name(process)} has exited")
    thread = record("struct thread", process.first.thread)
    lent = live("cr3")
    set_directory(thread.cr3)
    try:
        with calls_of(thread):
            first_call(thread).select()
            yield
    finally:
        set_directory(lent)


def set_directory(value):
    gdb.execute(f"set $cr3 = {value:#x}", to_string=True)
    gdb.execute("maintenance flush dcache", to_string=True)


# ---- locks ---------------------------------------------------------------------------

def kernel_words():
    """(address, words) of all memory where a lock can lie: the kernel's data, the heap and
    the kernel's stacks."""
    start, end = symbol("data_start"), symbol("kernel_end")
    for page in range(start & -PAGE, end, PAGE):
        with contextlib.suppress(gdb.GdbError):  # the hole below the stack of start-up
            yield page, read_words(page, PAGE // 4)
    for number, holder in enumerate(holders()):
        if holder == "HEAP":
            yield to_virtual(number * PAGE), read_words(to_virtual(number * PAGE), PAGE // 4)


def is_constant(address):
    return symbol("rodata_start") <= address < symbol("rodata_end")


def held_mutexes():
    """The struct mutex at every place that looks like one whose owner is a thread."""
    owners = {thread.address for thread in threads()}
    queue = offset_of("struct mutex", "waiters") + offset_of("struct wait_queue", "lock")
    for page, content in kernel_words():
        if owners.isdisjoint(content):
            continue
        for i, word in enumerate(content):
            address = page + 4 * i
            if word not in owners or address + layout_of("struct mutex").size > page + PAGE:
                continue
            mutex = record("struct mutex", address)
            spinlock = record("struct spinlock", address + queue)
            if is_constant(mutex.name) and is_constant(spinlock.name):
                yield mutex


def held_spinlocks():
    """The struct spinlock at every place that looks like one that is held."""
    cpu = symbol("boot_cpu")
    for page, content in kernel_words():
        if cpu not in content:
            continue
        for i in range(len(content) - 2):
            if content[i] == 1 and content[i + 1] == cpu and is_constant(content[i + 2]):
                yield page + 4 * i, read_string(content[i + 2])


def place_words(address):
    """Where a lock lies, in words."""
    text = gdb.execute(f"info symbol {address:#x}", to_string=True)
    if not text.startswith("No symbol"):
        return text.split(" in section")[0]
    lock = offset_of("struct spt", "lock")
    for space in spaces():
        if address == space.address + lock:
            return space.name()
    return heap_words(address)


def heap_words(address):
    """The heap object that holds an address: its slab says what kind it is."""
    slab = record("struct slab", address & -PAGE)
    cache = read_string(record("struct slab_cache", slab.cache).name)
    first = (address & -PAGE) + layout_of("struct slab").size
    start = first + (address - first) // slab.stride * slab.stride
    return f"{cache} at {start:#010x}"


def readers_of(space):
    """Who holds the space's lock for reading: threads of it that are in a page fault."""
    faulting = [f"thread {thread.id} ({thread.name})" for thread in threads()
                if thread.spt == space.address and thread.fault]
    return ", ".join(faulting) or f"{space.spt.lock.readers} threads"


@command("locks", completion=gdb.COMPLETE_NONE)
def locks(arguments):
    """which locks are held, by whom, and who waits"""
    waiters = {}
    for thread in threads():
        if thread.waiting_for:
            waiters.setdefault(thread.waiting_for, []).append(
                f"thread {thread.id} ({thread.name})")
    rows = [["mutex", read_string(mutex.name), thread_name(mutex.owner),
             ", ".join(waiters.pop(mutex.address, [])), place_words(mutex.address)]
            for mutex in held_mutexes()]
    # A waiter whose mutex was let go just now has not run yet.
    rows += [["mutex", read_string(record("struct mutex", address).name), "nobody",
              ", ".join(names), place_words(address)] for address, names in waiters.items()]
    rows += [["readers", "address space", readers_of(space), "", space.name()]
             for space in spaces() if space.spt.lock.readers]
    running = current_thread()
    rows += [["spinlock", name, thread_name(running.address), "", place_words(address)]
             for address, name in held_spinlocks()]
    if rows:
        table(["KIND", "NAME", "HELD BY", "WAITING", "WHERE"], rows)
    else:
        print("no lock is held, and nobody waits for one")
    print(f"preemption is off {record('struct cpu', symbol('boot_cpu')).preempt_off} deep, "
          f"interrupts are nested {record('struct cpu', symbol('boot_cpu')).interrupt_depth} "
          "deep")
