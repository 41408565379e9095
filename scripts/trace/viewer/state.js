/* SPDX-License-Identifier: MIT */
/*
 * What is where at one moment: played from the events, as docs/trace-format.md says.
 *
 * A state is copied often (see player.js) and mostly stays the same, so its tables are copied
 * the way fork copies memory: both share the chunks, and who writes to a chunk first gets one
 * of its own.
 */

const PAGE_SIZE = 4096;
const ENTRY = {P: 1, W: 2, U: 4, A: 0x20, D: 0x40, L: 0x200, N: 0x800};
const DIRECTORY_ENTRY_FLAGS = ENTRY.P | ENTRY.W | ENTRY.U;

/** What a frame is used for; the table of frames holds these numbers. */
const USES = ["free", "absent", "boot", "heap", "stack", "vm", "table", "directory", "leaf", "zero",
    "anon", "cache"];
const USE = Object.fromEntries(USES.map((name, number) => [name, number]));
/** What a disk is doing with a frame. */
const IO = {NONE: 0, READ: 1, WRITE: 2};

const pageOf = (address) => Math.floor(address / PAGE_SIZE);
const frameOf = (entry) => entry >>> 12;
/** Entries of a page table, which the trace's beginning says if they are fewer: PAE's has 512, and
 * three levels. */
const TABLES = {entries: 1024};
/** The number of the page's table in its space: all directories' entries in a row. */
const directoryIndex = (page) => Math.floor(page / TABLES.entries);
const tableIndex = (page) => page % TABLES.entries;
/** Which of a space's directories leads to the page. */
const pointerIndex = (page) => Math.floor(page / TABLES.entries ** 2);

const CHUNK_BITS = 8;
const CHUNK_MASK = (1 << CHUNK_BITS) - 1;

/** Numbers 0 .. 2^32 - 1 at indexes 0 .. 2^32 - 1; 0 where nothing was set. */
class Table {
    constructor(chunks = new Map()) {
        this.chunks = chunks;
        this.own = new Set();
        // The chunk that was used last is often the next one, too.
        this.lastNumber = -1;
        this.last = undefined;
    }

    get(index) {
        const number = index >>> CHUNK_BITS;
        if (number !== this.lastNumber) {
            this.lastNumber = number;
            this.last = this.chunks.get(number);
        }
        return this.last ? this.last[index & CHUNK_MASK] : 0;
    }

    set(index, value) {
        const number = index >>> CHUNK_BITS;
        let chunk = this.chunks.get(number);
        if (!this.own.has(number)) {
            chunk = chunk ? chunk.slice() : new Uint32Array(1 << CHUNK_BITS);
            this.chunks.set(number, chunk);
            this.own.add(number);
        }
        this.lastNumber = number;
        this.last = chunk;
        chunk[index & CHUNK_MASK] = value;
    }

    /** Calls visit(index, value) for all that are not 0. */
    forEach(visit) {
        for (const [number, chunk] of this.chunks) {
            const first = number * (1 << CHUNK_BITS);
            for (let i = 0; i < chunk.length; i++) {
                if (chunk[i] !== 0)
                    visit(first + i, chunk[i]);
            }
        }
    }

    copy() {
        this.own.clear();
        return new Table(new Map(this.chunks));
    }
}

const copyTables = (tables) => Object.fromEntries(
    Object.entries(tables).map(([name, table]) => [name, table.copy()]));

/** An address space. Lists of areas are never changed but replaced, so copies may share them. */
class Space {
    constructor(number) {
        this.number = number;
        this.areas = [];
        this.directories = {};  // the frames of its page directories: with PAE three, else one
        // By page: the page-table entry, and the anonymous page. By slot: the table's frame,
        // the event that made it, and whether it is shared since fork.
        this.tables = {entry: new Table(), anon: new Table(), table: new Table(),
            since: new Table(), shared: new Table()};
    }

    copy() {
        const copy = new Space(this.number);
        Object.assign(copy, this, {tables: copyTables(this.tables)});
        return copy;
    }

    area(page) {
        const address = page * PAGE_SIZE;
        return this.areas.find((area) => area.addr <= address && address < area.end);
    }

    /** The page-directory entry for the page, 0 if there is no page table. */
    directoryEntry(page) {
        const index = directoryIndex(page);
        const frame = this.tables.table.get(index);
        const flags = this.tables.shared.get(index) ? DIRECTORY_ENTRY_FLAGS & ~ENTRY.W
            : DIRECTORY_ENTRY_FLAGS;
        return frame ? frame * PAGE_SIZE + flags : 0;
    }
}

class State {
    constructor() {
        this.processes = new Map();   // pid: {pid, name, parent, as}, replaced when changed
        this.faults = new Map();      // pid: index of the fault.begin it is in
        this.counts = {};             // row or kind: how often so far
        this.free = undefined;
        this.policy = "";
        this.hand = undefined;
        this.forget();
    }

    forget() {
        this.frame = {use: new Table(), space: new Table(), page: new Table(), anon: new Table(),
            file: new Table(), offset: new Table(), dirty: new Table(), io: new Table()};
        this.anon = {frame: new Table(), slot: new Table(), references: new Table()};
        this.slot = {used: new Table(), anon: new Table()};
        this.slotsUsed = 0;
        this.spaces = new Map();
        this.processes.clear();
        this.faults.clear();
    }

    copy() {
        const copy = new State();
        Object.assign(copy, this, {
            frame: copyTables(this.frame), anon: copyTables(this.anon), slot: copyTables(this.slot),
            processes: new Map(this.processes), faults: new Map(this.faults),
            counts: {...this.counts},
            spaces: new Map([...this.spaces].map(([number, space]) => [number, space.copy()])),
        });
        return copy;
    }

    apply(event) {
        CHANGES[event.kind]?.(this, event);
    }

    /** The space; a trace that does not tell of spaces (trace=map) makes them as they appear. */
    space(number) {
        let space = this.spaces.get(number);
        if (!space) {
            space = new Space(number);
            this.spaces.set(number, space);
        }
        return space;
    }

    count(name, by = 1) {
        this.counts[name] = (this.counts[name] ?? 0) + by;
    }

    entry(as, page) {
        return this.spaces.get(as)?.tables.entry.get(page) ?? 0;
    }

    anonAt(as, page) {
        return this.spaces.get(as)?.tables.anon.get(page) ?? 0;
    }

    processOf(as) {
        for (const process of this.processes.values()) {
            if (process.as === as)
                return process;
        }
        return undefined;
    }

    /** All page-table entries that map the frame, as {as, page, entry}. */
    mappings(frame) {
        const found = [];
        for (const space of this.spaces.values()) {
            space.tables.entry.forEach((page, entry) => {
                if (frameOf(entry) === frame)
                    found.push({as: space.number, page, entry});
            });
        }
        return found;
    }

    /** All pages whose supplemental entry names the anonymous page, as {as, page}. */
    references(anon) {
        const found = [];
        for (const space of this.spaces.values()) {
            space.tables.anon.forEach((page, other) => {
                if (other === anon)
                    found.push({as: space.number, page});
            });
        }
        return found;
    }
}

function changeProcess(state, pid, change) {
    state.processes.set(pid, {pid, ...state.processes.get(pid), ...change});
}

function areaFrom(event) {
    const {addr, end, rights, shared, what, locked, file, offset} = event;
    return {addr, end, rights, shared, what, locked, file, offset};
}

function withoutArea(areas, addr, end) {
    return areas.filter((area) => area.addr !== addr || area.end !== end);
}

function withArea(areas, area) {
    return [...areas, area].sort((a, b) => a.addr - b.addr);
}

function holdAnon(state, event) {
    state.frame.use.set(event.frame, USE.anon);
    state.frame.anon.set(event.frame, event.anon);
    state.anon.frame.set(event.anon, event.frame);
}

function setSlot(state, event) {
    state.anon.slot.set(event.anon, event.slot);
    state.slot.anon.set(event.slot, event.anon);
}

function setEntry(state, event, entry) {
    state.space(event.as).tables.entry.set(pageOf(event.addr), entry);
}

/** A span is shared no more by this space, whose page table perhaps stays with the others. */
function releaseSlot(state, event) {
    const {table, since, shared} = state.space(event.as).tables;
    const index = directoryIndex(pageOf(event.addr));
    shared.set(index, 0);
    since.set(index, event.index);
    if (event.lost !== undefined)
        table.set(index, 0);
}

function refer(state, anon, by) {
    if (anon)
        state.anon.references.set(anon, Math.max(0, state.anon.references.get(anon) + by));
}

/** How each kind of event changes a state. Those that are missing change nothing. */
const CHANGES = {
    "snapshot": (state, event) => {
        if (event.state === "begin")
            state.forget();
        state.free = event.free;
    },
    "policy": (state, event) => {
        state.policy = event.policy;
        state.hand = undefined; // the new one may have none
    },
    "begin": (state, event) => {
        state.policy = event.policy ?? "";
        TABLES.entries = event.entries ?? 1024;
    },

    "frame.take": (state, event) => {
        for (let i = 0; i < (event.count ?? 1); i++)
            state.frame.use.set(event.frame + i, USE[event.holder] ?? USE.vm);
        state.free = event.free;
    },
    "frame.give": (state, event) => {
        const {use, space, page} = state.frame;
        if (use.get(event.frame) === USE.table) {
            const {table, since} = state.space(space.get(event.frame)).tables;
            const index = directoryIndex(page.get(event.frame));
            if (table.get(index) === event.frame) {
                table.set(index, 0);
                since.set(index, event.index);
            }
        }
        for (const table of Object.values(state.frame))
            table.set(event.frame, 0);
        state.free = event.free;
    },
    "frame.table": (state, event) => {
        state.frame.use.set(event.frame, USE[event.what]);
        if (event.as === undefined)
            return;
        const page = pageOf(event.addr ?? 0);
        state.frame.space.set(event.frame, event.as);
        state.frame.page.set(event.frame, page);
        const space = state.space(event.as);
        if (event.what === "directory")
            space.directories = {...space.directories, [pointerIndex(page)]: event.frame};
        if (event.what === "table") {
            space.tables.table.set(directoryIndex(page), event.frame);
            space.tables.since.set(directoryIndex(page), event.index);
        }
    },
    "frame.dirty": (state, event) => { state.frame.dirty.set(event.frame, Number(event.dirty)); },

    "anon.new": (state, event) => {
        if (event.frame !== undefined)
            holdAnon(state, event);
        if (event.slot !== undefined)
            setSlot(state, event);
    },
    "anon.attach": holdAnon,
    "anon.detach": (state, event) => {
        state.anon.frame.set(event.anon, 0);
        state.frame.anon.set(event.frame, 0);
        state.frame.use.set(event.frame, USE.vm);
    },
    "anon.slot": setSlot,
    "anon.free": (state, event) => {
        for (const table of Object.values(state.anon))
            table.set(event.anon, 0);
    },

    "swap.take": (state, event) => {
        state.slot.used.set(event.slot, 1);
        state.slotsUsed = event.used;
    },
    "swap.give": (state, event) => {
        const anon = state.slot.anon.get(event.slot);
        if (anon && state.anon.slot.get(anon) === event.slot)
            state.anon.slot.set(anon, 0);
        state.slot.anon.set(event.slot, 0);
        state.slot.used.set(event.slot, 0);
        state.slotsUsed = event.used;
    },

    "cache.insert": (state, event) => {
        state.frame.use.set(event.frame, USE.cache);
        state.frame.file.set(event.frame, event.file);
        state.frame.offset.set(event.frame, pageOf(event.offset));
    },
    "cache.remove": (state, event) => {
        state.frame.use.set(event.frame, USE.vm);
        state.frame.file.set(event.frame, 0);
    },

    "space.new": (state, event) => { state.spaces.set(event.as, new Space(event.as)); },
    "space.end": (state, event) => { state.spaces.delete(event.as); },
    "area.add": (state, event) => {
        const space = state.space(event.as);
        space.areas = withArea(space.areas, areaFrom(event));
    },
    "area.remove": (state, event) => {
        const space = state.space(event.as);
        space.areas = withoutArea(space.areas, event.addr, event.end);
    },
    "area.change": (state, event) => {
        const space = state.space(event.as);
        const others = withoutArea(space.areas, event.old_addr, event.old_end);
        space.areas = withArea(others, areaFrom(event));
    },

    "page": (state, event) => {
        const {anon} = state.space(event.as).tables;
        const page = pageOf(event.addr);
        refer(state, anon.get(page), -1);
        refer(state, event.anon, 1);
        anon.set(page, event.anon ?? 0);
    },
    "span.share": (state, event) => {
        const index = directoryIndex(pageOf(event.addr));
        if (event.table === undefined)
            return;
        for (const as of [event.from, event.as]) {
            const {table, since, shared} = state.space(as).tables;
            table.set(index, event.table);
            since.set(index, event.index);
            shared.set(index, 1);
        }
    },
    "span.own": releaseSlot,
    "span.leave": releaseSlot,
    "map": (state, event) => setEntry(state, event, event.after),
    "protect": (state, event) => setEntry(state, event, event.after),
    "unmap": (state, event) => setEntry(state, event, 0),

    "process": (state, event) => {
        const {name, parent, as} = event;
        changeProcess(state, event.pid, {name, parent, as});
    },
    "fork": (state, event) => {
        const parent = state.processes.get(event.pid);
        changeProcess(state, event.child, {name: parent?.name, parent: event.pid, as: event.as});
    },
    "exec": (state, event) => changeProcess(state, event.pid, {as: event.as, name: event.name}),
    "name": (state, event) => changeProcess(state, event.pid, {name: event.name}),
    "exit": (state, event) => { state.processes.delete(event.pid); },

    "fault.begin": (state, event) => { state.faults.set(event.pid, event.index); },
    "fault.end": (state, event) => {
        state.faults.delete(event.pid);
        state.count(event.row);
        state.count("fault.end");
        if (event.major)
            state.count("major");
        if (event.result !== "done")
            state.count("failed");
    },
    "copy": (state) => state.count("copy"),
    "evict": (state) => state.count("evict"),
    "swap.in": (state) => state.count("swap.in"),
    "swap.out": (state) => state.count("swap.out"),
    "hand": (state, event) => { state.hand = event.frame; },
    "disk.start": (state, event) => {
        state.count(event.write ? "disk.write" : "disk.read");
        if (event.frame !== undefined)
            state.frame.io.set(event.frame, event.write ? IO.WRITE : IO.READ);
    },
    "disk.done": (state, event) => {
        if (event.frame !== undefined)
            state.frame.io.set(event.frame, IO.NONE);
    },
};
