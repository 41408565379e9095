/* SPDX-License-Identifier: MIT */
/* Joins the parts: settings, the machine, the terminal, its memory. `pagoda` is for tests, lessons. */

const EYE_TIME = 500;      // ms between two looks at the processor's tables
const KEYS = {"Tab": "\t", "Esc": "\x1b", "^C": "\x03", "^D": "\x04", "^Z": "\x1a", "↑": "\x1b[A",
    "↓": "\x1b[B", "←": "\x1b[D", "→": "\x1b[C", "Enter": "\r"};

const DOCS_PICTURE = "docs/pictures/docs/web.webp";
const NO_DOCS = "They are pages in a folder, docs, which is not beside this file. " +
    "`make web` makes both, in build/web.";

class App {
    constructor() {
        this.terminal = new TerminalView(byId("terminal"));
        this.settings = this.readLink();
        this.guide = new Guide(this);
        byId("ram").value = this.settings.memory;
        byId("policy").value = this.settings.policy;
        this.startControls();
        this.startTheme();
        setInterval(() => this.look(), EYE_TIME);
    }

    /* ---- the machine ---- */

    async start(machine = new Machine(this.settings, computerInThread)) {
        const before = this.machine;
        this.machine = machine;
        document.body.dataset.state = "boot";
        await before?.end();
        machine.fetch((name) => Files.read(name));   // while the picture is opened
        const picture = await this.openPicture();
        this.picture = picture;
        this.stream = new Stream(machine, picture);
        machine.onStopped = (event) => this.stoppedAt(event);
        machine.addEventListener("state", ({detail}) => {
            if (machine === this.machine)
                document.body.dataset.state = detail;
        });
        machine.addEventListener("held", () => this.showHeld());
        this.showHeld();
        this.terminal.connect(machine);
        await machine.start((name) => Files.read(name));
        this.eye = new Eye(machine.computer, this.stream);
        if (machine.saved)
            this.stream.begin();
        this.dispatch("machine");
    }

    /** The picture of the memory, empty, in a frame of its own: one for each machine. */
    async openPicture() {
        const frame = byId("memory");
        const page = await Files.text("memory.html");
        await new Promise((resolve) => {
            frame.addEventListener("load", resolve, {once: true});
            frame.srcdoc = page;
        });
        const picture = frame.contentWindow.liveViewer;
        picture.slots = SWAP_SLOTS;
        picture.control = {
            pause: () => this.pause(),
            toggle: () => this.toggle(),
            next: (what) => this.next(what),
            chose: (selection) => { this.selection = selection; },
        };
        picture.theme(this.theme);
        return picture;
    }

    /* ---- what was recorded ---- */

    mark() {
        return this.picture?.player?.trace.length;
    }

    /** The events since the mark, when all have been told that belong to what happened until now. */
    async eventsSince(mark) {
        while (!this.stream.quiet)
            await new Promise((resolve) => setTimeout(resolve, QUIET / 5));
        const {trace} = this.picture.player;
        return Array.from({length: trace.length - mark}, (_, i) => trace.at(mark + i));
    }

    dispatch(name) {
        document.dispatchEvent(new CustomEvent(`pagoda-${name}`));
    }

    /* ---- standing still ---- */

    pause() {
        if (!this.machine.stands)
            this.machine.hold();
    }

    async go() {
        this.told("");
        this.picture.app?.newest();
        if (this.machine.stands)
            await this.machine.go();
    }

    toggle() {
        return this.machine.stands ? this.go() : this.pause();
    }

    /** Lets the machine go on to its next event, or to the next one of a kind. */
    next(kind) {
        this.stopWhen(kind === undefined ? {} : {kind});
    }

    /** Goes on until an event that has these fields. */
    stopWhen(wanted) {
        this.machine.stopAt(wanted);
        this.go();
    }

    /** What the choice of "stop at" means. */
    stopAt(choice) {
        const {selection} = this;
        if (choice === "chosen" && !selection) {
            this.told("Click a page or a frame first.");
            return;
        }
        const wanted = {"fault": {kind: "fault.end"}, "evict": {kind: "evict"},
            "chosen": eventsOf(selection)};
        this.stopWhen(wanted[choice] ?? {kind: "fault.end", row: choice});
        this.told("Runs until then …");
    }

    stoppedAt(event) {
        byId("stop-at").value = "";
        this.told(`Stopped after ${event.kind}${event.row ? ` ${event.row}` : ""}.`);
    }

    told(text) {
        byId("told").textContent = text;
    }

    showHeld() {
        const {stands} = this.machine;
        document.body.dataset.machine = stands ? "stands" : "runs";
        byId("pause").textContent = stands ? "Go on" : "Pause";
        byId("pause").setAttribute("aria-pressed", String(stands));
        this.picture?.app?.runs(!stands);
    }

    /* ---- the other eye ---- */

    /** Looks while nothing happens: in the middle of a change both are right in their way. */
    async look() {
        const {eye, stream} = this;
        if (!this.picture?.app || !eye || !stream.quiet || this.machine.stands ||
            this.lookedAt === stream.count)
            return;
        this.lookedAt = stream.count;
        const result = await eye.compare(this.picture.player.head);
        if (!result || eye !== this.eye)
            return;
        this.seen = result;
        byId("eye").textContent = Eye.describe(result);
        byId("eye").classList.toggle("differs", result.differences.length > 0);
    }

    /* ---- settings, link, saved machines ---- */

    readLink() {
        const words = new URLSearchParams(location.hash.slice(1));
        const one = (name, id) => [...byId(id).options].some(({value}) => value === words.get(name))
            ? words.get(name) : undefined;
        return {memory: Number(one("mem", "ram") ?? 16), policy: one("policy", "policy") ?? ""};
    }

    /** The link that leads to this: settings, and whatever else is in it (a command, a lesson). */
    link() {
        const {memory, policy} = this.settings;
        const words = new URLSearchParams(location.hash.slice(1));
        words.set("mem", memory);
        words.delete("policy");
        if (policy)
            words.set("policy", policy);
        return `${location.href.split("#")[0]}#${words}`;
    }

    async runFromLink() {
        const command = new URLSearchParams(location.hash.slice(1)).get("run");
        if (command)
            await this.machine.run(command);
    }

    changed() {
        this.settings = {memory: Number(byId("ram").value), policy: byId("policy").value};
        this.showLink();
        return this.start();
    }

    showLink() {
        try {
            history.replaceState(null, "", this.link());
        } catch {
            // A page from a disk may keep its address.
        }
    }

    async save() {
        const bytes = await this.machine.save();
        const link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob([bytes], {type: "application/gzip"}));
        link.download = "pagoda-machine.gz";
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 10000);
        return bytes;
    }

    async open(bytes) {
        try {
            const machine = await Machine.open(bytes, computerInThread);
            this.settings = {memory: machine.settings.memory, policy: machine.settings.policy};
            byId("ram").value = this.settings.memory;
            byId("policy").value = this.settings.policy;
            await this.start(machine);
        } catch (error) {
            this.told(`It cannot be opened: ${error.message}`);
        }
    }

    /* ---- controls ---- */

    startControls() {
        const press = (id, action) => byId(id).addEventListener("click", action);
        press("pause", () => this.toggle());
        press("back", () => this.picture.app?.step(this.picture.app.filter.events, -1));
        press("forth", () => this.picture.app?.step(this.picture.app.filter.events, 1));
        press("restart", () => this.start());
        press("save", () => this.save());
        press("open", () => byId("file").click());
        press("theme", () => this.setTheme(this.theme === "dark" ? "light" : "dark"));
        press("licenses", (event) => this.showLicenses(event));
        document.addEventListener("click", (event) => this.openDocs(event));
        byId("file").addEventListener("change", async ({target}) => {
            if (target.files.length)
                await this.open(new Uint8Array(await target.files[0].arrayBuffer()));
            target.value = "";
        });
        for (const id of ["ram", "policy"])
            byId(id).addEventListener("change", () => this.changed());
        byId("stop-at").addEventListener("change", ({target}) => target.value
            ? this.stopAt(target.value) : this.go());
        byId("stop-at").append(...NAMES.rows.map((row) => new Option(`the next ${row}`, row)));
        byId("keys").append(...Object.entries(KEYS).map(([name, text]) => {
            const button = document.createElement("button");
            button.type = "button";
            button.textContent = name;
            button.addEventListener("click", () => {
                this.machine.type(text);
                this.terminal.terminal.focus();
            });
            return button;
        }));
        for (const button of document.querySelectorAll("#try button"))
            button.addEventListener("click", () => this.machine.run(button.textContent));
    }

    startTheme() {
        const dark = matchMedia("(prefers-color-scheme: dark)");
        let kept;
        try {
            kept = localStorage.getItem("theme");
        } catch {
            // Without storage the choice lasts as long as the page.
        }
        this.setTheme(kept ?? (dark.matches ? "dark" : "light"));
    }

    setTheme(theme) {
        this.theme = theme;
        document.documentElement.dataset.theme = theme;
        this.terminal.colour(theme);
        this.picture?.theme(theme);
        try {
            localStorage.setItem("theme", theme);
        } catch {
            // As above.
        }
    }

    async showLicenses(event) {
        event.preventDefault();
        this.show("Licenses", await Files.text("licenses.txt"));
    }

    show(title, text) {
        byId("about-title").textContent = title;
        byId("terms").textContent = text;
        byId("about").showModal();
    }

    /** The docs are opened beside the page, which has the machine; one file alone comes without them. */
    async openDocs(event) {
        const link = event.target.closest?.('a[href^="docs/"]');
        if (!link)
            return;
        event.preventDefault();
        if (await loads(DOCS_PICTURE))
            open(link.href, "pagoda-docs");
        else
            this.show("Docs", NO_DOCS);
    }
}

/** Whether there is such a picture; a page from a disk can ask for nothing else. */
function loads(address) {
    return new Promise((resolve) => {
        const picture = new Image();
        picture.addEventListener("load", () => resolve(true));
        picture.addEventListener("error", () => resolve(false));
        picture.src = address;
    });
}

/** What an event has that is about the frame, slot or page that was clicked. */
function eventsOf(selection) {
    if (selection?.what === "frame")
        return {frame: selection.frame};
    if (selection?.what === "slot")
        return {slot: selection.slot};
    return selection && {as: selection.as, page: selection.page};
}

const app = new App();
window.pagoda = app;
app.guide.start().catch(() => byId("guide").remove());
app.start().then(() => app.runFromLink()).catch((error) => {
    document.body.dataset.state = "failed";
    byId("trouble").textContent = `Pagoda did not start: ${error.message}`;
    byId("trouble").hidden = false;
    throw error;
});
