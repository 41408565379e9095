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

/** The tables that the processor walks, in a memory that read(address, bytes) reads. */
class Tables {
    /** entries: how many a table has. */
    constructor(read, entries) {
        this.read = read;
        this.entries = entries;
    }

    /** The entries of a table in this frame, each in the 32 bits in which the trace tells it. */
    table(frame) {
        const words = new Uint32Array(this.read(frame * 4096, 4096).slice().buffer);
        const {entries} = this;
        if (entries === WORDS)
            return words;
        return Uint32Array.from({length: entries}, (_, entry) =>
            words[2 * entry] | (words[2 * entry + 1] >>> 31 ? HARDWARE.NO_CODE : 0));
    }

    /** The pages that directories in these frames give to programs: page number to entry, the right
     * to write as both levels give it. */
    pages(directories) {
        const found = new Map();
        const {entries} = this;
        const spans = directories.flatMap((frame) => [...this.table(frame)]);
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
}

class Eye {
    /** stream: its count says whether anything happened, and its entries how many a table has. */
    constructor(computer, stream) {
        this.computer = computer;
        this.stream = stream;
    }

    /** Compares all address spaces of a State (scripts/trace/viewer/state.js); undefined if something
     * happened meanwhile. */
    async compare(state) {
        const {count, entries} = this.stream;
        const spaces = [...state.spaces.values()].filter((space) => space.directories[0] !== undefined);
        const seen = await this.computer.look(
            spaces.map(({directories}) => Object.values(directories)), entries);
        if (this.stream.count !== count)
            return undefined;
        const result = {cr3: seen.cr3, spaces: spaces.length, pages: 0, accessed: 0, dirty: 0,
            differences: []};
        spaces.forEach((space, number) => this.compareSpace(space, seen.spaces[number], result));
        return result;
    }

    compareSpace(space, seen, result) {
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
