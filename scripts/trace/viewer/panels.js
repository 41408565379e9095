/* SPDX-License-Identifier: MIT */
/* The side of the page: counts so far, what is shown, and lists of events. */

/** What filters by kind choose among; the same groups as trace= has. */
const GROUPS = {
    fault: ["fault.begin", "fault.row", "fault.end", "copy", "reuse"],
    map: ["map", "unmap", "protect"],
    area: ["area.add", "area.remove", "area.change", "space.new", "space.end"],
    page: ["page", "anon.new", "anon.attach", "anon.detach", "anon.slot", "anon.free"],
    cache: ["cache.insert", "cache.remove"],
    frame: ["frame.take", "frame.give", "frame.table", "frame.dirty"],
    swap: ["swap.take", "swap.give", "swap.in", "swap.out"],
    evict: ["evict", "evict.back", "hand", "policy"],
    disk: ["disk.start", "disk.done"],
    process: ["process", "fork", "exec", "name", "exit", "oom"],
    switch: ["switch"],
    call: ["call"],
};
const GROUP_OF = Object.fromEntries(Object.entries(GROUPS).flatMap(
    ([group, kinds]) => kinds.map((kind) => [kind, group])));
/** The "process" of what an interrupt did, for the filter. */
const INTERRUPT = -1;

/** Which events are stepped through, and whose pages are shown. */
class Filter {
    constructor(app) {
        this.app = app;
        this.hiddenProcesses = new Set();
        this.hiddenGroups = new Set();
        this.survey();
        this.update();
    }

    /** What can be chosen from. */
    survey() {
        const {trace, survey} = this.app.player;
        const seen = new Set([...survey.active, ...survey.owner.values()]);
        this.processes = [...seen].sort((a, b) => a - b);
        if (survey.interrupts)
            this.processes.push(INTERRUPT);
        const kinds = new Set(trace.kinds.map((kind) => GROUP_OF[kind.name]));
        this.groups = Object.keys(GROUPS).filter((group) => kinds.has(group));
    }

    /** The indexes of the events that are stepped through, of the ends of faults, of evictions. */
    update() {
        const {trace} = this.app.player;
        const shownKind = trace.kinds.map(({name}) => !this.hiddenGroups.has(GROUP_OF[name]));
        const isEnd = trace.kinds.map(({name}) => name === "fault.end");
        const isEviction = trace.kinds.map(({name}) => name === "evict");
        const events = [];
        const faults = [];
        const evictions = [];
        for (let i = this.app.player.first; i < trace.length; i++) {
            if (trace.field("snap", i) || !this.showsEventOf(i))
                continue;
            const kind = trace.kindNumber[i];
            if (shownKind[kind])
                events.push(i);
            if (isEnd[kind])
                faults.push(i);
            if (isEviction[kind])
                evictions.push(i);
        }
        this.events = Uint32Array.from(events);
        this.faults = Uint32Array.from(faults);
        this.evictions = Uint32Array.from(evictions);
    }

    showsEventOf(i) {
        if (this.hiddenProcesses.size === 0)
            return true;
        const {trace} = this.app.player;
        const pid = trace.field("irq", i) ? INTERRUPT : trace.field("pid", i) ?? 0;
        return !this.hiddenProcesses.has(pid);
    }

    /** Whether the address space's process is hidden. */
    hides(as) {
        return this.hiddenProcesses.size > 0 && this.hiddenProcesses.has(this.app.pidOf(as));
    }
}

/** The place of the first number in the sorted list that is not less than the given one. */
function lowerBound(list, number) {
    let low = 0;
    let high = list.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if (list[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

class FilterView {
    constructor(app) {
        this.app = app;
        this.processes = document.getElementById("processes");
        this.groups = document.getElementById("groups");
        document.getElementById("show-all").addEventListener("click", () => {
            app.filter.hiddenProcesses.clear();
            app.filter.hiddenGroups.clear();
            app.filterChanged();
        });
        this.build();
    }

    build() {
        const {filter} = this.app;
        this.boxes = [];
        this.processes.replaceChildren(...this.processChips());
        this.groups.replaceChildren(...filter.groups.map(
            (group) => this.chip(filter.hiddenGroups, group, group)));
    }

    processChips() {
        const {filter} = this.app;
        return filter.processes.map(
            (pid) => this.chip(filter.hiddenProcesses, pid, this.processName(pid), pid));
    }

    processName(pid) {
        const {survey} = this.app.player;
        if (pid === INTERRUPT)
            return "interrupts";
        if (pid === 0)
            return "idle";
        const name = survey.names.get(pid);
        if (name === undefined)
            return `thread ${pid}`;
        return survey.kernelThreads.has(pid) ? name : `${pid} ${name}`;
    }

    chip(hidden, value, name, pid) {
        const box = element("input", {type: "checkbox", name: String(value)});
        const chip = element("label", {class: "chip", title: "Shift: only this"}, box);
        if (pid > 0 && this.app.processColour(pid))
            chip.append(element("span", {class: "swatch", "data-pid": String(pid)}));
        chip.append(name);
        const all = hidden === this.app.filter.hiddenGroups ? this.app.filter.groups
            : this.app.filter.processes;
        let only = false;
        chip.addEventListener("click", (event) => { only = event.shiftKey; }, true);
        box.addEventListener("change", () => {
            if (only) {
                all.forEach((other) => hidden.add(other));
                hidden.delete(value);
            } else if (box.checked) {
                hidden.delete(value);
            } else {
                hidden.add(value);
            }
            this.app.filterChanged();
        });
        this.boxes.push({box, hidden, value});
        return chip;
    }

    render() {
        for (const {box, hidden, value} of this.boxes)
            box.checked = !hidden.has(value);
        for (const swatch of this.processes.querySelectorAll(".swatch")) {
            const colour = this.app.processColour(Number(swatch.dataset.pid));
            swatch.style.background = this.app.paint.process(colour);
        }
        const {filter} = this.app;
        document.getElementById("show-all").hidden =
            filter.hiddenProcesses.size + filter.hiddenGroups.size === 0;
    }
}

/** Faults by row of the table, as bars; and some sums. */
class CountView {
    constructor(app) {
        this.app = app;
        this.sums = document.getElementById("sums");
        this.build();
    }

    build() {
        const {totals} = this.app.player;
        this.rows = Object.keys(ROWS).filter((row) => totals[row]);
        this.most = Math.max(1, ...this.rows.map((row) => totals[row]));
        this.cells = new Map();
        document.getElementById("counts").replaceChildren(
            ...this.rows.map((row) => this.line(row)));
    }

    line(row) {
        const bar = element("span", {class: "bar"});
        const number = element("td", {class: "number", "data-row": row}, "0");
        this.cells.set(row, {bar, number});
        return element("tr", {title: ROWS[row][1]},
            element("th", {scope: "row"}, element("code", {}, row),
                element("small", {}, ROWS[row][0])),
            element("td", {class: "bars"}, bar), number);
    }

    render() {
        const {state} = this.app.player;
        const {counts} = state;
        for (const [row, {bar, number}] of this.cells) {
            const count = counts[row] ?? 0;
            bar.style.transform = `scaleX(${count / this.most})`;
            setText(number, grouped(count));
        }
        const sum = (name) => counts[name] ?? 0;
        const parts = [
            plural(sum("fault.end"), "fault"), `${grouped(sum("major"))} with the disk`,
            plural(sum("copy"), "copy").replace("copys", "copies"),
            plural(sum("evict"), "eviction"),
        ];
        if (state.free !== undefined)
            parts.push(plural(state.free, "free frame"));
        if (this.app.player.begin.slots)
            parts.push(`${plural(state.slotsUsed, "swap slot")} used`);
        setText(this.sums, parts.join(" · "));
    }
}

/** Changes the text only if it differs, which spares the browser a layout. */
function setText(node, text) {
    if (node.textContent !== text)
        node.textContent = text;
}

/** The events round the current one, from all that are shown or from a history. */
class ListView {
    constructor(app) {
        this.app = app;
        this.list = document.getElementById("list");
        this.tabs = {events: document.getElementById("tab-events"),
            history: document.getElementById("tab-history")};
        this.about = document.getElementById("about");
        this.shows = "events";
        for (const [name, tab] of Object.entries(this.tabs)) {
            tab.addEventListener("click", () => this.show(name));
            tab.addEventListener("keydown", (event) => this.switchTab(event));
        }
        this.list.addEventListener("click", (event) => {
            const button = event.target.closest("button");
            if (button)
                app.goto(Number(button.dataset.index));
        });
    }

    switchTab(event) {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight")
            return;
        const other = this.shows === "events" ? "history" : "events";
        if (!this.tabs[other].disabled) {
            this.show(other);
            this.tabs[other].focus();
        }
        event.preventDefault();
        event.stopPropagation();
    }

    show(name) {
        this.shows = name;
        this.render();
    }

    render() {
        const {app} = this;
        const {selection} = app;
        this.tabs.history.disabled = !selection;
        if (!selection)
            this.shows = "events";
        for (const [name, tab] of Object.entries(this.tabs)) {
            tab.setAttribute("aria-selected", String(name === this.shows));
            tab.tabIndex = name === this.shows ? 0 : -1;
        }
        setText(this.tabs.history, selection ? `History of ${app.selectionName()}` : "History");
        for (const one of [this.list, this.list.parentElement])
            one.setAttribute("aria-labelledby", this.tabs[this.shows].id);
        setText(this.about, this.aboutText());
        this.renderList(this.shows === "history" ? app.history : app.filter.events);
    }

    aboutText() {
        const {app} = this;
        if (app.selection)
            return app.describeSelection();
        return "Click a frame, a page or a swap slot to see its history.";
    }

    renderList(indexes) {
        this.list.setAttribute("data-total", String(indexes.length));
        const room = Math.max(3, Math.floor(this.list.clientHeight / ListView.LINE));
        const at = lowerBound(indexes, this.app.index);
        const first = Math.max(0, Math.min(at - Math.floor(room / 3), indexes.length - room));
        const shown = Array.from(indexes.slice(first, first + room));
        const key = `${this.shows} ${shown.join()} ${this.app.index}`;
        if (key === this.shown)
            return;
        this.shown = key;
        while (this.list.children.length < shown.length)
            this.list.append(ListView.makeLine());
        while (this.list.children.length > shown.length)
            this.list.lastChild.remove();
        shown.forEach((index, place) => this.fillLine(this.list.children[place], index));
    }

    static makeLine() {
        return element("li", {}, element("button", {type: "button", tabindex: "-1"},
            element("span", {class: "time"}), element("span", {class: "who"}),
            element("span", {class: "kind"}), element("span", {class: "brief"})));
    }

    fillLine(line, index) {
        const button = line.firstChild;
        const current = index === this.app.index;
        const [time, who, kind, brief] = button.children;
        button.dataset.index = index;
        button.className = index > this.app.index ? "later" : "";
        if (current)
            button.setAttribute("aria-current", "true");
        else
            button.removeAttribute("aria-current");
        const event = this.app.player.trace.at(index);
        setText(time, this.app.timeText(index));
        setText(who, event.irq ? "irq" : String(event.pid ?? ""));
        setText(kind, event.kind);
        setText(brief, briefly(event));
    }
}
ListView.LINE = 22;

/** An event's most telling fields, for a line of a list. */
function briefly(event) {
    const parts = [];
    if (event.row !== undefined)
        parts.push(event.row);
    if (event.addr !== undefined)
        parts.push(address(event.addr));
    if (event.kind === "copy")
        parts.push(`${hex(event.frame)} → ${hex(event.to)}`);
    else if (event.frame !== undefined)
        parts.push(frameName(event.frame));
    for (const name of ["anon", "slot"]) {
        if (event[name] !== undefined)
            parts.push(`${name} ${event[name]}`);
    }
    for (const name of ["access", "reason", "why", "name", "what"]) {
        if (event[name] !== undefined)
            parts.push(event[name]);
    }
    if (event.to !== undefined && event.kind === "switch")
        parts.push(`to ${event.to}`);
    if (event.write !== undefined)
        parts.push(event.write ? "write" : "read");
    return parts.join(" ");
}
