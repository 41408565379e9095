/* SPDX-License-Identifier: MIT */
/*
 * The records of kernel/trace.h as the events of docs/trace-format.md, while they come: the same as
 * scripts/trace/decode.py, which says why things are as they are, and with which make check-web
 * compares it. NAMES is what that file knows by number, put here when the page is made.
 */

const DECODE = {RECORD: 32, PAGE: 4096, ENTRIES: 1024, WRITABLE: 2, ANON: 2, IN_INTERRUPT: 2 ** 31};
const AREA = {READ: 1, WRITE: 2, EXECUTE: 4, SHARED: 8, STACK: 0x10, HEAP: 0x20, LOCKED: 0x80};

/** Frames of SLIP (RFC 1055), byte by byte: calls record(bytes) for each that is whole. */
class Frames {
    constructor(record) {
        this.record = record;
        this.bytes = new Uint8Array(DECODE.RECORD);
        this.length = -1;   // until the first end of a frame nothing counts
        this.escaped = false;
    }

    push(byte) {
        if (byte === 0xc0) {
            if (this.length === DECODE.RECORD)
                this.record(this.bytes);
            this.length = 0;
            this.escaped = false;
            return;
        }
        if (this.length < 0)
            return;
        if (byte === 0xdb) {
            this.escaped = true;
            return;
        }
        if (this.escaped) {
            byte = byte === 0xdc ? 0xc0 : 0xdb;
            this.escaped = false;
        }
        if (this.length < DECODE.RECORD)
            this.bytes[this.length] = byte;
        this.length++;
    }
}

/** Small numbers for kernel addresses, each used once though the address may return. */
class Numbers {
    constructor() {
        this.of = new Map();
        this.last = 0;
    }

    new(address) {
        this.of.set(address, ++this.last);
        return this.last;
    }

    get(address) {
        return this.of.get(address) ?? this.new(address);
    }

    end(address) {
        const number = this.get(address);
        this.of.delete(address);
        return number;
    }
}

class Decoder {
    /** give(event): called for each event, in order. */
    constructor(give) {
        this.give = give;
        this.methods = NAMES.kinds.map((kind) => this[`on${kind}`]);
        this.eventNames = NAMES.kinds.map((kind) => kind.toLowerCase().replace("_", "."));
        this.number = Object.fromEntries(NAMES.kinds.map((kind, number) => [kind, number]));
        for (const name of ["spaces", "anons", "files", "disks", "requests"])
            this[name] = new Numbers();
        Object.assign(this, {tscStart: 0, scale: 0, cpu: 0, lost: 0, time: 0, policy: null});
        this.text = [];
        this.groupsOn = new Set();
        this.ranges = new Map();
        this.forget();
    }

    forget() {
        this.telling = false;
        this.known = new Map();        // number of a space: {entries, anons, shared}
        this.tables = new Map();       // frame: a table that several spaces share
        this.references = new Map();   // number of an anon: how many pages name it
        this.frames = new Map();       // number of an anon: its frame
        this.inside = new Map();       // frame: number of the anon in it
        this.addresses = new Map();    // number of an anon: the kernel's address of it
        this.taken = new Set();        // frames that are not free
        this.free = 0;
        this.faults = new Map();       // thread: the fault it is in
        this.rowsDue = new Map();      // thread: the fault.row event whose row is not known yet
        this.held = [];                // events from the first of those on
    }

    record(bytes) {
        const view = this.viewOf(bytes);
        const what = view.getUint32(8, true);
        const kind = what & 0xff;
        this.detail = what >>> 8 & 0xff;
        this.thread = what >>> 16 & 0x7fff;
        this.irq = what >= DECODE.IN_INTERRUPT;
        if (kind === this.number.TEXT) {
            this.text.push(...bytes.subarray(12));
            return;
        }
        const made = this.methods[kind]?.call(this, view.getUint32(12, true),
            view.getUint32(16, true), view.getUint32(20, true), view.getUint32(24, true),
            view.getUint32(28, true));
        this.text = [];
        if (!made) {
            if (kind === this.number.FAULT_AGAIN)
                this.release();
            return;
        }
        this.clockTo(view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32);
        const fault = this.faults.get(this.thread);
        if (fault?.again && !this.irq && kind !== this.number.SWITCH) {
            fault.again = false;
            this.rowDue(fault);
        }
        if (Array.isArray(made)) {
            for (const fields of made)
                this.held.push(this.event(this.eventNames[kind], fields));
        } else {
            this.held.push(this.event(this.eventNames[kind], made));
        }
        if (kind === this.number.FAULT_BEGIN)
            this.rowDue(this.faults.get(this.thread));
        this.release();
    }

    event(name, fields) {
        const event = {t: this.time, cpu: this.cpu, pid: this.thread, kind: fields.kind ?? name};
        if (this.telling && event.kind !== "file" && event.kind !== "snapshot")
            event.snap = true;
        if (this.irq)
            event.irq = true;
        const {kind} = event;
        Object.assign(event, fields);
        event.kind = kind;
        return event;
    }

    /** The words of the record; they come in the same bytes again and again. */
    viewOf(bytes) {
        if (this.viewed !== bytes) {
            this.viewed = bytes;
            this.view = new DataView(bytes.buffer, bytes.byteOffset, DECODE.RECORD);
        }
        return this.view;
    }

    clockTo(tsc) {
        const since = tsc - this.tscStart;
        const high = Math.floor(since / 2 ** 24);
        const now = high * this.scale + Math.floor((since - high * 2 ** 24) * this.scale / 2 ** 24);
        this.time = Math.max(this.time, now);
    }

    rowDue(fault) {
        const event = this.event("fault.row", {as: fault.as, addr: pageStart(fault.addr)});
        this.rowsDue.set(this.thread, event);
        this.held.push(event);
    }

    rowKnown() {
        const event = this.rowsDue.get(this.thread);
        this.rowsDue.delete(this.thread);
        if (event)
            event.row = NAMES.rows[this.detail];
    }

    /** The events that no unknown row holds back. */
    release() {
        let count = 0;
        for (const event of this.held) {
            if (event.kind === "fault.row" && event.row === undefined)
                break;
            this.give(event);
            count++;
        }
        this.held.splice(0, count);
    }

    said() {
        return new TextDecoder().decode(Uint8Array.from(this.text)).replace(/\0+$/, "");
    }

    /* ---- what the kernel leaves out ---- */

    space(number) {
        let space = this.known.get(number);
        if (!space)
            this.known.set(number, space = {entries: new Map(), anons: new Map(),
                shared: new Map()});
        return space;
    }

    use(frame) {
        if (this.taken.has(frame) || this.telling || !this.groupsOn.has("frame"))
            return [];
        this.taken.add(frame);
        this.free--;
        return [{kind: "frame.take", frame, holder: "vm", free: this.free}];
    }

    nameAnon(number, page, anon) {
        const {anons} = this.space(number);
        const before = anons.get(page) ?? 0;
        const fields = {kind: "page", as: number, addr: page};
        if (anon) {
            fields.anon = anon;
            anons.set(page, anon);
            this.references.set(anon, (this.references.get(anon) ?? 0) + 1);
        } else {
            anons.delete(page);
        }
        if (!before)
            return [fields];
        const left = this.references.get(before) - 1;
        this.references.set(before, left);
        return left ? [fields] : [fields, ...this.endAnon(before)];
    }

    endAnon(anon) {
        this.references.delete(anon);
        this.anons.of.delete(this.addresses.get(anon));
        this.addresses.delete(anon);
        const frame = this.leaveFrame(anon);
        const end = {kind: "anon.free", anon};
        return frame ? [{kind: "anon.detach", anon, frame}, end] : [end];
    }

    enterFrame(anon, frame) {
        this.frames.set(anon, frame);
        this.inside.set(frame, anon);
    }

    leaveFrame(anon) {
        const frame = this.frames.get(anon);
        this.frames.delete(anon);
        if (this.inside.get(frame) === anon)
            this.inside.delete(frame);
        return frame;
    }

    anonAt(address, frame) {
        const number = this.inside.get(frame) || this.anons.of.get(address);
        if (!number)
            return this.anons.new(address);
        this.anons.of.set(address, number);
        this.addresses.set(number, address);
        return number;
    }

    newAnon(number, page, frame) {
        const anon = ++this.anons.last;
        this.references.set(anon, 0);
        this.enterFrame(anon, frame);
        return [...this.use(frame), {kind: "anon.new", anon, frame},
            {kind: "frame.dirty", frame, dirty: true}, ...this.nameAnon(number, page, anon)];
    }

    /* ---- the stream ---- */

    onCHUNK(_, lost) {
        this.cpu = this.detail;
        const more = lost - this.lost;
        this.lost = lost;
        if (more <= 0)
            return null;
        this.text = [];
        this.faults.clear();
        const due = new Set(this.rowsDue.values());
        this.held = this.held.filter((event) => !due.has(event));
        this.rowsDue.clear();
        return {kind: "lost", count: more};
    }

    onBEGIN(version, frames, slots, mask, entries) {
        this.begun = {version, frames};
        this.span = (entries || DECODE.ENTRIES) * DECODE.PAGE;
        if (this.span !== DECODE.ENTRIES * DECODE.PAGE)
            this.begun.entries = entries;
        if (slots)
            this.begun.slots = slots;
        this.begun.kinds = NAMES.groups.filter((_, number) => mask >>> number & 1);
        this.groupsOn = new Set(this.begun.kinds);
    }

    onCLOCK(low, high, scale) {
        this.tscStart = high * 2 ** 32 + low;
        this.scale = scale;
    }

    onCOMMAND_LINE() {
        return {kind: "begin", ...this.begun, cmdline: this.said()};
    }

    onSNAPSHOT(free) {
        if (this.detail)
            this.forget();
        this.free = free;
        return {state: this.detail ? "begin" : "end", free};
    }

    onTELLING() {
        this.telling = this.detail !== 0;
    }

    onEND() {
        return {};
    }

    /* ---- faults ---- */

    pageAt(space, addr, fields) {
        return {as: this.spaces.get(space), addr, ...fields};
    }

    entryNow(fault) {
        return this.space(fault.as).entries.get(pageStart(fault.addr));
    }

    onFAULT_BEGIN(space, address, eip) {
        const fault = this.pageAt(space, address, {access: this.detail ? "write" : "read"});
        const fields = {...fault};
        const before = this.entryNow(fault);
        if (before)
            fields.before = before;
        if (eip)
            fields.eip = eip;
        this.faults.set(this.thread, fault);
        fault.again = false;
        return fields;
    }

    onFAULT_AGAIN() {
        this.rowKnown();
        const fault = this.faults.get(this.thread);
        if (fault)
            fault.again = true;
    }

    onFAULT_END(result, major) {
        const fault = this.faults.get(this.thread);
        this.faults.delete(this.thread);
        if (!fault)
            return null;
        const {as, addr, access, again} = fault;
        if (again)
            this.rowDue(fault);
        this.rowKnown();
        const fields = {as, addr, access, row: NAMES.rows[this.detail], result: NAMES.results[result],
            major: (major & 0xff) !== 0};
        const after = this.entryNow(fault);
        if (after)
            fields.after = after;
        return fields;
    }

    onCOPY(space, page, source, target) {
        return [...this.use(target), this.pageAt(space, page,
            {frame: source, to: target, why: this.detail ? "file" : "anon"})];
    }

    /* ---- entries ---- */

    onMAP(space, page, before, after) {
        const number = this.spaces.get(space);
        const mapped = this.groupsOn.has("map");
        const table = this.tables.get(this.space(number).shared.get(page - page % this.span));
        if (table)
            return mapped ? this.mapShared(table, number, page, after) : [];
        const frame = after >>> 12;
        const made = [];
        if (mapped && before && before >>> 12 !== frame)
            made.push({kind: "unmap", as: number, addr: page, frame: before >>> 12, before});
        if (!this.telling)
            made.push(...this.whatMaps(number, page, before, frame));
        if (!mapped)
            return made;
        this.space(number).entries.set(page, after);
        if (before >>> 12 !== frame)
            before = 0;
        made.push({as: number, addr: page, frame, before, after});
        return made;
    }

    whatMaps(number, page, before, frame) {
        if (this.detail !== DECODE.ANON)
            return [];
        if (before >>> 12 === frame) {
            const fault = this.faults.get(this.thread);
            const writes = fault?.access === "write" && pageStart(fault.addr) === page;
            return writes ? [{kind: "reuse", as: number, addr: page, frame}] : [];
        }
        const known = this.frames.get(this.space(number).anons.get(page)) === frame;
        return known || !this.groupsOn.has("page") ? [] : this.newAnon(number, page, frame);
    }

    mapShared(table, number, page, entry) {
        table.entries.set(page, entry);
        const after = clear(entry, DECODE.WRITABLE);
        return (this.telling ? [number] : table.spaces).map((user) => {
            this.space(user).entries.set(page, after);
            return {as: user, addr: page, frame: after >>> 12, before: 0, after};
        });
    }

    onUNMAP(space, page, before, frame) {
        if (!space)
            return this.changeShared(frame, page, 0);
        this.space(this.spaces.get(space)).entries.delete(page);
        return this.pageAt(space, page, {frame: before >>> 12, before});
    }

    onPROTECT(space, page, before, after, frame) {
        if (!space)
            return this.changeShared(frame, page, after);
        this.space(this.spaces.get(space)).entries.set(page, after);
        return this.pageAt(space, page, {frame: before >>> 12, before, after});
    }

    changeShared(frame, page, after) {
        const table = this.tables.get(frame);
        if (!table)
            return [];
        if (after)
            table.entries.set(page, after);
        else
            table.entries.delete(page);
        return table.spaces.flatMap((user) => this.change(user, page,
            clear(after, DECODE.WRITABLE)));
    }

    change(number, page, after) {
        const {entries} = this.space(number);
        const before = entries.get(page) ?? 0;
        entries.delete(page);
        const fields = {as: number, addr: page, frame: before >>> 12, before};
        if (after) {
            entries.set(page, after);
            fields.after = after;
        }
        if (!before || before === after)
            return [];
        return [{kind: after ? "protect" : "unmap", ...fields}];
    }

    onCLEAR(space, start, end) {
        const {entries} = this.space(this.spaces.get(space));
        return pagesOf(start, end, entries).map((page) => {
            const before = entries.get(page);
            entries.delete(page);
            return this.pageAt(space, page, {kind: "unmap", frame: before >>> 12, before});
        });
    }

    onWEAKEN(space, start, end) {
        const {entries} = this.space(this.spaces.get(space));
        const pages = pagesOf(start, end, entries)
            .filter((page) => entries.get(page) & DECODE.WRITABLE);
        return pages.map((page) => {
            const before = entries.get(page);
            const after = clear(before, DECODE.WRITABLE);
            entries.set(page, after);
            return this.pageAt(space, page,
                {kind: "protect", frame: before >>> 12, before, after});
        });
    }

    /* ---- spaces and areas ---- */

    onSPACE_NEW(space) {
        return {kind: "space.new", as: this.spaces.get(space)};
    }

    onSPACE_END(space) {
        this.known.delete(this.spaces.get(space));
        return {kind: "space.end", as: this.spaces.end(space)};
    }

    onAREA_RANGE(start, end) {
        this.ranges.set(this.thread, [start, end]);
    }

    onAREA_ADD(space, start, end, source, firstPage) {
        const flags = this.detail;
        const rights = [["r", AREA.READ], ["w", AREA.WRITE], ["x", AREA.EXECUTE]];
        const fields = {as: this.spaces.get(space), addr: start, end,
            rights: rights.map(([letter, bit]) => flags & bit ? letter : "-").join(""),
            shared: (flags & AREA.SHARED) !== 0, locked: (flags & AREA.LOCKED) !== 0};
        if (flags & (AREA.STACK | AREA.HEAP))
            fields.what = flags & AREA.STACK ? "stack" : "heap";
        if (source)
            Object.assign(fields, {file: this.files.get(source), offset: firstPage * DECODE.PAGE});
        return fields;
    }

    onAREA_REMOVE(space, addr, end) {
        return {as: this.spaces.get(space), addr, end};
    }

    onAREA_CHANGE(...words) {
        const [start, end] = this.ranges.get(this.thread) ?? [words[1], words[2]];
        this.ranges.delete(this.thread);
        return {...this.onAREA_ADD(...words), old_addr: start, old_end: end};
    }

    /* ---- pages ---- */

    onPAGE(space, page, anon) {
        return this.nameAnon(this.spaces.get(space), page, this.anonAt(anon));
    }

    onPAGES_DROP(space, start, end) {
        const number = this.spaces.get(space);
        return pagesOf(start, end, this.space(number).anons)
            .flatMap((page) => this.nameAnon(number, page, 0));
    }

    onPAGES_SHARE(parent, child, start, end) {
        const {anons} = this.space(this.spaces.get(parent));
        const number = this.spaces.get(child);
        return pagesOf(start, end, anons)
            .flatMap((page) => this.nameAnon(number, page, anons.get(page)));
    }

    /* ---- spans that fork shares ---- */

    onSPAN_TOLD(space, address, frame) {
        if (!frame)
            return;
        if (!this.tables.has(frame))
            this.tables.set(frame, {entries: new Map(), spaces: []});
        this.useShared(this.tables.get(frame), frame, this.spaces.get(space), address);
    }

    useShared(table, frame, number, address) {
        table.spaces.push(number);
        this.space(number).shared.set(address, frame);
    }

    onSPAN_SHARE(parentSpace, childSpace, address, frame) {
        const parent = this.spaces.get(parentSpace);
        const child = this.spaces.get(childSpace);
        const {anons} = this.space(parent);
        const made = pagesOf(address, address + this.span, anons)
            .flatMap((page) => this.nameAnon(child, page, anons.get(page)));
        const fields = {as: child, addr: address, from: parent, pages: made.length};
        if (frame) {
            fields.table = frame;
            made.push(...this.shareTable(parent, child, address, frame));
        }
        return [fields, ...made];
    }

    shareTable(parent, child, address, frame) {
        const made = [];
        let table = this.tables.get(frame);
        if (!table) {
            const {entries} = this.space(parent);
            table = {spaces: [], entries: new Map(pagesOf(address, address + this.span, entries)
                .map((page) => [page, entries.get(page)]))};
            this.tables.set(frame, table);
            this.useShared(table, frame, parent, address);
            for (const [page, entry] of table.entries)
                made.push(...this.change(parent, page, clear(entry, DECODE.WRITABLE)));
        }
        this.useShared(table, frame, child, address);
        for (const [page, entry] of table.entries) {
            const after = clear(entry, DECODE.WRITABLE);
            this.space(child).entries.set(page, after);
            made.push({kind: "map", as: child, addr: page, frame: entry >>> 12, before: 0, after});
        }
        return made;
    }

    onSPAN_OWN(space, address, frame) {
        const number = this.spaces.get(space);
        const copied = this.detail !== 0;
        const table = this.tables.get(frame);
        if (copied && table)
            for (const [page, entry] of table.entries)
                table.entries.set(page, clear(entry, DECODE.WRITABLE));
        return this.releaseTable(number, address, frame, {as: number, addr: address, copied}, []);
    }

    onSPAN_LEAVE(space, address, frame) {
        const number = this.spaces.get(space);
        const made = pagesOf(address, address + this.span, this.space(number).anons)
            .flatMap((page) => this.nameAnon(number, page, 0));
        return this.releaseTable(number, address, frame, {as: number, addr: address}, made);
    }

    releaseTable(number, address, frame, event, before) {
        const table = this.tables.get(frame);
        const made = [event, ...before];
        if (!table)
            return made;
        table.spaces.splice(table.spaces.indexOf(number), 1);
        if (table.spaces.length)
            event.lost = frame;
        this.space(number).shared.delete(address);
        for (const [page, entry] of table.entries)
            made.push(...this.change(number, page, table.spaces.length ? 0 : entry));
        if (!table.spaces.length)
            this.tables.delete(frame);
        return made;
    }

    onPAGE_MOVE(space, source, target) {
        const number = this.spaces.get(space);
        const anon = this.space(number).anons.get(source);
        if (!anon)
            return null;
        this.references.set(anon, this.references.get(anon) + 1);
        const made = [...this.nameAnon(number, source, 0), ...this.nameAnon(number, target, anon)];
        this.references.set(anon, this.references.get(anon) - 1);
        return made;
    }

    onANON_TOLD(anon, frame, slot) {
        const number = this.anonAt(anon);
        if (this.references.has(number))
            return null;
        this.references.set(number, 0);
        if (frame)
            this.enterFrame(number, frame);
        return {kind: "anon.new", anon: number, ...frame && {frame}, ...slot && {slot}};
    }

    onANON_ATTACH(anon, frame) {
        const number = this.anonAt(anon);
        this.enterFrame(number, frame);
        return [...this.use(frame), {anon: number, frame}];
    }

    onANON_DETACH(anon, frame) {
        const number = this.anonAt(anon, frame);
        this.leaveFrame(number);
        return {anon: number, frame};
    }

    onANON_SLOT(anon, slot, frame) {
        return {anon: this.anonAt(anon, frame), slot};
    }

    /* ---- files, frames, slots ---- */

    onFILE(source, inode) {
        const known = this.files.of.has(source);
        const file = this.detail || !known ? this.files.new(source) : this.files.get(source);
        return {file, name: this.said() || `inode ${inode}`, inode};
    }

    onCACHE_INSERT(source, page, frame) {
        return [...this.use(frame), this.onCACHE_REMOVE(source, page, frame)];
    }

    onCACHE_REMOVE(source, page, frame) {
        return {file: this.files.get(source), offset: page * DECODE.PAGE, frame};
    }

    onFRAME_TAKE(frame, free, count) {
        const fields = {frame, holder: NAMES.holders[this.detail], free};
        if (this.telling) {
            fields.count = count;
            for (let i = 0; i < count; i++)
                this.taken.add(frame + i);
        } else {
            this.taken.add(frame);
            this.free = free;
        }
        return fields;
    }

    onFRAME_GIVE(frame, free) {
        this.free = free;
        return this.taken.delete(frame) ? {frame, free} : null;
    }

    onFRAME_TABLE(frame, space, addr) {
        const what = NAMES.tables[this.detail];
        return [...this.use(frame), {frame, what, ...space && {as: this.spaces.get(space)},
            ...(what === "table" || what === "leaf") && {addr}}];
    }

    onFRAME_DIRTY(frame) {
        return {frame, dirty: this.detail !== 0};
    }

    onSWAP_TAKE(slot, used) {
        return {slot, used};
    }

    onSWAP_GIVE(slot, used) {
        return {slot, used};
    }

    onSWAP_IN(slot, frame, anon) {
        return {slot, frame, ...anon && {anon: this.anonAt(anon, frame)}};
    }

    onSWAP_OUT(slot, frame, anon) {
        return this.onSWAP_IN(slot, frame, anon);
    }

    /* ---- eviction, disks ---- */

    onHAND(frame) {
        return {frame, referenced: this.detail !== 0};
    }

    onEVICT(frame, owner, page) {
        const fields = {frame, reason: NAMES.reasons[this.detail], policy: this.policy};
        return this.detail & 2 ? {...fields, anon: this.anonAt(owner, frame)}
            : {...fields, file: this.files.get(owner), offset: page * DECODE.PAGE};
    }

    onEVICT_BACK(frame) {
        return {frame};
    }

    onPOLICY() {
        this.policy = this.said();
        return {policy: this.policy};
    }

    onDISK(disk) {
        return {disk: this.disks.get(disk) - 1, name: this.said(), ...this.detail && {swap: true}};
    }

    transfer(disk, request, sector, count, frame) {
        return {disk: this.disks.get(disk) - 1, sector, count, write: this.detail !== 0, frame,
            request};
    }

    onDISK_START(disk, request, sector, count, frame) {
        return this.transfer(disk, this.requests.new(request), sector, count, frame);
    }

    onDISK_DONE(disk, request, sector, packed, frame) {
        const error = packed >>> 8;
        return {...this.transfer(disk, this.requests.end(request), sector, packed & 0xff, frame),
            ...error && {error}};
    }

    /* ---- processes ---- */

    onPROCESS(pid, parent, space) {
        this.thread = pid;
        return {name: this.said(), ...parent && {parent},
            ...space && {as: this.spaces.get(space)}};
    }

    onFORK(child, space) {
        return {child, as: this.spaces.get(space), vfork: this.detail !== 0};
    }

    onEXEC(space) {
        return {as: this.spaces.get(space), name: this.said()};
    }

    onNAME() {
        return {name: this.said()};
    }

    onEXIT(status) {
        return {status};
    }

    onOOM(victim) {
        return {victim};
    }

    onSWITCH(to) {
        return {to, why: NAMES.states[this.detail]};
    }

    onCALL(result, ...words) {
        const [name, count] = NAMES.calls[this.detail];
        return {name, args: words.slice(0, count), result};
    }
}

function pageStart(address) {
    return address - address % DECODE.PAGE;
}

function clear(entry, bits) {
    return (entry & ~bits) >>> 0;
}

/** The pages from start to end that the map has, in order; whichever is shorter is gone through. */
function pagesOf(start, end, map) {
    if (map.size < (end - start) / DECODE.PAGE)
        return [...map.keys()].filter((page) => start <= page && page < end).sort((a, b) => a - b);
    const found = [];
    for (let page = start; page < end; page += DECODE.PAGE) {
        if (map.has(page))
            found.push(page);
    }
    return found;
}
