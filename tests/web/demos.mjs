/* SPDX-License-Identifier: MIT */
/*
 * node demos.mjs BUILD PACKAGES SCRIPT TRACE [DEMO...]: boots build/web's machine without a browser,
 * runs the demos (all that `demo` lists) and prints a line of JSON for each: name, status, ms, the
 * last line, and what the other eye says when nothing happens any more. At the end entries are
 * changed behind the kernel's back: a line for each with the differences that the eye sees. Last a
 * reader takes nothing for a while: how many bytes of the trace came then, how many are allowed, and how
 * the command ended afterwards. What came by COM2 goes to the file TRACE. SCRIPT: see headless.mjs.
 */
import fs from "node:fs";
import {QUIET_LIMIT, load, reader, tell, wait} from "./headless.mjs";

const [, , build, packages, script, trace, ...chosen] = process.argv;
const {Machine, Stream, State, Eye, Tables, MOST_AHEAD, BATCH} = await load(packages, script);
const STANDS = 1000;   // ms without a byte after which nothing comes any more
const machine = new Machine({memory: 16});
const file = fs.openSync(trace, "w");
const state = new State();
let count = 0;
const stream = new Stream(machine, {push(event) {
    event.index = count++;
    state.apply(event);
}});
const take = machine.onTrace;
machine.onTrace = (bytes) => {
    fs.writeSync(file, bytes);
    take(bytes);
};

/** When nothing happens any more both see the same: waits until that is so. */
async function seen() {
    const begun = Date.now();
    for (;;) {
        if (stream.quiet) {
            const {pages, differences} = await eye.compare(state) ?? {differences: undefined};
            if (differences && (!differences.length || Date.now() - begun > QUIET_LIMIT))
                return {pages, differences: differences.length, first: differences[0]};
        } else if (Date.now() - begun > QUIET_LIMIT) {
            return {pages: 0, differences: -1};
        }
        await wait(50);
    }
}

/** An entry that a program may write: its address, its page. */
async function someEntry() {
    const memory = await machine.computer.read(0, machine.settings.memory * 2 ** 20);
    const tables = new Tables((at, length) => memory.subarray(at, at + length), stream.entries);
    for (const space of [...state.spaces.values()].reverse()) {
        const spans = space.directories[0] === undefined ? [] : tables.table(space.directories[0]);
        for (const [span, entry] of [...spans].slice(0, 767).entries()) {
            if ((entry & 3) !== 3)
                continue;
            const table = [...tables.table(entry >>> 12)];
            const place = table.findIndex((one) => (one & 3) === 3);
            if (place >= 0)
                return {address: (entry >>> 12) * 4096 + place * 4096 / stream.entries,
                    page: span * stream.entries + place};
        }
    }
    return undefined;
}

/** What the eye says of a change to the entry's bits; then it is as it was. */
async function plant(what, change) {
    const {address, page} = await someEntry();
    const before = await machine.computer.read(address, 4);
    const entry = new DataView(before.slice().buffer).getUint32(0, true);
    const after = new Uint8Array(4);
    new DataView(after.buffer).setUint32(0, change(entry), true);
    machine.computer.write(address, after);
    const seen = await eye.compare(state);
    machine.computer.write(address, before);
    const afterwards = await eye.compare(state);
    tell({planted: what, count: seen.differences.length, here: seen.differences[0]?.page === page,
        words: Eye.describe(seen), afterwards: afterwards.differences.length});
}

/** The machine waits for a reader who takes nothing, and goes on when he does. */
async function takeNothing(command) {
    const {computer} = machine;
    let came = 0;
    computer.took = (count) => { came += count; };
    const ended = machine.run(`${command}; echo status=$?`);
    for (let before = -1; before < came || came === 0;) {
        before = came;
        await wait(STANDS);
    }
    const waited = came, waits = machine.state === "busy";
    delete computer.took;
    computer.took(came);
    tell({waited, most: MOST_AHEAD + BATCH, waits, status: (await ended).includes("status=0"),
        all: came});
}

const begun = Date.now();
await machine.start(reader(build));
const eye = new Eye(machine.computer, stream);
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
await plant("the program may use it", (entry) => entry ^ 4);
await plant("may be written", (entry) => entry ^ 2);
await plant("another frame", (entry) => entry ^ 0x1000);
await plant("not present", (entry) => entry & ~1);
await takeNothing("demo swap");
process.exit(0);
