/* SPDX-License-Identifier: MIT */
/*
 * A machine that somebody uses: a computer (computer.js), what is said to its shell and by it, whether it
 * stands still, and how it is saved.
 *
 * Events: "output" (detail: bytes of COM1), "prompt", "state" (detail: "boot", "prompt", "busy"), "held".
 */

// The shell asks the terminal where the cursor is, after its prompt; which a command that was typed at
// once has put out of mind.
const PROMPT = /pagoda:[^\n]*[#$] (?:\x1b\[[0-9;]*[A-Za-z])*$/;
const CURSOR_ASKED = "\x1b[6n";
const SHELL_ASKS = /(?:^|pagoda:[^\n]*[#$] )(?:\x1b\[[0-9;]*[A-Za-z])*\x1b\[6n/;
const OUTPUT_KEPT = 1 << 16;   // characters of the terminal that are looked at
const SAVED_VERSION = 1;

class Machine extends EventTarget {
    /** makeComputer(told): gives, or promises, the computer when it is started. */
    constructor(settings, makeComputer = (told) => new Computer(told)) {
        super();
        this.settings = {memory: 16, policy: "", words: "trace-com2 trace=all", ...settings};
        this.makeComputer = makeComputer;
        this.state = "boot";
        this.text = "";
        this.decoder = new TextDecoder();
    }

    get commandLine() {
        const {policy, words} = this.settings;
        return ["root=hda swap=hdb quiet", policy && `vm.policy=${policy}`, words]
            .filter(Boolean).join(" ");
    }

    /** Fetches all that start() needs, if it is to be there early. read: gives a file's ArrayBuffer by
     * name. */
    fetch(read) {
        this.parts ??= Promise.all([this.makeComputer((what, value) => this.told(what, value)),
            ...["v86.wasm", "pagoda.elf", "root.img"].map(read)]);
        return this.parts;
    }

    async start(read) {
        const [computer, wasm, kernel, root] = await this.fetch(read);
        this.rootBytes = root.byteLength;
        this.computer = computer;
        await this.computer.start({wasm, kernel, root, memory: this.settings.memory,
            line: this.settings.line === true, commandLine: this.commandLine,
            state: this.saved?.state});
        if (this.saved)
            this.enter(this.saved.at);
    }

    told(what, value) {
        if (what === "console") {
            this.said(value);
        } else if (what === "trace") {
            this.onTrace?.(value);
            this.computer.took(value.length);
        } else if (what === "line") {
            this.onLine?.(value);
        } else if (what === "stopped") {
            this.setHeld(true);
            this.onStopped?.(value);
        }
    }

    /** Lines for the kernel about what to trace, as for /proc/sys/kernel/trace. */
    sendWords(words) {
        this.computer.send(COM2, new TextEncoder().encode(`${words}\n`));
    }

    said(bytes) {
        const piece = this.decoder.decode(bytes, {stream: true});
        this.text = (this.text + piece).slice(-OUTPUT_KEPT);
        if (piece.includes(CURSOR_ASKED) && SHELL_ASKS.test(this.text))
            this.shellAsked = true;
        this.dispatchEvent(new CustomEvent("output", {detail: bytes}));
        this.enter(PROMPT.test(this.text) ? "prompt" : this.state === "boot" ? "boot" : "busy");
    }

    enter(state) {
        if (state === this.state)
            return;
        this.state = state;
        this.dispatchEvent(new CustomEvent("state", {detail: state}));
        if (state === "prompt")
            this.dispatchEvent(new Event("prompt"));
    }

    /** Types the text at the terminal. */
    type(text) {
        this.computer?.send(COM1, new TextEncoder().encode(text));
    }

    /** Where the terminal's cursor is, as it was asked. The shell asks at its prompt; if a command
     * runs by now the answer is too late, and the command would read it. */
    answer(text) {
        const late = this.shellAsked && this.state !== "prompt";
        this.shellAsked = false;
        if (!late)
            this.type(text);
    }

    /** Types a command; resolves with what it printed when the prompt is back. */
    async run(command) {
        await this.prompt();
        const mark = `${command}\r\n`;
        this.text = "";
        this.enter("busy");
        this.type(`${command}\n`);
        await this.prompt();
        const text = this.text.replace(PROMPT, "");
        return text.startsWith(mark) ? text.slice(mark.length) : text;
    }

    prompt() {
        if (this.state === "prompt")
            return Promise.resolve();
        return new Promise((resolve) => this.addEventListener("prompt", () => resolve(),
            {once: true}));
    }

    /** Whether it stands still, or is about to. */
    get stands() {
        return this.held === true;
    }

    setHeld(held) {
        this.held = held;
        this.dispatchEvent(new Event("held"));
    }

    /** Stops it at once: before it notes another event, whatever else it is doing. */
    hold() {
        this.setHeld(true);
        return this.computer.hold();
    }

    go() {
        this.setHeld(false);
        return this.computer.go();
    }

    /** Stops it at the next event that has these fields: computer.js's matches(). */
    stopAt(wanted) {
        return this.computer.stopAt(wanted);
    }

    /** All of the machine as a file: a line of JSON about it, and v86's state, packed. */
    async save() {
        const state = await this.computer.save();
        const {memory, policy} = this.settings;
        const head = new TextEncoder().encode(JSON.stringify({pagoda: SAVED_VERSION, memory, policy,
            at: this.state}) + "\n");
        const whole = new Uint8Array(head.length + state.length);
        whole.set(head);
        whole.set(state, head.length);
        return new Uint8Array(await pack(whole));
    }

    /** A machine that goes on where the saved one was; throws if the file is none. */
    static async open(bytes, makeComputer) {
        const whole = new Uint8Array(await unpack(bytes));
        const end = whole.indexOf(10);
        let head;
        try {
            head = JSON.parse(new TextDecoder().decode(whole.subarray(0, Math.max(end, 0))));
        } catch {
            head = {};
        }
        if (head.pagoda !== SAVED_VERSION)
            throw new Error("this file is no saved machine of this page");
        const machine = new Machine({memory: head.memory, policy: head.policy}, makeComputer);
        machine.saved = {state: whole.slice(end + 1).buffer, at: head.at};
        return machine;
    }

    async end() {
        const [computer] = await this.parts ?? [];
        await computer?.end();
    }
}
