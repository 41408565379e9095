/* SPDX-License-Identifier: MIT */
/*
 * The page-table walk of one address, as the processor does it: directory entry, table entry,
 * frame, with PAE a pointer to the directory before them; with what the event changed, before and after. And the arrows between page and frame.
 */

function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (value !== undefined && value !== false)
            made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
}

/** The flags of an entry as a row of letters; those that the event changed stand out. */
function flagBoxes(entry, other) {
    const boxes = ENTRY_FLAGS.map(([letter, meaning]) => {
        const bit = ENTRY[letter];
        const on = Boolean(entry & bit);
        const changed = Boolean((entry ^ other) & bit);
        return element("i", {
            class: `flag${on ? " on" : ""}${changed ? " changed" : ""}`,
            title: `${letter}: ${on ? "" : "not "}${meaning}`, "aria-hidden": "true",
        }, letter);
    });
    return element("span", {class: "flags", role: "img", "aria-label": flagLetters(entry)},
        ...boxes);
}

class WalkView {
    constructor(app) {
        this.app = app;
        this.box = document.getElementById("walk");
    }

    /** What to walk: {as, address, before, after, since}, or undefined. */
    target() {
        const {event, player, player: {state, survey}, selection} = this.app;
        const begin = event.irq ? -1 : survey.faultBegin.get(event.index);
        let target;
        if (begin >= 0) {
            const fault = player.trace.at(begin);
            target = {as: fault.as, address: fault.addr, before: fault.before ?? 0, since: begin};
        } else if (PAGE_KINDS.has(event.kind)) {
            target = {as: event.as, address: event.addr, since: event.index};
            if (event.before !== undefined)
                target.before = event.before;
        } else if (selection?.what === "page") {
            target = {as: selection.as, address: selection.page * PAGE_SIZE, since: Infinity};
        }
        if (!target)
            return undefined;
        target.after = state.entry(target.as, pageOf(target.address));
        target.before ??= target.after;
        return target;
    }

    render() {
        const target = this.target();
        const key = target ? JSON.stringify(target) : "";
        if (key === this.shown)
            return;
        this.shown = key;
        if (!target) {
            this.box.replaceChildren(element("p", {class: "nothing"},
                "This event concerns no address. Click a page to see its walk."));
            return;
        }
        this.box.replaceChildren(...this.steps(target));
    }

    steps({as, address: at, before, after, since}) {
        const {app, app: {player: {state}, words}} = this;
        const space = state.spaces.get(as);
        const page = pageOf(at);
        const directory = directoryIndex(page);
        const levels = TABLES.entries === 1024 ? [] : [
            this.card("directory", "Directory pointer", `pointer ${pointerIndex(page)}`, []),
            this.arrow(),
        ];
        const table = space?.tables.table.get(directory) ?? 0;
        const directoryNow = space?.directoryEntry(page) ?? 0;
        const isNew = table && space.tables.since.get(directory) >= since;
        const frame = frameOf(after);
        return [
            this.card("address", `Address, ${words.space(as)}`, address(at), this.parts(at)),
            this.arrow(),
            ...levels,
            this.card("directory", "Directory entry",
                `${this.directoryFrame(space, page)}entry ${directory % TABLES.entries}`,
                this.entryLines(isNew ? 0 : directoryNow, directoryNow)),
            this.arrow(!directoryNow),
            this.card("table", "Table entry",
                table ? `${frameName(table)}, entry ${tableIndex(page)}` : "there is no table",
                this.entryLines(before, after)),
            this.arrow(!after),
            this.card("frame", "Frame", after ? hex(frame) : "none",
                after ? this.frameLines(frame, at, app) : [element("p", {}, "an access faults")]),
        ];
    }

    directoryFrame(space, page) {
        const frame = space?.directories[pointerIndex(page)];
        return frame === undefined ? "" : `${frameName(frame)}, `;
    }

    parts(at) {
        const page = pageOf(at);
        const part = (name, value) => element("span", {class: "part"},
            element("b", {}, value), name);
        const pointer = TABLES.entries === 1024 ? [] : [part("pointer", pointerIndex(page))];
        return [element("div", {class: "parts"}, ...pointer,
            part("directory", directoryIndex(page) % TABLES.entries),
            part("table", tableIndex(page)), part("offset", hex(at % PAGE_SIZE, 3)))];
    }

    entryLines(before, after) {
        const line = (name, entry, other) => element("div", {class: "entry"},
            element("span", {class: "when"}, name), flagBoxes(entry, other),
            element("code", {}, entry ? `→ ${hex(frameOf(entry))}` : ""));
        return [line("before", before, before), line("after", after, before)];
    }

    frameLines(frame, at, app) {
        const use = USES[app.player.state.frame.use.get(frame)];
        const anon = app.player.state.frame.anon.get(frame);
        const references = anon ? app.player.state.anon.references.get(anon) : 0;
        return [
            element("p", {}, USE_NAMES[use], references > 1 ? `, shared by ${references}` : ""),
            element("p", {}, "byte at ",
                element("code", {}, hex(frame * PAGE_SIZE + at % PAGE_SIZE))),
        ];
    }

    card(name, title, place, lines) {
        return element("div", {class: `card ${name}`}, element("h2", {}, title),
            element("code", {class: "place"}, place), ...lines);
    }

    arrow(broken) {
        return element("span", {class: `step${broken ? " broken" : ""}`, "aria-hidden": "true"},
            broken ? "✕" : "→");
    }
}

const SVG = "http://www.w3.org/2000/svg";

/** Arrows over the stage: from the page to its frame, along a copy, to and from the swap area. */
class ArrowView {
    constructor(app) {
        this.app = app;
        this.svg = document.getElementById("arrows");
        this.stage = this.svg.parentElement;
    }

    render() {
        const {subject, spaces, frames, swap} = this.app;
        const page = subject.page === undefined ? undefined
            : spaces.spot(SpaceColumns.keyOf(subject.as, subject.page));
        const frame = subject.frame === undefined ? undefined : frames.spot(subject.frame);
        const from = subject.from === undefined ? undefined : frames.spot(subject.from);
        const slot = subject.slot === undefined ? undefined : swap?.spot(subject.slot);
        const paths = [];
        if (subject.arrow && page && frame)
            paths.push(this.path(page, frame, subject.arrow));
        if (from && frame)
            paths.push(this.path(from, frame, "copy"));
        if (slot && frame)
            paths.push(subject.toSlot ? this.path(frame, slot, "copy")
                : this.path(slot, frame, "copy"));
        const {hand} = this.app.player.state;
        const handAt = hand === undefined ? undefined : frames.spot(hand);
        if (handAt)
            paths.push(this.pointer(handAt));
        this.svg.replaceChildren(this.heads(), ...paths);
    }

    /** The policy's hand: it points down at its frame. */
    pointer({x, y, size}) {
        const box = this.stage.getBoundingClientRect();
        const path = document.createElementNS(SVG, "path");
        const tip = y - box.top - size / 2 - 1;
        path.setAttribute("class", "hand");
        path.setAttribute("d", `M${x - box.left} ${tip}l-5 -9h10z`);
        return path;
    }

    heads() {
        const defs = document.createElementNS(SVG, "defs");
        defs.innerHTML = '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" ' +
            'markerHeight="7" orient="auto-start-reverse"><path d="M0 .8 7.4 4 0 7.2z"/></marker>';
        return defs;
    }

    path(from, to, name) {
        const box = this.stage.getBoundingClientRect();
        const a = {x: from.x - box.left, y: from.y - box.top};
        const b = {x: to.x - box.left, y: to.y - box.top};
        // It ends at the edges of the cells, not in them.
        const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
        const trim = (spot) => Math.min(spot.size / 2 + 3, length / 2.5) / length;
        const along = (share) => ({x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share});
        const start = along(trim(from));
        const end = along(1 - trim(to));
        const bend = Math.min(46, length / 5);
        const middle = {x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 - bend};
        const path = document.createElementNS(SVG, "path");
        path.setAttribute("class", name);
        path.setAttribute("marker-end", "url(#head)");
        path.setAttribute("d", `M${start.x} ${start.y}Q${middle.x} ${middle.y} ${end.x} ${end.y}`);
        return path;
    }
}
