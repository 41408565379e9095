/* SPDX-License-Identifier: MIT */
/*
 * node guest.mjs BUILD PACKAGES SCRIPT MIB LINE ROOT [SWAP]: runs the page's machine without a browser
 * until the kernel ends it, with so much RAM, that command line, and images in files as its disks.
 * Prints what comes by COM1. Ends as QEMU does: with status 2 * N + 1 if the kernel wrote N to the
 * port 0xf4 (kernel/dev/power.c). SCRIPT: see headless.mjs.
 */
import fs from "node:fs";
import {load, reader} from "./headless.mjs";

const EXIT_PORT = 0xf4;

/** An image in a file, as v86 wants a disk: it calls back with what was read or written. */
class FileDisk {
    constructor(name) {
        this.file = fs.openSync(name, "r+");
        this.byteLength = fs.fstatSync(this.file).size;
    }

    load() {
        this.onload({});
    }

    get_from_cache(start, length) {
        const bytes = new Uint8Array(length);
        fs.readSync(this.file, bytes, 0, length, start);
        return bytes;
    }

    get(start, length, done) {
        done(this.get_from_cache(start, length));
    }

    get_and_cache(start, length, done) {
        this.get(start, length, done);
    }

    set(start, bytes, done) {
        fs.writeSync(this.file, bytes, 0, bytes.length, start);
        done();
    }
}

const [, , build, packages, script, mib, line, root, swap] = process.argv;
const {Computer, Machine} = await load(packages, script);

class Guest extends Computer {
    options(given) {
        return {...super.options(given), hda: new FileDisk(root), hdb: swap && new FileDisk(swap)};
    }
}

class GuestMachine extends Machine {
    get commandLine() {
        return line;
    }
}

const read = reader(build);
const guest = new GuestMachine({memory: Number(mib)}, (told) => new Guest(told));
guest.addEventListener("output", ({detail}) => fs.writeSync(1, detail));
await guest.start((name) => name === "root.img" ? new ArrayBuffer(0) : read(name));

/** After what was still to be printed. */
function end(status) {
    setTimeout(() => process.exit(status), 20);
}

guest.computer.pc.v86.cpu.io.register_write(EXIT_PORT, guest, (status) => end(2 * status + 1), undefined,
    (status) => end(2 * status + 1));
