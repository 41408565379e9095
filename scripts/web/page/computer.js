/* SPDX-License-Identifier: MIT */
/*
 * The PC: v86, with the kernel loaded as Multiboot says, a root disk and a swap disk. COM1 is the
 * terminal, COM2 brings the trace and takes words about it (docs/tracing.md), COM3 may go to another
 * computer. It is in a thread of its own (computers.js), or, without a page, in the only one.
 *
 * What happens is told by `told(what, value)`: "console", "trace" and "line" with bytes of COM1, COM2
 * and COM3; "stopped" with the event at which it stopped, after that event's bytes.
 */

const MIB = 2 ** 20;
const SWAP_MIB = 32;
const SWAP_SLOTS = SWAP_MIB * MIB / 4096 - 1;   // page 0 is the area's head
const PROGRAM_ROOM = 64 * 1024, COMPILER_ROOM = 2 * MIB;
const COM1 = 0, COM2 = 1, COM3 = 2;
const BATCH = 1 << 14;         // bytes that are told at once
const MOST_AHEAD = 1 << 20;    // bytes of the trace that nobody has taken yet

/** Bytes that come one by one, told many at a time. */
class Batch {
    constructor(told) {
        this.told = told;
        this.bytes = new Uint8Array(BATCH);
        this.length = 0;
        this.later = () => this.tell();
    }

    push(byte) {
        if (this.length === 0)
            setTimeout(this.later, 0);
        this.bytes[this.length++] = byte;
        if (this.length === BATCH)
            this.tell();
    }

    tell() {
        const {length} = this;
        this.length = 0;
        if (length)
            this.told(this.bytes.slice(0, length));
    }
}

class Computer {
    constructor(told) {
        this.told = told;
        this.trace = new Batch((bytes) => {
            this.ahead += bytes.length;
            told("trace", bytes);
            this.mayTrace();
        });
        this.console = new Batch((bytes) => {
            this.trace.tell();   // what led to the words
            told("console", bytes);
        });
        this.line = new Batch((bytes) => told("line", bytes));
        this.ahead = 0;
        this.held = false;
        this.wanted = undefined;   // an event to stop at
        this.decoder = new Decoder((event) => this.happened(event));
        this.frames = new Frames((bytes) => this.decoder.record(bytes));
    }

    /** What v86 is given for {memory, commandLine, line, wasm, kernel, root, state}: the last four are
     * ArrayBuffers; state is a saved one, or undefined. */
    options({memory, commandLine, line, wasm, kernel, root, state}) {
        const compiled = (imports) => WebAssembly.instantiate(wasm, imports)
            .then(({instance}) => instance.exports);
        return {
            wasm_fn: compiled, memory_size: memory * MIB, vga_memory_size: MIB,
            multiboot: {buffer: kernel}, cmdline: commandLine,
            hda: {buffer: diskWithRoom(root)}, hdb: {buffer: swapDisk(SWAP_MIB * MIB)},
            uart1: true, uart2: line, disable_speaker: true, disable_keyboard: true,
            disable_mouse: true, acpi: false, autostart: false,
            ...state && {initial_state: {buffer: state}},
        };
    }

    async start(given) {
        this.pc = new V86(this.options(given));
        this.pc.add_listener("serial0-output-byte", (byte) => this.console.push(byte));
        this.pc.add_listener("serial1-output-byte", (byte) => {
            this.trace.push(byte);
            this.frames.push(byte);
        });
        await new Promise((resolve) => this.pc.add_listener("emulator-ready", resolve));
        this.mayTrace();
        this.pc.run();
    }

    send(port, bytes) {
        this.pc.serial_send_bytes(port, bytes);
    }

    /** What COM3 sends the other one receives; and who has no room says so (RTS and CTS). */
    join(other) {
        this.pc.add_listener("serial2-output-byte", (byte) => {
            other.pc.serial_send_bytes(COM3, Uint8Array.of(byte));
            this.line.push(byte);
        });
        this.pc.add_listener("serial2-request-to-send-output", (ready) =>
            other.pc.serial_set_clear_to_send(COM3, ready));
    }

    /* ---- standing still ---- */

    /** Without CTS the kernel waits before it notes another event. */
    mayTrace() {
        this.pc.serial_set_clear_to_send(COM2, !this.held && this.ahead < MOST_AHEAD);
    }

    /** The reader has taken so many bytes of the trace. */
    took(count) {
        const full = this.ahead >= MOST_AHEAD;
        this.ahead -= count;
        if (full)
            this.mayTrace();
    }

    /** Stops it at once: before it notes another event, whatever else it is doing. */
    hold() {
        this.held = true;
        this.mayTrace();
        this.stopping = this.pc.stop();
    }

    async go() {
        await this.stopping;
        this.held = false;
        this.mayTrace();
        this.pc.run();
    }

    /** Stops it at the next event that has these fields (matches()). */
    stopAt(wanted) {
        this.wanted = wanted;
    }

    happened(event) {
        if (!this.wanted || event.snap || !matches(event, this.wanted))
            return;
        this.wanted = undefined;
        this.hold();
        this.trace.tell();
        this.told("stopped", event);
    }

    /* ---- memory and disks ---- */

    /** Physical memory, as it is now. */
    read(address, bytes) {
        return this.pc.read_memory(address, bytes).slice();
    }

    write(address, bytes) {
        this.pc.write_memory(bytes, address);
    }

    /** CR3, and the pages that each of these lists of directories gives to programs (eye.js), after all
     * has been told that led to them. */
    look(spaces, entries) {
        this.trace.tell();
        const tables = new Tables((address, bytes) => this.pc.read_memory(address, bytes), entries);
        return {cr3: this.pc.v86.cpu.cr[3] >>> 0,
            spaces: spaces.map((directories) => tables.pages(directories))};
    }

    /** The bytes of the root disk; a saved machine brings its own. */
    writeDisk(first, bytes) {
        const {buffer} = this.pc.v86.cpu.devices.ide.primary.master.buffer;
        new Uint8Array(buffer, first, bytes.length).set(bytes);
    }

    async save() {
        return new Uint8Array(await this.pc.save_state());
    }

    async end() {
        await this.pc?.destroy();
    }
}

/** Whether the event has each of these fields; "page" is that of its address, and "frame" also the one
 * that it copies to. */
function matches(event, wanted) {
    return Object.entries(wanted).every(([name, value]) => {
        if (name === "page")
            return event.addr !== undefined && Math.floor(event.addr / 4096) === value;
        if (name === "frame" && event.kind === "copy" && event.to === value)
            return true;
        return event[name] === value;
    });
}

/** The root disk with room behind its file system: for a program, and for the compiler. */
function diskWithRoom(root) {
    const disk = new Uint8Array(root.byteLength + PROGRAM_ROOM + COMPILER_ROOM);
    disk.set(new Uint8Array(root));
    return disk.buffer;
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
