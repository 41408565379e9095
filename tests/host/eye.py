# SPDX-License-Identifier: MIT
"""The web page's other eye (scripts/web/page/eye.js) reads page tables of two and of three levels: from
a memory that is written here, entry by entry, it finds each page, with its rights, and each way in
which what the kernel told differs."""

import json
import shutil
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
from shared.tap import check, done

P, W, U, A, NX = 1, 2, 4, 0x20, 1 << 63
TOLD_NX = 0x800
FILES = ["scripts/trace/viewer/state.js", "scripts/web/page/eye.js"]
RUN = """
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
TABLES.entries = asked.entries;
const memory = Uint8Array.from(asked.memory);
const tables = new Tables((at, length) => memory.subarray(at, at + length), asked.entries);
const computer = {look: (spaces) => ({cr3: 0x1000, spaces: spaces.map((one) => tables.pages(one))})};
const eye = new Eye(computer, {count: 0, entries: asked.entries});
const answers = asked.told.map((told) => {
    const space = new Space(1);
    space.directories = asked.directories;
    for (const [page, entry] of told)
        space.tables.entry.set(page, entry);
    return eye.compare({spaces: new Map([[1, space]])});
});
Promise.all(answers).then((answer) => console.log(JSON.stringify(answer)));
"""


class Memory:
    """Frames of tables, the entries of `size` bytes."""

    def __init__(self, size):
        self.size, self.entries = size, 4096 // size
        self.bytes = bytearray(16 * 4096)

    def set(self, frame, index, entry):
        struct.pack_into("<I" if self.size == 4 else "<Q", self.bytes,
                         4096 * frame + self.size * index, entry)

    def compare(self, directories, *told):
        with_all = "".join(open(file, encoding="utf-8").read() for file in FILES) + RUN
        asked = {"entries": self.entries, "memory": list(self.bytes), "directories": directories,
                 "told": [list(pages.items()) for pages in told]}
        ran = subprocess.run(["node", "-e", with_all], input=json.dumps(asked), text=True,
                             capture_output=True, check=False)
        print("# " + ran.stderr.replace("\n", "\n# "))
        return json.loads(ran.stdout)


def look(size, directories):
    """Three pages far from each other; the last lies in a table that nobody may write through."""
    memory, levels = Memory(size), "two levels" if size == 4 else "three levels"
    no_code, told_no_code = (NX, TOLD_NX) if size == 8 else (0, 0)
    pages = {0x08048: 0x5000 | P | U, 0x40000: 0x6000 | P | W | U | no_code, 0xbfffc: 0x7000 | P | U}
    told = {0x08048: 0x5000 | P | U, 0x40000: 0x6000 | P | W | U | told_no_code, 0xbfffc: 0x7000 | P | U}
    for number, (page, entry) in enumerate(pages.items()):
        slot, table = page // memory.entries, 8 + number
        memory.set(directories[slot // memory.entries], slot % memory.entries,
                   table << 12 | P | U | (0 if page == 0xbfffc else W))
        memory.set(table, page % memory.entries, entry | A | (W if page == 0xbfffc else 0))
    if size == 4:
        memory.set(directories[0], memory.entries - 1, 0x5000 | P | W)  # the kernel's
    wrong = [{**told, 0x40000: told[0x40000] & ~W}, {**told, 0x08048: 0x9000 | P | U},
             {page: entry for page, entry in told.items() if page != 0xbfffc},
             {**told, 0x40001: 0x6000 | P | U}]
    if size == 8:
        wrong.append({**told, 0x40000: told[0x40000] & ~TOLD_NX})
    right, *others = memory.compare(dict(enumerate(directories)), told, *wrong)
    check(right["pages"] == 3 and right["accessed"] == 3 and not right["differences"],
          f"{levels}: three pages are found, and are as the kernel says")
    check(all(len(other["differences"]) == 1 for other in others),
          f"{levels}: {len(others)} ways to differ are seen, each once")


def main():
    if not shutil.which("node"):
        print("needs node (Debian package nodejs)")
        sys.exit(77)
    look(4, [2])
    look(8, [2, 3, 4])
    done()


main()
