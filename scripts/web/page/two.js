/* SPDX-License-Identifier: MIT */
/*
 * Two machines that share memory (docs/two-machines.md): each runs `demo dsm`, their third serial
 * ports are joined here, and what goes over the line is shown: which machine may write a page or
 * read it, and each page that flies from one to the other.
 */

const SHARED_PAGES = 32;          // userprog/bin/demo/dsm_pages.h
const MESSAGE = 8, PAGE_BYTES = 4096;
const FLIGHT = 400;               // ms
const OUTPUT_LINES = 12;

/** The messages in the bytes that one machine sends. */
class LineReader {
    constructor(told) {
        this.told = told;
        this.head = [];
        this.skip = 0;
    }

    push(byte) {
        if (this.skip) {
            this.skip--;
            return;
        }
        this.head.push(byte);
        if (this.head.length < MESSAGE)
            return;
        const [, , , kind, ...number] = this.head;
        this.head = [];
        const name = String.fromCharCode(kind);
        if (name === "b")
            this.skip = PAGE_BYTES;
        this.told(name, new DataView(Uint8Array.from(number).buffer).getUint32(0, true));
    }
}

/** What each machine may do with each page, out of the messages. */
class SharedPages {
    constructor() {
        this.rights = [0, 1].map(() => new Array(SHARED_PAGES).fill("none"));
        this.hello = [];
        this.asked = [[], []];
        this.sent = [0, 0];
    }

    /** A message of machine `from`. Whether the page's bytes go to the other with it. */
    message(from, kind, number) {
        const to = 1 - from;
        if (kind === "h") {
            this.hello[from] = number;
            if (this.hello[to] !== undefined)
                this.rights[number > this.hello[to] ? from : to].fill("write");
        } else if (kind === "c" || kind === "m") {
            this.asked[from][number] = kind;
        } else if (kind === "l") {
            this.give(from, number, "none", "write");
        } else if (kind === "b") {
            const copy = this.asked[to][number] === "c";
            this.give(from, number, copy ? "read" : "none", copy ? "read" : "write");
            this.sent[from]++;
        }
        return kind === "b";
    }

    give(from, page, mine, other) {
        this.rights[from][page] = mine;
        this.rights[1 - from][page] = other;
    }
}

class TwoMachines {
    constructor(element, app) {
        Object.assign(this, {element, app});
        this.button = make("button", {id: "two-start", type: "button"}, "Start two machines");
        this.button.addEventListener("click", () => this.run());
        this.status = make("p", {id: "two-status", role: "status"});
        this.views = [0, 1].map((i) => this.view(i));
        element.append(make("p", {}, "Two machines have no memory in common, only a serial line. " +
            "A page is written in one of them or read in both; a touch of what is not here is a " +
            "page fault, and the program's handler gets the page from the other machine."),
        this.button, this.status,
        make("div", {id: "two-machines"}, ...this.views.map(({box}) => box)));
    }

    view(i) {
        const name = `Machine ${"AB"[i]}`;
        const pages = make("div", {className: "shared-pages", role: "img",
            ariaLabel: `${name}: no pages yet`}, ...Array.from({length: SHARED_PAGES}, () =>
            make("span")));
        const output = make("pre", {tabIndex: 0, role: "group",
            ariaLabel: `${name}: what it prints`});
        const box = make("section", {className: "two-machine", ariaLabel: name},
            make("h2", {}, name), pages, output);
        return {name, pages, output, box};
    }

    async run() {
        this.button.disabled = true;
        this.element.dataset.state = "running";
        const stood = this.app.machine.stands;
        this.app.pause();   // the processor is for the two
        this.shared = new SharedPages();
        this.draw();
        const thread = await ComputerThread.start();
        this.machines = [0, 1].map(() => new Machine({words: "", line: true},
            (told) => thread.computer(told)));
        try {
            await this.demo();
        } finally {
            await Promise.all(this.machines.map((machine) => machine.end()));
            this.button.disabled = false;
            if (!stood)
                await this.app.go();
        }
        this.element.dataset.state = "done";
    }

    async demo() {
        this.status.textContent = "They start …";
        await Promise.all(this.machines.map((machine) =>
            machine.start((name) => Files.read(name))));
        this.machines.forEach((machine, i) => this.join(machine, i));
        await Promise.all(this.machines.map((machine) => machine.prompt()));
        this.status.textContent = "They share memory …";
        this.output = await Promise.all(this.machines.map((machine) => machine.run("demo dsm")));
        this.showOutput();
        this.status.textContent = `${this.shared.sent[0]} pages went from A to B, ` +
            `${this.shared.sent[1]} from B to A.`;
    }

    /** What it sends the other receives, and is looked at here. */
    join(machine, from) {
        machine.computer.join(this.machines[1 - from].computer);
        const reader = new LineReader((kind, number) => this.message(from, kind, number));
        machine.onLine = (bytes) => bytes.forEach((byte) => reader.push(byte));
        machine.addEventListener("output", () => this.later(() => this.showOutput()));
    }

    message(from, kind, page) {
        if (this.shared.message(from, kind, page))
            this.fly(from, page);
        this.later(() => this.draw());
    }

    /** Once for each of the browser's frames. */
    later(action) {
        this.due ??= new Map();
        if (this.due.size === 0)
            requestAnimationFrame(() => {
                const due = [...this.due.values()];
                this.due.clear();
                due.forEach((one) => one());
            });
        this.due.set(String(action), action);
    }

    draw() {
        this.views.forEach(({name, pages}, i) => {
            const count = {write: 0, read: 0, none: 0};
            this.shared.rights[i].forEach((right, page) => {
                count[right]++;
                pages.children[page].dataset.right = right;
            });
            pages.ariaLabel = `${name}: ${count.write} pages to write, ${count.read} to read`;
        });
    }

    showOutput() {
        this.views.forEach(({output}, i) => {
            const text = this.output?.[i] ?? this.machines[i].text;
            output.textContent = text.replace(/\r|\x1b\[[0-9;]*[A-Za-z]/g, "").trim().split("\n")
                .slice(-OUTPUT_LINES).join("\n");
        });
    }

    fly(from, page) {
        if (matchMedia("(prefers-reduced-motion: reduce)").matches)
            return;
        const [start, end] = [from, 1 - from].map((i) =>
            this.views[i].pages.children[page].getBoundingClientRect());
        const dot = make("div", {className: "flying", ariaHidden: "true"});
        dot.style.left = `${start.left}px`;
        dot.style.top = `${start.top}px`;
        document.body.append(dot);
        dot.animate([{transform: "none"},
            {transform: `translate(${end.left - start.left}px, ${end.top - start.top}px)`}],
        {duration: FLIGHT, easing: "ease-in-out"}).finished.finally(() => dot.remove());
    }
}
