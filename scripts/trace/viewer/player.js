/* SPDX-License-Identifier: MIT */
/*
 * Goes to any moment of the trace. Moment i is just after event i.
 *
 * The trace is played once when the page opens. On the way a copy of the state is kept every
 * CHECKPOINT events, so that no moment is further than that from a known state, and some
 * things are noted that need to be known about the future: see Survey.
 */

const CHECKPOINT = 2048;

/** Numbers by event, of the last so many events. */
class Recent {
    constructor(size, otherwise) {
        this.values = new Int32Array(size).fill(otherwise);
    }

    get(index) {
        return this.values[index % this.values.length];
    }

    set(index, value) {
        this.values[index % this.values.length] = value;
    }
}

/** What the whole trace says: filled in while it is played for the first time. */
class Survey {
    constructor(length, frames) {
        this.faultBegin = new Recent(length, -1); // of the fault that event i is part of
        this.faultEnd = new Map();      // of the fault that begins at event i
        this.sharedBy = new Map();      // event (fault.row): pages that refer to its anon
        this.free = new Recent(length, 0);
        this.framesOfInterest = new Uint8Array(frames); // those ever used for a page or a table
        this.slotsOfInterest = new Set();
        this.pages = new Map();         // space: pages that are ever handled
        this.owner = new Map();         // space: the process it belongs to
        this.names = new Map();         // pid: its last name
        this.kernelThreads = new Set();
        this.files = new Map();
        this.disks = new Map();
        this.active = new Set();        // pids with events of their own
        this.interrupts = false;        // there are events of interrupts
        this.faultEnds = [];
        this.seen = 0;                  // how many frames and pages are of interest
    }

    note(state, event) {
        const {index, pid, kind} = event;
        this.free.set(index, state.free ?? 0);
        if (!event.irq && state.faults.has(pid))
            this.faultBegin.set(index, state.faults.get(pid));
        else
            this.faultBegin.set(index, -1);
        if (event.frame !== undefined && !(kind === "frame.take" && event.snap))
            this.interest(event.frame);
        if (event.slot !== undefined)
            this.slotsOfInterest.add(event.slot);
        if (event.as !== undefined && event.addr !== undefined && PAGE_KINDS.has(kind))
            this.touch(event.as, pageOf(event.addr));
        if (event.irq)
            this.interrupts = true;
        else if (!event.snap && pid !== undefined)
            this.active.add(pid);
        SURVEYS[kind]?.(this, event, state);
    }

    interest(frame) {
        this.seen += 1 - (this.framesOfInterest[frame] ?? 1);
        this.framesOfInterest[frame] = 1;
    }

    touch(as, page) {
        let pages = this.pages.get(as);
        if (!pages)
            this.pages.set(as, pages = new Set());
        this.seen -= pages.size;
        pages.add(page);
        this.seen += pages.size;
    }

    own(as, pid) {
        if (as !== undefined && !this.owner.has(as))
            this.owner.set(as, pid);
    }
}

const PAGE_KINDS = new Set(["page", "map", "unmap", "protect", "fault.begin", "copy", "reuse"]);

/** What a survey notes of some kinds, beside what it notes of all. */
const SURVEYS = {
    "process": (survey, event) => {
        survey.own(event.as, event.pid);
        survey.names.set(event.pid, event.name);
        if (event.as === undefined && event.snap)
            survey.kernelThreads.add(event.pid);
    },
    "fork": (survey, event) => {
        survey.own(event.as, event.child);
        if (!survey.names.has(event.child))
            survey.names.set(event.child, survey.names.get(event.pid));
    },
    "exec": (survey, event) => {
        survey.own(event.as, event.pid);
        survey.names.set(event.pid, event.name);
    },
    "name": (survey, event) => { survey.names.set(event.pid, event.name); },
    "file": (survey, event) => { survey.files.set(event.file, event); },
    "disk": (survey, event) => { survey.disks.set(event.disk, event); },
    "fault.row": (survey, event, state) => {
        const anon = state.anonAt(event.as, pageOf(event.addr));
        survey.sharedBy.set(event.index, state.anon.references.get(anon));
    },
    "fault.end": (survey, event, state) => {
        const begin = state.faults.get(event.pid);
        if (begin !== undefined)
            survey.faultEnd.set(begin, event.index);
        survey.faultEnds.push(event.index);
    },
};

class Player {
    constructor(trace) {
        this.trace = trace;
        this.begin = trace.at(0);
        this.frames = this.begin.frames ?? 0;
        this.survey = this.makeSurvey();
        this.checkpoints = [];
        this.state = new State();
        this.playAll();
        this.totals = this.state.counts;
        this.index = trace.length - 1;
        this.first = this.firstMoment();
        this.goto(this.startMoment());
    }

    makeSurvey() {
        return new Survey(this.trace.length, this.frames);
    }

    playAll() {
        for (let i = 0; i < this.trace.length; i++)
            this.play(this.state, this.trace.at(i));
    }

    /** For the first time. */
    play(state, event) {
        const {index} = event;
        // Before, so that a fault.end still belongs to its fault.
        this.survey.note(state, event);
        state.apply(event);
        if (event.kind === "fault.begin")
            this.survey.faultBegin.set(index, index);
        if (index % CHECKPOINT === 0)
            this.checkpoints[index / CHECKPOINT] = state.copy();
    }

    /** Whether there is anything to show of swapping. */
    get swaps() {
        return this.survey.slotsOfInterest.size > 0;
    }

    /** Where the snapshot at the beginning is complete. */
    firstMoment() {
        for (let i = 0; i < this.trace.length; i++) {
            if (this.trace.kind(i) === "snapshot" && this.trace.at(i).state === "end")
                return i;
        }
        return 0;
    }

    /** Where the page opens: at the first chapter, or when the traced program begins. What comes
     * before is its setting up. */
    startMoment() {
        const {trace, first} = this;
        if (trace.chapters.length)
            return trace.chapters[0][0];
        for (let i = first; i < trace.length; i++) {
            if (trace.kind(i) === "exec" && !trace.field("snap", i))
                return i;
        }
        return first;
    }

    goto(index) {
        const near = Math.floor(index / CHECKPOINT);
        if (index < this.index || near * CHECKPOINT > this.index) {
            this.state = this.checkpoints[near].copy();
            this.index = near * CHECKPOINT;
        }
        while (this.index < index)
            this.state.apply(this.trace.at(++this.index));
    }

    /** The state just before the moment. */
    stateBefore(index) {
        const near = Math.floor(Math.max(0, index - 1) / CHECKPOINT);
        const state = this.checkpoints[near].copy();
        for (let i = near * CHECKPOINT + 1; i < index; i++)
            state.apply(this.trace.at(i));
        return state;
    }
}
