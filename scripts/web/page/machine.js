/* SPDX-License-Identifier: MIT */
/*
 * The PC: v86, with the kernel loaded as Multiboot says, a root disk and a swap disk. COM1 is the
 * terminal; COM2 brings the trace and takes words about it (docs/tracing.md).
 *
 * Events: "output" (detail: bytes of COM1), "prompt", "state" (detail: "boot", "prompt", "busy").
 */

const MIB = 2 ** 20;
// The shell asks the terminal where the cursor is, after its prompt.
const PROMPT = /pagoda:[^\n]*[#$] (?:\x1b\[[0-9;]*[A-Za-z])*$/;
const OUTPUT_KEPT = 1 << 16;   // characters of the terminal that are looked at
const SWAP_MIB = 32;
const COMPILER_ROOM = 2 * MIB;
const COM2 = 1;
const SAVED_VERSION = 1;

class Machine extends EventTarget {
    constructor(settings) {
        super();
        this.settings = {memory: 16, policy: "", words: "trace-com2 trace=all", ...settings};
        this.state = "boot";
        this.text = "";
        this.output = [];
        this.decoder = new TextDecoder();
    }

    get commandLine() {
        const {policy, words} = this.settings;
        return ["root=hda swap=hdb quiet", policy && `vm.policy=${policy}`, words]
            .filter(Boolean).join(" ");
    }

    /** What v86 is given. read: gives a file's ArrayBuffer by name. */
    async options(read) {
        const [wasm, kernel, root] = await Promise.all(
            ["v86.wasm", "pagoda.elf", "root.img"].map(read));
        this.rootBytes = root.byteLength;
        const compiled = (imports) => WebAssembly.instantiate(wasm, imports)
            .then(({instance}) => instance.exports);
        return {
            wasm_fn: compiled, memory_size: this.settings.memory * MIB, vga_memory_size: MIB,
            multiboot: {buffer: kernel}, cmdline: this.commandLine,
            hda: {buffer: diskWithRoom(root, COMPILER_ROOM)}, hdb: {buffer: swapDisk(SWAP_MIB * MIB)},
            uart1: true, uart2: this.settings.line === true, disable_speaker: true, disable_keyboard: true, disable_mouse: true,
            acpi: false, autostart: false,
            ...this.saved && {initial_state: {buffer: this.saved.state}},
        };
    }

    async start(read) {
        this.pc = new V86(await this.options(read));
        this.pc.add_listener("serial0-output-byte", (byte) => this.byteCame(byte));
        this.pc.add_listener("serial1-output-byte", (byte) => this.onTrace?.(byte));
        await new Promise((resolve) => this.pc.add_listener("emulator-ready", resolve));
        this.pc.serial_set_clear_to_send(COM2, true);
        this.pc.run();
        if (this.saved)
            this.enter(this.saved.at);
    }

    /** Lines for the kernel about what to trace, as for /proc/sys/kernel/trace. */
    sendWords(words) {
        this.pc.serial_send_bytes(COM2, new TextEncoder().encode(`${words}\n`));
    }

    byteCame(byte) {
        if (this.output.length === 0)
            setTimeout(() => this.told(), 0);
        this.output.push(byte);
    }

    told() {
        const bytes = Uint8Array.from(this.output);
        this.output = [];
        this.text = (this.text + this.decoder.decode(bytes, {stream: true})).slice(-OUTPUT_KEPT);
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
        this.pc.serial_send_bytes(0, new TextEncoder().encode(text));
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

    /** Stops it at once: before it notes another event, whatever else it is doing. */
    hold() {
        this.held = true;
        this.pc.serial_set_clear_to_send(COM2, false);
        this.stopping = this.pc.stop();
        this.dispatchEvent(new Event("held"));
        return this.stopping;
    }

    async go() {
        await this.stopping;
        this.held = false;
        this.pc.serial_set_clear_to_send(COM2, true);
        this.pc.run();
        this.dispatchEvent(new Event("held"));
    }

    /** All of the machine as a file: a line of JSON about it, and v86's state, packed. */
    async save() {
        const state = new Uint8Array(await this.pc.save_state());
        const {memory, policy} = this.settings;
        const head = new TextEncoder().encode(JSON.stringify({pagoda: SAVED_VERSION, memory, policy,
            at: this.state}) + "\n");
        const whole = new Uint8Array(head.length + state.length);
        whole.set(head);
        whole.set(state, head.length);
        return new Uint8Array(await pack(whole));
    }

    /** A machine that goes on where the saved one was; throws if the file is none. */
    static async open(bytes) {
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
        const machine = new Machine({memory: head.memory, policy: head.policy});
        machine.saved = {state: whole.slice(end + 1).buffer, at: head.at};
        return machine;
    }

    /** Physical memory, as it is now. */
    read(address, bytes) {
        return this.pc.read_memory(address, bytes);
    }

    /** The bytes of the root disk; a saved machine brings its own. */
    get disk() {
        return this.pc.v86.cpu.devices.ide.primary.master.buffer.buffer;
    }

    controlRegister(number) {
        return this.pc.v86.cpu.cr[number] >>> 0;
    }

    async end() {
        await this.pc.destroy();
    }
}

/** An empty swap area, as mkswap(8) makes it: struct swap_header_v1_2 of linux/swap.h. */
function swapDisk(bytes) {
    const PAGE = 4096;
    const disk = new ArrayBuffer(bytes);
    const head = new DataView(disk, 1024);
    head.setUint32(0, 1, true);                    // version
    head.setUint32(4, bytes / PAGE - 1, true);     // last page
    new Uint8Array(disk).set(new TextEncoder().encode("SWAPSPACE2"), PAGE - 10);
    return disk;
}
