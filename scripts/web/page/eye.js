/* SPDX-License-Identifier: MIT */
/*
 * The other eye: what the processor sees. CR3, page directories and page tables are read from the
 * machine's memory, without the kernel's help, and compared with what the kernel has told. Tables are of
 * either kind (kernel/mem/page_table.h): which one, the trace's beginning says (stream.js).
 *
 * The processor sets A and D by itself, so these may be there and not told; all else must be equal.
 */

// NO_CODE: where the kernel tells bit 63 of an entry of 64 bits (entry_short).
const HARDWARE = {PRESENT: 1, WRITE: 2, USER: 4, ACCESSED: 0x20, DIRTY: 0x40, NO_CODE: 0x800};
const COMPARED = HARDWARE.PRESENT | HARDWARE.WRITE | HARDWARE.USER | HARDWARE.NO_CODE;
const USER_PAGES = 0xc0000;    // below KERNEL_BASE
const WORDS = 1024;            // of 32 bits in a frame
const MOST_NAMED = 5;

class Eye {
    /** tables.entries: how many a table has. */
    constructor(machine, tables) {
        this.machine = machine;
        this.tables = tables;
    }

    get cr3() {
        return this.machine.controlRegister(3);
    }

    /** The entries of a table in this frame, each in the 32 bits in which the trace tells it. */
    table(frame) {
        const bytes = this.machine.read(frame * 4096, 4096);
        const words = new Uint32Array(bytes.slice().buffer);
        const {entries} = this.tables;
        if (entries === WORDS)
            return words;
        return Uint32Array.from({length: entries}, (_, entry) =>
            words[2 * entry] | (words[2 * entry + 1] >>> 31 ? HARDWARE.NO_CODE : 0));
    }

    /** The pages that directories in these frames give to programs: page number to entry, the right
     * to write as both levels give it. */
    pages(directories) {
        const found = new Map();
        const {entries} = this.tables;
        const spans = Object.values(directories).flatMap((frame) => [...this.table(frame)]);
        for (let span = 0; span < USER_PAGES / entries; span++) {
            if (!(spans[span] & HARDWARE.PRESENT))
                continue;
            const table = this.table(spans[span] >>> 12);
            const may = spans[span] & HARDWARE.WRITE ? ~0 : ~HARDWARE.WRITE;
            table.forEach((entry, number) => {
                if (entry & HARDWARE.PRESENT)
                    found.set(span * entries + number, (entry & may) >>> 0);
            });
        }
        return found;
    }

    /** Compares all address spaces of a State (scripts/trace/viewer/state.js). */
    compare(state) {
        const result = {cr3: this.cr3, spaces: 0, pages: 0, accessed: 0, dirty: 0,
            differences: []};
        for (const space of state.spaces.values()) {
            if (space.directories[0] === undefined)
                continue;
            result.spaces++;
            this.compareSpace(space, result);
        }
        return result;
    }

    compareSpace(space, result) {
        const seen = this.pages(space.directories);
        const told = new Map();
        space.tables.entry.forEach((page, entry) => {
            if (entry & HARDWARE.PRESENT)
                told.set(page, entry);
        });
        for (const [page, entry] of seen) {
            result.pages++;
            result.accessed += Boolean(entry & HARDWARE.ACCESSED);
            result.dirty += Boolean(entry & HARDWARE.DIRTY);
            const other = told.get(page);
            const same = other !== undefined && entry >>> 12 === other >>> 12 &&
                (entry & COMPARED) === (other & COMPARED);
            if (!same)
                result.differences.push({as: space.number, page, seen: entry, told: other});
        }
        for (const [page, entry] of told) {
            if (!seen.has(page))
                result.differences.push({as: space.number, page, seen: undefined, told: entry});
        }
    }

    static describe({cr3, spaces, pages, accessed, dirty, differences}) {
        const hex = (number) => `0x${(number >>> 0).toString(16)}`;
        if (differences.length === 0)
            return `CR3 ${hex(cr3)}: the processor's tables are as the kernel says. ${pages} pages ` +
                `in ${spaces} address spaces, ${accessed} accessed, ${dirty} dirty.`;
        const named = differences.slice(0, MOST_NAMED).map(({as, page, seen, told}) =>
            `${hex(page * 4096)} of space ${as}: ${seen === undefined ? "none" : hex(seen)}, told ` +
            `${told === undefined ? "none" : hex(told)}`);
        return `The processor's tables differ from what the kernel says at ${differences.length} ` +
            `pages: ${named.join("; ")}`;
    }
}
