/* SPDX-License-Identifier: MIT */
/*
 * node demos.mjs BUILD PACKAGES TRACE [DEMO...]: boots build/web's machine without a browser, runs
 * the demos (all that `demo` lists) and prints a line of JSON for each: name, status, ms, the last
 * line. What came by COM2 goes to the file TRACE.
 */
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import {pathToFileURL} from "node:url";

const [, , build, packages, trace, ...chosen] = process.argv;
const {V86} = await import(pathToFileURL(path.resolve(packages,
    "node_modules/v86/build/libv86.mjs")));
// As build.py joins them, as far as the machine's own script.
const scripts = ["files.js", "editor.js", "machine.js"].map((name) => fs.readFileSync(
    new URL(`../../scripts/web/page/${name}`, import.meta.url), "utf8"));
const {Machine} = new Function("V86", `${scripts.join("\n")}\nreturn {Machine};`)(V86);

async function read(name) {
    const bytes = zlib.gunzipSync(fs.readFileSync(path.join(build, "web", `${name}.gz`)));
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
}

const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const machine = new Machine({memory: 16});
const file = fs.openSync(trace, "w");
let bytes = [];
function write() {
    fs.writeSync(file, Uint8Array.from(bytes));
    bytes = [];
}
machine.onTrace = (byte) => {
    bytes.push(byte);
    if (bytes.length > 1 << 20)
        write();
};

const begun = Date.now();
await machine.start(read);
await machine.prompt();
tell({name: "boot", status: 0, ms: Date.now() - begun});
const list = chosen.length ? chosen : (await machine.run("demo")).split(/\r?\n/)
    .map((line) => /^ {2}(\w+) {2}/.exec(line)?.[1]).filter(Boolean);
for (const name of list) {
    const start = Date.now();
    const text = (await machine.run(`demo ${name} </dev/null; echo status=$?`)).replaceAll("\r", "");
    const lines = text.trim().split("\n");
    tell({name, status: Number(/status=(\d+)/.exec(text)?.[1] ?? -1), ms: Date.now() - start,
        ...process.env.TELL && {text}, last: lines.slice(-3, -1).join(" ")});
}
write();
process.exit(0);
