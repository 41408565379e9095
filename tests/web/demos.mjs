/* SPDX-License-Identifier: MIT */
/*
 * node demos.mjs BUILD PACKAGES SCRIPT TRACE [DEMO...]: boots build/web's machine without a browser,
 * runs the demos (all that `demo` lists) and prints a line of JSON for each: name, status, ms, the
 * last line, and what the other eye says when nothing happens any more. At the end entries are
 * changed behind the kernel's back: a line for each with the differences that the eye sees. What
 * came by COM2 goes to the file TRACE. SCRIPT: see headless.mjs.
 */
import fs from "node:fs";
import {QUIET_LIMIT, load, reader, tell, wait} from "./headless.mjs";

const [, , build, packages, script, trace, ...chosen] = process.argv;
const {Machine, Stream, State, Eye} = await load(packages, script);
const machine = new Machine({memory: 16});
const file = fs.openSync(trace, "w");
let bytes = [];
function write() {
    fs.writeSync(file, Uint8Array.from(bytes));
    bytes = [];
}

const state = new State();
let count = 0;
const stream = new Stream(machine, {push(event) {
    event.index = count++;
    state.apply(event);
}});
const eye = new Eye(machine, stream);
const take = machine.onTrace;
machine.onTrace = (byte) => {
    bytes.push(byte);
    if (bytes.length > 1 << 20)
        write();
    take(byte);
};

/** When nothing happens any more both see the same: waits until that is so. */
async function seen() {
    const begun = Date.now();
    for (;;) {
        if (stream.quiet) {
            const {pages, differences} = eye.compare(state);
            if (!differences.length || Date.now() - begun > QUIET_LIMIT)
                return {pages, differences: differences.length, first: differences[0]};
        } else if (Date.now() - begun > QUIET_LIMIT) {
            return {pages: 0, differences: -1};
        }
        await wait(50);
    }
}

/** An entry that a program may write: of its table the address, its place there, its page. */
function someEntry() {
    for (const space of [...state.spaces.values()].reverse()) {
        const spans = space.directories[0] === undefined ? [] : eye.table(space.directories[0]);
        for (const [span, entry] of [...spans].slice(0, 767).entries()) {
            if ((entry & 3) !== 3)
                continue;
            const table = [...eye.table(entry >>> 12)];
            const place = table.findIndex((one) => (one & 3) === 3);
            if (place >= 0)
                return {address: (entry >>> 12) * 4096 + place * 4096 / stream.entries,
                    page: span * stream.entries + place};
        }
    }
    return undefined;
}

/** What the eye says of a change to the entry's bits; then it is as it was. */
function plant(what, change) {
    const {address, page} = someEntry();
    const before = machine.read(address, 4).slice();
    const entry = new DataView(before.slice().buffer).getUint32(0, true);
    const after = new Uint8Array(4);
    new DataView(after.buffer).setUint32(0, change(entry), true);
    machine.pc.write_memory(after, address);
    const {differences} = eye.compare(state);
    const words = Eye.describe(eye.compare(state));
    machine.pc.write_memory(before, address);
    tell({planted: what, count: differences.length, here: differences[0]?.page === page, words,
        afterwards: eye.compare(state).differences.length});
}

const begun = Date.now();
await machine.start(reader(build));
await machine.prompt();
tell({name: "boot", status: 0, ms: Date.now() - begun, eye: await seen()});
const list = chosen.length ? chosen : (await machine.run("demo")).split(/\r?\n/)
    .map((line) => /^ {2}(\w+) {2}/.exec(line)?.[1]).filter(Boolean);
for (const name of list) {
    const start = Date.now();
    const text = (await machine.run(`demo ${name} </dev/null; echo status=$?`)).replaceAll("\r", "");
    const lines = text.trim().split("\n");
    tell({name, status: Number(/status=(\d+)/.exec(text)?.[1] ?? -1), ms: Date.now() - start,
        ...process.env.TELL && {text}, last: lines.slice(-3, -1).join(" "), eye: await seen()});
}
plant("the program may use it", (entry) => entry ^ 4);
plant("may be written", (entry) => entry ^ 2);
plant("another frame", (entry) => entry ^ 0x1000);
plant("not present", (entry) => entry & ~1);
write();
process.exit(0);
