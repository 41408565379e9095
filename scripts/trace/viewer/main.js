/* SPDX-License-Identifier: MIT */
/* Joins the parts: the moment that is shown, what is selected, playing, keys, link and theme. */

const PROCESS_COLOURS = 8;
const SPEEDS = [1, 2, 5, 10, 30, 100, 1000];
const LINK_DELAY = 250;   // ms; browsers do not like their address to change all the time
const byId = (id) => document.getElementById(id);

/** The theme's colours, for the canvases. */
class Paint {
    constructor() {
        const style = getComputedStyle(document.documentElement);
        const get = (name) => style.getPropertyValue(`--${name}`).trim();
        for (const name of ["paper", "ink", "muted", "line", "rule", "accent", "focus", "kernel",
            "table", "absent", "cache", "bar", "sans", "mono"])
            this[name] = get(name);
        this.tableLine = get("table-line");
        this.cacheLine = get("cache-line");
        this.onColour = get("on-colour");
        this.colours = [get("nobody")];
        for (let number = 1; number <= PROCESS_COLOURS; number++)
            this.colours.push(get(`process-${number}`));
    }

    process(number) {
        return this.colours[number];
    }
}

/** What is being handled in the event: {as, page, frame, from, slot, toSlot, arrow}. */
function subjectOf(event, player) {
    const {state, survey, trace} = player;
    const subject = {frame: event.frame, slot: event.slot};
    const begin = event.irq ? -1 : survey.faultBegin.get(event.index);
    if (event.as !== undefined && event.addr !== undefined && PAGE_KINDS.has(event.kind))
        Object.assign(subject, {as: event.as, page: pageOf(event.addr)});
    else if (begin >= 0)
        Object.assign(subject, {as: trace.at(begin).as, page: pageOf(trace.at(begin).addr)});
    if (event.as !== undefined && (event.kind === "fault.row" || event.kind === "fault.end"))
        Object.assign(subject, {as: event.as, page: pageOf(event.addr)});
    ARROWS[event.kind]?.(subject, event, state);
    if (subject.page === undefined && event.frame !== undefined) {
        const user = state.mappings(event.frame)[0] ??
            (event.anon && state.references(event.anon)[0]);
        if (user)
            Object.assign(subject, {as: user.as, page: user.page});
    }
    return subject;
}

const solid = (subject) => { subject.arrow = "maps"; };
const dashed = (subject) => { subject.arrow = "was"; };

/** What an event adds to its subject; without an arrow, page and frame are only marked. */
const ARROWS = {
    "fault.begin": (subject, event) => {
        if (event.before)
            Object.assign(subject, {frame: frameOf(event.before), arrow: "was"});
    },
    "fault.end": (subject, event) => {
        if (event.after)
            Object.assign(subject, {frame: frameOf(event.after), arrow: "maps"});
    },
    "map": solid,
    "protect": solid,
    "reuse": solid,
    "unmap": dashed,
    "hand": dashed,
    "evict": dashed,
    "evict.back": dashed,
    "copy": (subject, event) => Object.assign(subject, {frame: event.to, from: event.frame}),
    "page": (subject, event, state) => {
        const frame = event.anon && state.anon.frame.get(event.anon);
        if (frame)
            Object.assign(subject, {frame, arrow: "was"});
    },
    "swap.out": (subject) => Object.assign(subject, {toSlot: true, arrow: "was"}),
    "anon.slot": (subject, event, state) => {
        subject.frame = state.anon.frame.get(event.anon) || undefined;
        subject.toSlot = true;
    },
};

class App {
    constructor(player) {
        this.player = player;
        this.words = new Words(this.player);
        this.users = new Users(this.player.frames);
        this.folded = true;
        this.selection = undefined;
        this.history = [];
        this.chooseColours();
        this.filter = this.makeFilter();
        this.startTheme();
        this.spaces = new SpaceColumns(this, byId("spaces"));
        this.frames = new FrameGrid(this, byId("frames"));
        // Without swapping the frames have its room.
        const swaps = this.player.swaps;
        byId("swap-panel").hidden = !swaps;
        this.swap = swaps ? new SwapGrid(this, byId("swap")) : null;
        this.walk = new WalkView(this);
        this.arrows = new ArrowView(this);
        this.filters = new FilterView(this);
        this.counts = new CountView(this);
        this.list = new ListView(this);
        this.timeline = this.makeTimeline();
        this.startControls();
        this.readLink();
        this.repaint();
        new ResizeObserver(() => this.render(false)).observe(byId("stage"));
    }

    makeFilter() {
        return new Filter(this);
    }

    makeTimeline() {
        return new Timeline(this);
    }

    get index() {
        return this.player.index;
    }

    chooseColours() {
        const {survey} = this.player;
        const owners = [...new Set(survey.owner.values())];
        const order = (pid) => (survey.active.has(pid) ? 0 : 1e9) + pid;
        owners.sort((a, b) => order(a) - order(b));
        this.processColours = new Map(
            owners.map((pid, number) => [pid, number % PROCESS_COLOURS + 1]));
    }

    processColour(pid) {
        return this.processColours.get(pid) ?? 0;
    }

    pidOf(as) {
        return this.pids.get(as) ?? this.player.survey.owner.get(as);
    }

    /** The colour of an address space's process; 0 if there is none. Asked for very often. */
    colour(as) {
        if (!as)
            return 0;
        return this.spaceColours[as] ??= this.processColour(this.pidOf(as));
    }

    /** The address spaces that have a column: those of processes that do something come first. */
    shownSpaces() {
        const {state, survey} = this.player;
        const order = (space) => {
            const pid = this.pidOf(space.number) ?? 0;
            return (survey.active.has(pid) ? 0 : 1e9) + pid;
        };
        return [...state.spaces.values()].filter((space) => !this.filter.hides(space.number))
            .sort((a, b) => order(a) - order(b) || a.number - b.number);
    }

    timeText(index) {
        const {trace, first} = this.player;
        return `+${duration(Math.max(0, trace.time(index) - trace.time(first)))}`;
    }

    describeMachine() {
        const {begin, state: {policy}} = this.player;
        setText(byId("command"), begin.command ?? begin.cmdline ?? "");
        // The firmware keeps the last few frames for itself.
        const megabytes = Math.ceil(begin.frames * PAGE_SIZE / 2 ** 20);
        setText(byId("machine"), `${megabytes} MiB in ${grouped(begin.frames)} frames` +
            (begin.slots ? ` · ${grouped(begin.slots)} swap slots` : "") +
            (policy ? ` · policy ${policy}` : ""));
    }

    /* ---- the moment ---- */

    goto(index) {
        this.moveTo(index);
        this.render(false);
        this.linkLater();
    }

    /** Any number will do: it is made one of a moment that there is. */
    moveTo(index) {
        const {first, trace} = this.player;
        const whole = Number.isFinite(index) ? Math.round(index) : first;
        this.player.goto(Math.max(first, Math.min(trace.length - 1, whole)));
    }

    /** Goes to the next (1) or the previous (-1) of the list's moments; false if there is none. */
    step(list, direction, times = 1) {
        const at = lowerBound(list, direction > 0 ? this.index + 1 : this.index);
        const place = direction > 0 ? Math.min(at + times - 1, list.length - 1) : at - times;
        if (at >= list.length && direction > 0 || place < 0)
            return false;
        this.goto(list[place]);
        return true;
    }

    render(force) {
        const {player} = this;
        this.event = player.trace.at(player.index);
        this.pids = new Map();
        for (const {pid, as} of player.state.processes.values()) {
            if (as !== undefined && !this.pids.has(as))
                this.pids.set(as, pid);
        }
        this.spaceColours = [];
        this.users.update(player.state);
        this.subject = subjectOf(this.event, player);
        setText(byId("sentence"), this.words.sentence(this.event));
        setText(byId("kind"), this.event.kind);
        setText(byId("moment"), this.timeText(player.index));
        if (document.activeElement !== byId("number"))
            byId("number").value = player.index + 1;
        this.describeMachine();
        this.walk.render();
        this.spaces.render(force);
        this.frames.render(force);
        this.swap?.render(force);
        this.revealSubject();
        this.arrows.render();
        this.counts.render();
        this.list.render();
        this.showChapter();
        this.timeline.render(force);
    }

    revealSubject() {
        const reveal = (grid, key) => {
            const cell = grid?.byKey.get(key);
            if (cell)
                grid.reveal(cell);
        };
        const {subject} = this;
        if (subject.page !== undefined)
            reveal(this.spaces, SpaceColumns.keyOf(subject.as, subject.page));
        reveal(this.frames, subject.frame);
        reveal(this.swap, subject.slot);
    }

    /* ---- selection and its history ---- */

    choose(selection) {
        this.selection = selection;
        this.history = selection ? this.historyOf(selection) : [];
        this.list.shows = selection ? "history" : "events";
        this.render(false);
        this.linkLater();
    }

    isSelected(what, number) {
        return this.selection?.what === what && this.selection[what] === number;
    }

    selectionName() {
        const {what, frame, slot, page} = this.selection;
        return {frame: () => frameName(frame), slot: () => `slot ${slot}`,
            page: () => address(page * PAGE_SIZE)}[what]();
    }

    describeSelection() {
        const {what, frame, slot, as, page} = this.selection;
        return {frame: () => this.words.describeFrame(frame),
            slot: () => this.words.describeSlot(slot),
            page: () => this.words.describePage(as, page)}[what]();
    }

    /** The indexes of the events that concern the frame, the slot, or the page. */
    historyOf(selection) {
        const concerns = {
            frame: (event) => event.to === selection.frame && event.kind === "copy" ||
                event.frame <= selection.frame &&
                selection.frame < event.frame + (event.count && !event.disk && event.kind ===
                    "frame.take" ? event.count : 1),
            slot: (event) => event.slot === selection.slot,
            page: this.pageConcerns(selection),
        }[selection.what];
        const found = [];
        const {trace} = this.player;
        for (let i = trace.base; i < trace.length; i++) {
            if (concerns(trace.at(i)) && !trace.field("snap", i))
                found.push(i);
        }
        return Uint32Array.from(found);
    }

    /** Events at the page, and those of the anonymous page that it is at that time. */
    pageConcerns({as, page}) {
        let anon;
        return (event) => {
            const here = event.as === as && event.addr !== undefined && event.end === undefined &&
                event.kind !== "frame.table" && pageOf(event.addr) === page;
            if (here && event.kind === "page")
                anon = event.anon;
            return here || anon !== undefined && event.anon === anon && event.as === undefined;
        };
    }

    /* ---- controls ---- */

    filterChanged() {
        this.filter.update();
        this.filters.render();
        this.render(false);
        this.linkLater();
    }

    startControls() {
        const press = (id, action) => byId(id).addEventListener("click", action);
        press("first", () => this.goto(this.player.first));
        press("last", () => this.goto(this.player.trace.length - 1));
        press("next", () => this.step(this.filter.events, 1));
        press("previous", () => this.step(this.filter.events, -1));
        press("next-fault", () => this.step(this.filter.faults, 1));
        press("previous-fault", () => this.step(this.filter.faults, -1));
        this.startChapters();
        press("play", () => this.play(!this.playing));
        press("help", () => byId("keys").showModal());
        press("fold", () => this.fold(!this.folded));
        press("theme", () => this.nextTheme());
        byId("number").addEventListener("change", (event) => this.goto(event.target.value - 1));
        byId("speed").append(...SPEEDS.map((speed) => element("option", {value: speed},
            `${speed} / s`)));
        byId("speed").value = "5";
        byId("link").addEventListener("click", (event) => this.copyLink(event));
        for (const panel of document.querySelectorAll(".scroll"))
            panel.addEventListener("scroll", () => this.arrows.render(), {passive: true});
        document.addEventListener("keydown", (event) => this.key(event));
        window.addEventListener("hashchange", () => this.followLink());
    }

    /** A demo's headlines, to go to; without any there is nothing to choose. */
    startChapters() {
        const {chapters} = this.player.trace;
        this.chapters = Uint32Array.from(chapters.map(([index]) => index));
        byId("chapter-label").hidden = !chapters.length;
        byId("chapter").append(element("option", {value: this.player.first}, "setting up"),
            ...chapters.map(([index, words]) => element("option", {value: index}, words)));
        byId("chapter").addEventListener("change",
            (event) => this.goto(Number(event.target.value)));
    }

    /** The chapter of the moment, in its list. */
    showChapter() {
        byId("chapter").selectedIndex = lowerBound(this.chapters, this.index + 1);
    }

    key(event) {
        if (event.ctrlKey || event.altKey || event.metaKey || byId("keys").open)
            return;
        const {target} = event;
        const typing = target.matches("select, input[type=number]");
        const pressing = target.matches("button, a, label, summary, input[type=checkbox]");
        if (typing || (pressing && (event.key === " " || event.key === "Enter")))
            return;
        const inList = target === byId("list");
        const list = inList && this.list.shows === "history" ? this.history : this.filter.events;
        const {faults, evictions} = this.filter;
        const actions = {
            " ": () => this.play(!this.playing),
            "ArrowRight": () => this.step(event.shiftKey ? faults : list, 1),
            "ArrowLeft": () => this.step(event.shiftKey ? faults : list, -1),
            "ArrowDown": inList && (() => this.step(list, 1)),
            "ArrowUp": inList && (() => this.step(list, -1)),
            "Home": () => this.goto(this.player.first),
            "End": () => this.goto(this.player.trace.length - 1),
            "e": () => this.step(evictions, 1),
            "E": () => this.step(evictions, -1),
            "PageDown": () => this.step(this.chapters, 1),
            "PageUp": () => this.step(this.chapters, -1),
            "+": () => this.changeSpeed(1),
            "-": () => this.changeSpeed(-1),
            "u": () => this.fold(!this.folded),
            "t": () => this.nextTheme(),
            "Escape": () => this.choose(undefined),
            "?": () => byId("keys").showModal(),
        };
        if (actions[event.key]) {
            actions[event.key]();
            event.preventDefault();
        }
    }

    fold(folded) {
        this.folded = folded;
        byId("fold").setAttribute("aria-pressed", String(!folded));
        this.render(false);
    }

    changeSpeed(direction) {
        const select = byId("speed");
        const place = SPEEDS.indexOf(Number(select.value)) + direction;
        if (SPEEDS[place])
            select.value = SPEEDS[place];
    }

    /** Playing steps through the events that are shown, or from fault to fault. */
    play(playing) {
        this.playing = playing;
        byId("play").setAttribute("aria-label", playing ? "Pause" : "Play");
        byId("play").classList.toggle("playing", playing);
        // Nobody can listen to a sentence that changes many times a second.
        byId("sentence").setAttribute("aria-live", playing ? "off" : "polite");
        if (!playing)
            return;
        let due = 1;
        let last = performance.now();
        const turn = (now) => {
            if (!this.playing)
                return;
            due += (now - last) / 1000 * Number(byId("speed").value);
            last = now;
            const steps = Math.floor(due);
            due -= steps;
            const list = byId("by").value === "fault" ? this.filter.faults : this.filter.events;
            if (steps > 0 && !this.step(list, 1, steps))
                this.play(false);
            else
                requestAnimationFrame(turn);
        };
        requestAnimationFrame(turn);
    }

    /** For screen readers: what the keyboard's cursor is on. */
    say(text) {
        setText(byId("spoken"), text);
    }

    showTip(text, x, y) {
        const tip = byId("tip");
        setText(tip, text);
        tip.hidden = false;
        const {width, height} = tip.getBoundingClientRect();
        tip.style.left = `${Math.max(4, Math.min(x + 12, innerWidth - width - 8))}px`;
        tip.style.top = `${y + 16 + height > innerHeight ? y - height - 10 : y + 16}px`;
    }

    hideTip() {
        byId("tip").hidden = true;
    }

    /* ---- the link to a moment ---- */

    /** event: line of events.jsonl; hide: processes and kinds not shown; and the selection. */
    linkText() {
        const {filter, selection} = this;
        const words = [`event=${this.index + 1}`];
        if (filter.hiddenProcesses.size)
            words.push(`hide-processes=${[...filter.hiddenProcesses].join()}`);
        if (filter.hiddenGroups.size)
            words.push(`hide-kinds=${[...filter.hiddenGroups].join()}`);
        if (selection?.what === "frame")
            words.push(`frame=${hex(selection.frame)}`);
        if (selection?.what === "slot")
            words.push(`slot=${selection.slot}`);
        if (selection?.what === "page")
            words.push(`page=${selection.as}:${address(selection.page * PAGE_SIZE)}`);
        return "#" + words.join("&");
    }

    linkLater() {
        clearTimeout(this.linkTimer);
        this.linkTimer = setTimeout(() => {
            const link = this.linkText();
            byId("link").href = link;
            if (location.hash !== link)
                history.replaceState(null, "", link);
        }, LINK_DELAY);
    }

    copyLink(event) {
        event.preventDefault();
        clearTimeout(this.linkTimer);
        history.replaceState(null, "", this.linkText());
        const done = (text) => {
            setText(byId("link"), text);
            setTimeout(() => setText(byId("link"), "Link"), 1500);
        };
        const copied = navigator.clipboard?.writeText(location.href);
        if (copied)
            copied.then(() => done("Copied"), () => done("In the address bar"));
        else
            done("In the address bar");
    }

    followLink() {
        this.readLink();
        this.filterChanged();
    }

    readLink() {
        const words = new URLSearchParams(location.hash.slice(1));
        if (!words.has("event"))
            return;
        const list = (name) => (words.get(name) ?? "").split(",").filter((word) => word !== "");
        this.filter.hiddenProcesses.clear();
        list("hide-processes").forEach((pid) => this.filter.hiddenProcesses.add(Number(pid)));
        this.filter.hiddenGroups.clear();
        list("hide-kinds").forEach((group) => this.filter.hiddenGroups.add(group));
        const [as, at] = (words.get("page") ?? "").split(":").map(Number);
        this.selection = words.has("frame") ? {what: "frame", frame: Number(words.get("frame"))}
            : words.has("slot") ? {what: "slot", slot: Number(words.get("slot"))}
                : words.has("page") ? {what: "page", as, page: pageOf(at)} : undefined;
        this.history = this.selection ? this.historyOf(this.selection) : [];
        this.list.shows = this.selection ? "history" : "events";
        this.filter.update();
        this.moveTo(Number(words.get("event")) - 1);
    }

    /* ---- light and dark ---- */

    startTheme() {
        try {
            document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "system";
        } catch {
            document.documentElement.dataset.theme = "system";
        }
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.repaint());
        this.paint = new Paint();
    }

    nextTheme() {
        const root = document.documentElement;
        const dark = root.dataset.theme === "dark" || root.dataset.theme === "system" &&
            matchMedia("(prefers-color-scheme: dark)").matches;
        root.dataset.theme = dark ? "light" : "dark";
        try {
            localStorage.setItem("theme", root.dataset.theme);
        } catch {
            // Without storage the choice lasts as long as the page.
        }
        this.repaint();
    }

    repaint() {
        this.paint = new Paint();
        this.drawLegend();
        this.render(true);
        this.filters.render();
    }

    drawLegend() {
        const one = 1 * LOOK.COLOUR;
        const signs = [
            [SHAPE.ANON | one, "a process's own page"],
            [SHAPE.ANON | one | 2 * LOOK.OTHER, "shared by two"],
            [SHAPE.CACHE, "page cache"],
            [SHAPE.CACHE | 1 * LOOK.OTHER, "and mapped"],
            [SHAPE.ANON | one | LOOK.DIRTY, "dirty"],
            [SHAPE.AWAY | one, "in memory, not mapped"],
            [SHAPE.SWAPPED | one, "swapped out"],
            [SHAPE.ZERO | one, "zeros"],
            [SHAPE.UNTOUCHED, "free, untouched"],
            [SHAPE.TABLE | one, "page table"],
            [SHAPE.KERNEL, "kernel"],
            [SHAPE.CACHE | LOOK.READING, "being read"],
            [SHAPE.CACHE | LOOK.WRITING, "being written"],
            [SHAPE.CACHE | LOOK.HAND, "the hand"],
            [SHAPE.UNTOUCHED | LOOK.CURRENT, "handled now"],
        ];
        byId("legend").replaceChildren(...signs.map(([look, text]) => {
            const canvas = element("canvas", {"aria-hidden": "true"});
            const context = sizeCanvas(canvas, 20, 20);
            drawCell(context, {x: 2, y: 2, size: 16, gap: 3}, look, this.paint);
            return element("li", {}, canvas, text);
        }));
    }
}

/* Without events in the page, they come one after another: see live.js. */
if (byId("trace")) {
    Trace.unpack(byId("trace").textContent).then((trace) => {
        byId("trace").remove();
        window.viewer = new App(new Player(trace));
        document.documentElement.dataset.ready = String(Math.round(performance.now()));
    }).catch((error) => {
        setText(byId("sentence"), `This trace cannot be shown: ${error.message}`);
        throw error;
    });
}
