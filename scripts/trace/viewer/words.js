/* SPDX-License-Identifier: MIT */
/* What happened, and what something is, in plain sentences. */

const hex = (number, digits = 0) => "0x" + number.toString(16).padStart(digits, "0");
const address = (number) => hex(number, 8);
const frameName = (number) => `frame ${hex(number)}`;
const grouped = (number) => number.toLocaleString("en-US");
const plural = (number, one) => `${grouped(number)} ${one}${number === 1 ? "" : "s"}`;
/** What one page table maps, or the leaf of anons beside it. */
const span = () => `${TABLES.entries * PAGE_SIZE / 2 ** 20} MiB`;
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const ENTRY_FLAGS = [
    ["P", "present"], ["W", "writable"], ["U", "for user programs"], ["A", "accessed"],
    ["D", "dirty: written to"], ["L", "locked in memory"],
    ["N", "not to be executed"],
];

function flagLetters(entry) {
    const on = ENTRY_FLAGS.filter(([letter]) => entry & ENTRY[letter]);
    return on.length ? on.map(([letter]) => letter).join(" ") : "not present";
}

/** Nanoseconds since the moment of the trace's first event. */
function duration(ns) {
    if (ns < 1e3)
        return `${ns} ns`;
    if (ns < 1e6)
        return `${(ns / 1e3).toFixed(1)} µs`;
    if (ns < 1e9)
        return `${(ns / 1e6).toFixed(2)} ms`;
    return `${(ns / 1e9).toFixed(3)} s`;
}

const SIGNALS = {6: "SIGABRT", 7: "SIGBUS", 9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE",
    15: "SIGTERM"};

/** A status of wait(2). */
function ending(status) {
    const signal = status & 0x7f;
    if (signal)
        return `was killed by ${SIGNALS[signal] ?? `signal ${signal}`}`;
    return `ended with status ${(status >> 8) & 0xff}`;
}

/** The rows of the kernel's table of faults: short, and as its decision. */
const ROWS = {
    NO_AREA: ["no area there", "no area lies there: the program gets SIGSEGV"],
    FORBIDDEN: ["the area forbids it", "the area forbids it: the program gets SIGSEGV"],
    ANON_OWN: ["its own page", "the page belongs to nobody else: map it as its area allows"],
    ANON_SHARED: ["shared page, read", "a read from a page with other users: map it read-only"],
    ANON_COPY: ["copy on write", "a write to a page with other users: copy it"],
    ZERO_MAP: ["frame of zeros", "a read where nothing was written: map the frame of zeros"],
    ZERO_FILL: ["new page of zeros", "a write where nothing was written: a new page of zeros"],
    FILE_SHARED: ["shared file, write", "a write to a shared page of a file: map it writable"],
    FILE_READ: ["page of a file", "a read from a file's page: map the page cache's frame"],
    FILE_COPY: ["copy of a file's page", "a write to a private page of a file: copy it"],
    PAST_END: ["past the file's end", "the file ends before this page: the program gets SIGBUS"],
    MAKE_TABLES: ["no page table", "there is no page table yet: make one, then look again"],
    GROW_STACK: ["stack grows", "just below the stack: let the stack grow, then look again"],
    UNSHARE: ["span unshared", "the page table is shared since a fork: make it this " +
        "program's own, then look again"],
    NOT_CODE: ["no code there", "the area holds no code to execute: the program gets SIGSEGV"],
};

const FAILURES = {
    maperr: "it gets SIGSEGV", accerr: "it gets SIGSEGV", bus: "it gets SIGBUS",
    memory: "there was no memory left: it gets SIGKILL",
    killed: "SIGKILL came while it waited for the page",
};

const EVICTIONS = {
    "file clean": "the file has the same content, so the frame is simply dropped",
    "file dirty": "it was changed, so it is written to the file first",
    "anon clean": "its swap slot has the same content, so the frame is simply dropped",
    "anon dirty": "no swap slot has its content, so it is written to one first",
};

const HOLDERS = {vm: "", heap: " for the kernel's heap", stack: " for a kernel stack",
    boot: " for the kernel itself", absent: ", where there is no memory"};

class Words {
    constructor(player) {
        this.player = player;
        this.survey = player.survey;
    }

    name(pid) {
        return this.player.state.processes.get(pid)?.name ?? this.survey.names.get(pid);
    }

    process(pid) {
        if (pid === undefined)
            return "nobody";
        if (pid === 0)
            return "the idle thread";
        const name = this.name(pid);
        if (this.survey.kernelThreads.has(pid))
            return `kernel thread ${name}`;
        return name ? `process ${pid} (${name})` : `process ${pid}`;
    }

    /** The process that an address space belongs to. */
    space(as) {
        const process = this.player.state.processOf(as);
        const pid = process?.pid ?? this.survey.owner.get(as);
        return pid === undefined ? `address space ${as}` : `process ${pid}`;
    }

    file(number) {
        return this.survey.files.get(number)?.name || `file ${number}`;
    }

    disk(number) {
        return this.survey.disks.get(number)?.name ?? `disk ${number}`;
    }

    /** The part of a file that a frame or a page holds. */
    filePage(file, offset) {
        return `${this.file(file)} from byte ${grouped(offset)} on`;
    }

    area(area) {
        const what = area.file !== undefined ? `file ${this.file(area.file)}`
            : area.what ?? "anonymous memory";
        return `${what}, ${area.rights}, ${area.shared ? "shared" : "private"}` +
            (area.locked ? ", locked" : "");
    }

    range(event) {
        return `${address(event.addr)}–${address(event.end)} ` +
            `(${plural((event.end - event.addr) / PAGE_SIZE, "page")})`;
    }

    /** One sentence, or two, about what happened in the event. */
    sentence(event) {
        const words = SENTENCES[event.kind]?.call(this, event);
        return capital(words ?? `${event.kind}.`);
    }

    /** The whole story of a fault, told at its end. */
    fault(event) {
        const parts = this.faultParts(event.index);
        const verb = event.access === "write" ? "wrote to" : "read";
        const page = pageOf(event.addr);
        const frame = event.after ? frameOf(event.after) : undefined;
        const tell = STORIES[event.row];
        let story = event.result === "done" && tell
            ? tell.call(this, {event, parts, page, frame, shared: parts.shared})
            : this.failure(event, page);
        if (event.major && parts.begin >= 0) {
            const {trace} = this.player;
            const waited = duration(trace.time(event.index) - trace.time(parts.begin));
            story += `; with the disk, that took ${waited}`;
        }
        const tried = event.result === "done" ? verb
            : event.access === "write" ? "tried to write to" : "tried to read";
        return `${this.process(event.pid)} ${tried} ${address(event.addr)}: ${story}.`;
    }

    failure(event, page) {
        const area = this.player.state.spaces.get(event.as)?.area(page);
        const why = {
            maperr: "no area lies there",
            accerr: area ? `the area there (${this.area(area)}) forbids it`
                : "the area there forbids it",
            bus: area?.file !== undefined ? `${this.file(area.file)} ends before this page`
                : "the page cannot be had",
        }[event.result];
        const then = FAILURES[event.result] ?? event.result;
        return why ? `${why}, so ${then}` : then;
    }

    /** The events of the fault that ends with event `end`, by kind (the last of each). */
    faultParts(end) {
        const begin = this.survey.faultBegin.get(end);
        const parts = {begin, shared: 0};
        for (let i = begin; begin >= 0 && i < end; i++) {
            if (this.survey.faultBegin.get(i) !== begin)
                continue;
            const kind = this.player.trace.kind(i);
            if (kind === "fault.row")
                parts.shared = this.survey.sharedBy.get(i) ?? 0;
            else if (kind === "copy" || kind === "reuse" || kind === "swap.in")
                parts[kind] = this.player.trace.at(i);
        }
        return parts;
    }

    /** "its page of the file F from byte N on", by the areas of this moment. */
    ownFilePage(event, page) {
        const area = this.player.state.spaces.get(event.as)?.area(page);
        if (area?.file === undefined)
            return "a page of a file";
        return this.filePage(area.file, area.offset + page * PAGE_SIZE - area.addr);
    }

    /* ---- what something is, at this moment ---- */

    describeFrame(frame) {
        const {state} = this.player;
        const table = state.frame;
        const use = USES[table.use.get(frame)];
        const of = this.space(table.space.get(frame));
        const from = address(table.page.get(frame) * PAGE_SIZE);
        const what = {
            free: () => "free",
            absent: () => "no memory is there",
            boot: () => "the kernel itself",
            heap: () => "the kernel's heap",
            stack: () => "a kernel stack",
            vm: () => "taken, not yet or no longer used for a page",
            table: () => `page table of ${of}, for the ${span()} from ${from} on`,
            directory: () => `page directory of ${of}`,
            leaf: () => `part of the supplemental page table of ${of}, for the ${span()} ` +
                `from ${from} on`,
            zero: () => "the frame of zeros that all share",
            anon: () => this.describeAnon(table.anon.get(frame)),
            cache: () => "page cache: " +
                this.filePage(table.file.get(frame), table.offset.get(frame) * PAGE_SIZE),
        }[use]();
        const maps = state.mappings(frame);
        const notes = [];
        if (maps.length)
            notes.push(`mapped by ${this.pageList(maps)}`);
        if (use === "anon" || use === "cache")
            notes.push(table.dirty.get(frame) ? "dirty" : "clean");
        const io = table.io.get(frame);
        if (io !== IO.NONE)
            notes.push(io === IO.READ ? "being read from disk" : "being written to disk");
        if (state.hand === frame)
            notes.push("the hand is here");
        return `${capital(frameName(frame))}: ${[what, ...notes].join("; ")}.`;
    }

    pageList(pages) {
        const named = pages.slice(0, 4)
            .map(({as, page}) => `${this.space(as)} at ${address(page * PAGE_SIZE)}`);
        const more = pages.length - named.length;
        return named.join(" and ") + (more > 0 ? ` and ${more} more` : "");
    }

    describeAnon(anon) {
        const references = this.player.state.anon.references.get(anon);
        const users = references > 1 ? `, shared by ${references}` : "";
        return `anonymous page ${anon}${users}`;
    }

    describePage(as, page) {
        const {state} = this.player;
        const space = state.spaces.get(as);
        const area = space?.area(page);
        const where = `Page ${address(page * PAGE_SIZE)} of ${this.space(as)}`;
        if (!area)
            return `${where}: in no area.`;
        const entry = state.entry(as, page);
        const anon = state.anonAt(as, page);
        const slot = anon ? state.anon.slot.get(anon) : 0;
        const frame = anon ? state.anon.frame.get(anon) : 0;
        const parts = [`in the area ${this.area(area)}`];
        if (entry)
            parts.push(`mapped to ${frameName(frameOf(entry))} (${flagLetters(entry)})`);
        else if (frame)
            parts.push(`not mapped, but in ${frameName(frame)}`);
        else if (slot)
            parts.push(`swapped out to slot ${slot}`);
        else
            parts.push("not mapped");
        if (anon)
            parts.push(this.describeAnon(anon));
        else if (!entry && area.file === undefined)
            parts.push("untouched");
        if (anon && slot && (frame || entry))
            parts.push(`slot ${slot} belongs to it`);
        return `${where}: ${parts.join("; ")}.`;
    }

    describeSlot(slot) {
        const {state} = this.player;
        const anon = state.slot.anon.get(slot);
        if (!state.slot.used.get(slot))
            return `Swap slot ${slot}: free.`;
        if (!anon)
            return `Swap slot ${slot}: in use.`;
        const pages = state.references(anon);
        const users = pages.length ? `, of ${this.pageList(pages)}` : "";
        return `Swap slot ${slot}: holds ${this.describeAnon(anon)}${users}.`;
    }
}

/** What happened in a fault that was resolved, by its row of the table. */
const STORIES = {
    ANON_OWN({parts, frame}) {
        const swapIn = parts["swap.in"];
        if (swapIn)
            return `its page was in swap slot ${swapIn.slot}, so it was read into ` +
                frameName(frame);
        if (parts.reuse)
            return `its page is no longer shared, so ${frameName(frame)} was made writable ` +
                "without copying";
        return `its page is in memory, so its entry was set to ${frameName(frame)} again`;
    },
    ANON_SHARED({parts, frame, shared}) {
        const swapIn = parts["swap.in"];
        const users = shared > 1 ? `shared by ${shared}` : "shared";
        if (swapIn)
            return `its page, ${users}, was in swap slot ${swapIn.slot}, so it was read into ` +
                `${frameName(frame)} and mapped read-only`;
        return `its page is ${users} and in memory, so ${frameName(frame)} was mapped read-only`;
    },
    ANON_COPY({parts, frame, shared}) {
        const users = shared > 1 ? `shared by ${shared} after fork` : "shared after fork";
        if (!parts.copy)
            return `its page is ${users}, so it got ${frameName(frame)} of its own`;
        return `its page is ${users}, so it was copied from ${frameName(parts.copy.frame)} ` +
            `to ${hex(parts.copy.to)}`;
    },
    ZERO_MAP({frame}) {
        return `nothing was written there yet, so the shared frame of zeros (${hex(frame)}) ` +
            "was mapped read-only";
    },
    ZERO_FILL({frame}) {
        return `nothing was written there yet, so it got ${frameName(frame)}, filled with zeros`;
    },
    FILE_SHARED({event, page, frame}) {
        return `it shares ${this.ownFilePage(event, page)}, so the page cache's ` +
            `${frameName(frame)} was mapped writable`;
    },
    FILE_READ({event, page, frame}) {
        const how = event.major ? "it was read into" : "the page cache has it in";
        return `there is ${this.ownFilePage(event, page)}; ${how} ${frameName(frame)}, which was ` +
            "mapped";
    },
    FILE_COPY({event, parts, page, frame}) {
        const copied = parts.copy
            ? `it was copied from ${frameName(parts.copy.frame)} to ${hex(parts.copy.to)}`
            : `it got a copy in ${frameName(frame)}`;
        return `there is a private ${this.ownFilePage(event, page)}, so ${copied}`;
    },
};

/** A sentence for each kind of event; `this` is the Words. */
const SENTENCES = {
    "begin"(event) {
        const swap = event.slots ? `${grouped(event.slots)} swap slots` : "no swap";
        const what = event.command ? ` of “${event.command}”` : "";
        return `the recording${what} begins, on a machine with ${grouped(event.frames)} frames ` +
            `and ${swap}.`;
    },
    "snapshot"(event) {
        return event.state === "begin"
            ? "what follows is how memory is as the recording starts."
            : `so memory is as the recording starts; ${plural(event.free, "frame")} ` +
                `${event.free === 1 ? "is" : "are"} free.`;
    },
    "lost"(event) {
        return `${plural(event.count, "event")} of this moment were lost: they came faster ` +
            "than they could be written.";
    },
    "end": () => "the recording stops here.",
    "policy": (event) => `from here on the policy ${event.policy} says which page goes next.`,
    "disk": (event) => `disk ${event.disk} is ${event.name}${event.swap ? ", for swapping" : ""}.`,
    "file": (event) => `file ${event.file} is ${event.name || "without a name"}` +
        `${event.inode === undefined ? "" : ` (inode ${event.inode})`}.`,

    "frame.take"(event) {
        const which = event.count > 1
            ? `frames ${hex(event.frame)}–${hex(event.frame + event.count - 1)} are taken`
            : `${this.process(event.pid)} takes ${frameName(event.frame)}`;
        const left = event.free === undefined ? ""
            : `; ${plural(event.free, "free frame")} ${event.free === 1 ? "is" : "are"} left`;
        return `${which}${HOLDERS[event.holder] ?? ""}${left}.`;
    },
    "frame.give": (event) => `${frameName(event.frame)} is free again` +
        `${event.free === undefined ? "" : `, one of ${grouped(event.free)}`}.`,
    "frame.table"(event) {
        const of = event.as === undefined ? "" : ` of ${this.space(event.as)}`;
        const from = `for the ${span()} from ${address(event.addr ?? 0)} on`;
        const what = {
            table: `a page table${of}, ${from}`,
            directory: `the page directory${of}`,
            leaf: `part of the supplemental page table${of}, ${from}`,
            zero: "the frame of zeros that all share",
        }[event.what];
        return `${frameName(event.frame)} becomes ${what}.`;
    },
    "frame.dirty": (event) => event.dirty
        ? `${frameName(event.frame)} is dirty now: no disk has what it holds.`
        : `${frameName(event.frame)} counts as clean now: a disk has, or will have, what it holds.`,

    "anon.new"(event) {
        const where = event.frame === undefined ? `swap slot ${event.slot}`
            : frameName(event.frame);
        return `anonymous page ${event.anon} begins, in ${where}.`;
    },
    "anon.attach": (event) => `${frameName(event.frame)} is to hold anonymous page ` +
        `${event.anon}, which is about to be read.`,
    "anon.detach": (event) => `${frameName(event.frame)} no longer holds anonymous page ` +
        `${event.anon}.`,
    "anon.slot": (event) => `swap slot ${event.slot} belongs to anonymous page ${event.anon} now.`,
    "anon.free": (event) => `nobody refers to anonymous page ${event.anon} any more: it ends.`,

    "swap.take": (event) => `swap slot ${event.slot} is taken; ` +
        `${plural(event.used, "slot")} ${event.used === 1 ? "is" : "are"} in use.`,
    "swap.give": (event) => `swap slot ${event.slot} is free again; ` +
        `${plural(event.used, "slot")} ${event.used === 1 ? "is" : "are"} in use.`,
    "swap.in": (event) => `anonymous page ${event.anon} is to be read from swap slot ` +
        `${event.slot} into ${frameName(event.frame)}.`,
    "swap.out": (event) => `${frameName(event.frame)} is to be written to swap slot ${event.slot}.`,

    "cache.insert"(event) {
        return `${frameName(event.frame)} enters the page cache, for ` +
            `${this.filePage(event.file, event.offset)}.`;
    },
    "cache.remove"(event) {
        return `${frameName(event.frame)} leaves the page cache; it was ` +
            `${this.filePage(event.file, event.offset)}.`;
    },

    "space.new": (event) => `a new address space begins (number ${event.as}), still empty.`,
    "space.end"(event) {
        return `the address space of ${this.space(event.as)} (number ${event.as}) is gone.`;
    },
    "area.add"(event) {
        return `${this.space(event.as)} gets an area, ${this.range(event)}: ${this.area(event)}.`;
    },
    "area.remove"(event) {
        return `${this.space(event.as)} loses its area ${this.range(event)}.`;
    },
    "area.change"(event) {
        return `an area of ${this.space(event.as)}, ${address(event.old_addr)}–` +
            `${address(event.old_end)}, is now ${this.range(event)}: ${this.area(event)}.`;
    },
    "page"(event) {
        const where = `the page at ${address(event.addr)} of ${this.space(event.as)}`;
        if (event.anon === undefined)
            return `${where} has no anonymous page any more.`;
        const references = this.player.state.anon.references.get(event.anon);
        const shared = references > 1
            ? `, which ${references} pages share now: who writes first gets a copy` : "";
        return `${where} is anonymous page ${event.anon}${shared}.`;
    },
    "span.share"(event) {
        const where = `the ${span()} from ${address(event.addr)} on`;
        return `${this.space(event.as)} shares ${where} with ${this.space(event.from)}: ` +
            `${event.pages} pages at once` + (event.table === undefined ? "."
            : `, and the page table in ${frameName(event.table)}, through which neither ` +
                "may write now.");
    },
    "span.own"(event) {
        const where = `the ${span()} from ${address(event.addr)} on`;
        return event.copied
            ? `${this.space(event.as)} gets a list of its own of the pages in ${where}; each ` +
                "page is still shared, until somebody writes to it."
            : `${this.space(event.as)} is the last one that uses ${where}: it may write there ` +
                "again.";
    },
    "span.leave"(event) {
        return `${this.space(event.as)} lets go of the ${span()} from ${address(event.addr)} on, ` +
            "which it shared.";
    },
    "map"(event) {
        const may = event.after & ENTRY.W ? "it may be read and written" : "it may only be read";
        return `the page at ${address(event.addr)} of ${this.space(event.as)} is mapped to ` +
            `${frameName(event.frame)}; ${may}.`;
    },
    "unmap"(event) {
        const {A, D} = ENTRY;
        const marks = event.before & D ? "; its entry says that it was written to"
            : event.before & A ? "; its entry says that it was accessed" : "";
        return `the page at ${address(event.addr)} of ${this.space(event.as)} is no longer ` +
            `mapped to ${frameName(event.frame)}${marks}.`;
    },
    "protect"(event) {
        const lost = event.before & ~event.after;
        const effects = [];
        if (lost & ENTRY.W)
            effects.push("may only be read from now on");
        if (lost & ENTRY.D)
            effects.push("is marked as not written to");
        if (lost & ENTRY.A)
            effects.push("is marked as not accessed");
        return `the page at ${address(event.addr)} of ${this.space(event.as)} ` +
            `${effects.join(" and ") || "keeps its rights"}.`;
    },

    "process"(event) {
        const parent = event.parent === undefined ? "" : `, a child of process ${event.parent}`;
        return `process ${event.pid} is ${event.name}${parent}.`;
    },
    "fork"(event) {
        return event.vfork
            ? `${this.process(event.pid)} made process ${event.child}, which runs in its address ` +
                "space until it has a program of its own."
            : `${this.process(event.pid)} made a copy of itself, process ${event.child}: they ` +
                "share their pages until one of them writes.";
    },
    "exec": (event) => `process ${event.pid} runs another program now, ${event.name}, in a new ` +
        "address space.",
    "name": (event) => `process ${event.pid} is called ${event.name} now.`,
    "exit"(event) {
        return `${this.process(event.pid)} ${ending(event.status)}.`;
    },
    "oom"(event) {
        return `memory ran out: ${this.process(event.victim)} is killed.`;
    },

    "fault.begin"(event) {
        const writes = event.access === "write";
        const who = event.eip === undefined ? `the kernel, for ${this.process(event.pid)},`
            : this.process(event.pid);
        const why = event.before === undefined ? "there is no page-table entry for it"
            : writes && !(event.before & ENTRY.W) ? "its page-table entry allows reading only"
                : "its page-table entry does not allow it";
        return `${who} wants to ${writes ? "write to" : "read"} ${address(event.addr)}: ${why}, ` +
            "so the processor calls the kernel.";
    },
    "fault.row"(event) {
        return `the kernel looks up what to do at ${address(event.addr)}, ${event.row}: ` +
            `${ROWS[event.row]?.[1] ?? "see vm/fault.c"}.`;
    },
    "fault.end"(event) {
        return this.fault(event);
    },
    "copy": (event) => `the page is copied from ${frameName(event.frame)} to ${hex(event.to)}, ` +
        (event.why === "file" ? "since a private page must not change the file."
            : "since others use it too."),
    "reuse": (event) => `this is the last reference to its page, so ${frameName(event.frame)} ` +
        "is made writable without copying.",

    "hand"(event) {
        const {policy} = this.player.state;
        const who = policy === "clock" ? "the clock's hand comes to"
            : `the policy ${policy} looks at`;
        return `${who} ${frameName(event.frame)}: its page was ` +
            (event.referenced ? "referenced since the last visit, so it stays for now."
                : "not referenced since the last visit.");
    },
    "evict"(event) {
        const holds = event.file !== undefined ? this.filePage(event.file, event.offset)
            : `anonymous page ${event.anon}`;
        return `the policy ${event.policy} chose ${frameName(event.frame)}, ${holds}: ` +
            `${EVICTIONS[event.reason] ?? event.reason}.`;
    },
    "evict.back": (event) => `${frameName(event.frame)} stays: it was used again while it was ` +
        "written.",
    "disk.start"(event) {
        const what = event.frame === undefined ? ""
            : ` ${event.write ? "from" : "into"} ${frameName(event.frame)}`;
        return `${this.disk(event.disk)} is asked to ${event.write ? "write" : "read"} ` +
            `${plural(event.count, "sector")} (from ${grouped(event.sector)} on)${what}.`;
    },
    "disk.done"(event) {
        const what = event.frame === undefined ? plural(event.count, "sector")
            : frameName(event.frame);
        if (event.error)
            return `${this.disk(event.disk)} failed to ${event.write ? "write" : "read"} ${what} ` +
                `(error ${event.error}).`;
        return `${this.disk(event.disk)} has ${event.write ? "written" : "read"} ${what}.`;
    },
    "switch"(event) {
        const why = {sleeps: "which waits", ready: "which could go on", ended: "which ended"};
        const from = event.pid === 0 ? this.process(0)
            : `${this.process(event.pid)}, ${why[event.why] ?? event.why},`;
        return `the processor goes from ${from} to ${this.process(event.to)}.`;
    },
    "call"(event) {
        const show = (value) => Math.abs(value) >= PAGE_SIZE ? hex(value) : String(value);
        return `${this.process(event.pid)} called ${event.name}(` +
            `${(event.args ?? []).map(show).join(", ")}), which returned ${show(event.result)}.`;
    },
};
