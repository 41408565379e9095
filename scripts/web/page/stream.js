/* SPDX-License-Identifier: MIT */
/*
 * The trace of a machine that runs: COM2's bytes become events, the events go to the picture of
 * the memory (scripts/trace/viewer/live.js, in a frame of its own). The machine waits for its
 * reader, so nothing is lost.
 */

const QUIET = 250;   // ms without an event after which all has been told

class Stream {
    constructor(machine, picture) {
        this.machine = machine;
        this.picture = picture;
        this.count = 0;
        this.last = 0;
        this.decoder = new Decoder((event) => this.give(event));
        const frames = new Frames((bytes) => this.decoder.record(bytes));
        machine.onTrace = (bytes) => {
            for (const byte of bytes)
                frames.push(byte);
        };
    }

    give(event) {
        this.count++;
        this.last = performance.now();
        this.picture.push(event);
    }

    /** Everything again, from a snapshot on: for a reader who joins late. */
    begin() {
        this.machine.sendWords("all");
    }

    /** How many entries a page table has, as the trace's beginning says. */
    get entries() {
        return this.decoder.span / DECODE.PAGE;
    }

    get quiet() {
        return performance.now() - this.last > QUIET;
    }
}
