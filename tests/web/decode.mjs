/* SPDX-License-Identifier: MIT */
/* node decode.mjs PAGE-SCRIPT FILE: the events of what came by COM2, as decode.py prints them. */
import fs from "node:fs";

const [, , script, file] = process.argv;
const {Decoder, Frames} = new Function(`${fs.readFileSync(script, "utf8")}
    return {Decoder, Frames};`)();
const lines = [];
const decoder = new Decoder((event) => lines.push(JSON.stringify(event)));
const frames = new Frames((bytes) => decoder.record(bytes));
for (const byte of fs.readFileSync(file))
    frames.push(byte);
process.stdout.write(lines.join("\n") + "\n");
