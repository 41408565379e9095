/* SPDX-License-Identifier: MIT */
/*
 * The page's machine without a page, for node: load(PACKAGES, SCRIPT) gives what is in SCRIPT, which
 * is headless() of scripts/web/build.py, with the PC of PACKAGES; reader(BUILD) reads build/web's files.
 */
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import {pathToFileURL} from "node:url";

export const QUIET_LIMIT = 240000;   // ms for the two eyes to agree, however busy this computer is

export async function load(packages, script) {
    const {V86} = await import(pathToFileURL(path.resolve(packages,
        "node_modules/v86/build/libv86.mjs")));
    return new Function("V86", `"use strict";\n${fs.readFileSync(script, "utf8")}
        return {Machine, Computer, Stream, State, Eye, Tables, MOST_AHEAD, BATCH};`)(V86);
}

function bufferOf(bytes) {
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
}

export function reader(build) {
    return async (name) => bufferOf(zlib.gunzipSync(fs.readFileSync(
        path.join(build, "web", `${name}.gz`))));
}

export const readFile = (name) => bufferOf(fs.readFileSync(name));
export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
