# SPDX-License-Identifier: MIT
"""The table of vm/fault.c, decided once more: what would an access do?"""

from guest.kernel import cached_frame, entry_bits, frame_flags
from guest.memory import KERNEL_BASE, PAGE, SPAN_SHIFT, constants, record

ROWS = {  # as in vm/fault.c: (what the page has, what happens)
    "NO_AREA": ("no area, and no stack to grow", "SIGSEGV, SEGV_MAPERR"),
    "FORBIDDEN": ("an area that forbids it", "SIGSEGV, SEGV_ACCERR"),
    "NOT_CODE": ("an area of no code, and a fetch", "SIGSEGV, SEGV_ACCERR"),
    "ANON_OWN": ("an anon, references 1", "map it as the area allows"),
    "ANON_SHARED": ("an anon, references > 1", "map it read-only"),
    "ANON_COPY": ("an anon, references > 1", "copy it into a new anon"),
    "ZERO_MAP": ("no anon, nothing behind", "map the frame of zeros, read-only"),
    "ZERO_FILL": ("no anon, nothing behind", "a new anon, of zeros"),
    "FILE_SHARED": ("no anon, file, shared", "map the page cache's frame"),
    "FILE_READ": ("no anon, file, private", "map the page cache's frame, read-only"),
    "FILE_COPY": ("no anon, file, private", "copy the page cache's frame into a new anon"),
    "PAST_END": ("a page past the end of the file", "SIGBUS"),
    "MAKE_TABLES": ("no page table", "make one, and look again"),
    "GROW_STACK": ("no area, just below the stack", "let the stack grow, and look again"),
    "UNSHARE": ("a span shared since fork", "make it the program's own, and look again"),
}

LAYOUT = "kernel/mem/layout.h"


class Fault:
    """What an access to a page would meet: row, area, whether the stack grows for it."""

    def __init__(self, space, address, write):
        self.space, self.page, self.write = space, address & -PAGE, write
        self.area = space.area(self.page)
        self.grows = not self.area and self.page < KERNEL_BASE
        if self.grows:
            self.area = self._stack()
            self.grows = self.area is not None
        self.anon = space.anon(self.page) if self.page < KERNEL_BASE else None
        self.row = self._row()

    def _stack(self):
        """The stack's area, if it may grow down to the page."""
        below, stack = 0, None
        for area in self.space.areas():
            if area.node.key > self.page:
                stack = area
                break
            below = area.end
        if not stack or not stack.flags & constants("vm/area.h", "AREA")["GROWS_DOWN"]:
            return None
        lowest = constants(LAYOUT, "USER")["START"]
        if below:
            lowest = max(lowest, below + constants(LAYOUT, "STACK")["GUARD_GAP"])
        if self.page < lowest or stack.end - self.page > self.space.spt.stack_limit:
            return None
        return stack

    def _row(self):
        flags = constants("vm/area.h", "AREA")
        if not self.area:
            return "NO_AREA"
        needed = flags["WRITE"] if self.write else (
            flags["READ"] | flags["WRITE"] | flags["EXECUTE"])
        if not self.area.flags & needed:
            return "FORBIDDEN"
        if self.anon:
            if self.space.references(self.page, self.anon) == 1:
                return "ANON_OWN"
            return "ANON_COPY" if self.write else "ANON_SHARED"
        if not self.file_behind():
            return "ZERO_FILL" if self.write else "ZERO_MAP"
        if self.source_page() >= (self.source().size + PAGE - 1) // PAGE:
            return "PAST_END"
        if self.area.flags & flags["SHARED"]:
            return "FILE_SHARED"
        ends_within = self.area.file_end - self.page < PAGE
        return "FILE_COPY" if self.write or ends_within else "FILE_READ"

    def source(self):
        return record("struct page_source", self.area.source)

    def source_page(self):
        return self.area.first_page + ((self.page - self.area.node.key) >> 12)

    def file_behind(self):
        """Whether a file's bytes lie behind the page, or zeros."""
        return bool(self.area and self.area.source and self.page < self.area.file_end)

    def happens(self):
        """Whether the processor would fault at all."""
        bits = entry_bits()
        if self.page >= KERNEL_BASE:
            return True
        entry = self.space.entry(self.page)
        if self.write:  # a page table that is shared since a fork is not written through
            entry &= self.space.directory[self.page >> SPAN_SHIFT]
        return not (entry & bits["P"] and entry & bits["U"]
                    and (entry & bits["W"] or not self.write))

    def what_happens(self):
        """The row's last column, with what comes before it."""
        steps = []
        if self.grows:
            pages = (self.area.node.key - self.page) // PAGE
            steps.append(f"the stack grows by {pages} pages")
        if self.row.startswith("ANON"):
            if not self.anon.frame:
                steps.append(f"major: read swap slot {self.anon.slot}")
            elif "busy" in frame_flags(record("struct frame", self.anon.frame)).split():
                steps.append("wait for the transfer of its frame")
        if self.row.startswith("FILE") and not cached_frame(self.area.source,
                                                            self.source_page()):
            steps.append("major: read the page from its file")
        return "; ".join(steps + [ROWS[self.row][1]])
