/* SPDX-License-Identifier: MIT */
/*
 * The page's second source: a machine that runs. Its events come one after another through
 * window.liveViewer.push(event); the last KEPT of them can be gone back to. While the newest is
 * shown the picture follows it, once for each of the browser's frames.
 */

const KEPT = 200000;
const RING = 1 << 18;          // events for which there is room: a power of 2, more than KEPT
const FRAME_TIME = 16;         // ms, of the browser's
const STRIP_DELAY = 250;       // ms between two pictures of the strip
const KIND_NAMES = Object.values(GROUPS).flat().concat("begin", "snapshot", "lost", "end", "file",
    "disk");

/** The events that are kept, by the same interface as Trace. */
class LiveTrace {
    constructor() {
        this.events = new Array(RING);
        this.length = 0;
        this.chapters = [];
        this.kinds = KIND_NAMES.map((name) => ({name}));
    }

    get base() {
        return Math.max(0, this.length - KEPT);
    }

    push(event) {
        event.index = this.length;
        this.events[this.length++ % RING] = event;
    }

    at(i) {
        return this.events[i % RING];
    }

    kind(i) {
        return this.at(i).kind;
    }


    time(i) {
        return this.at(i).t;
    }

    field(name, i) {
        return this.at(i)[name];
    }
}

class LivePlayer extends Player {
    constructor(trace) {
        super(trace);
        this.head = this.state;   // how it is after the newest event
        this.snapshotEnd = 0;
    }

    firstMoment() {
        return 0;
    }

    get first() {
        // A moment before the first copy that is kept cannot be played.
        const oldest = this.trace.base && Math.ceil(this.trace.base / CHECKPOINT) * CHECKPOINT;
        return Math.max(this.snapshotEnd ?? 0, oldest);
    }

    set first(_) {
        // It follows from what is kept.
    }

    makeSurvey() {
        return new Survey(RING, this.frames);
    }

    get swaps() {
        return this.begin.slots > 0;
    }

    push(event) {
        this.trace.push(event);
        this.play(this.head, event);
        if (event.kind === "snapshot" && event.state === "end")
            this.snapshotEnd = event.index;
        if (event.index % CHECKPOINT === 0)
            this.forgetOld();
    }

    forgetOld() {
        const {survey, trace: {base}} = this;
        for (const map of [survey.faultEnd, survey.sharedBy]) {
            for (const index of map.keys()) {
                if (index >= base)
                    break;
                map.delete(index);
            }
        }
        survey.faultEnds = survey.faultEnds.slice(lowerBound(survey.faultEnds, base));
        for (const number of Object.keys(this.checkpoints)) {
            if (Number(number) * CHECKPOINT < base)
                delete this.checkpoints[number];
        }
    }

    goto(index) {
        if (index === this.trace.length - 1 && this.head) {
            this.state = this.head;
            this.index = index;
            return;
        }
        if (this.state === this.head)
            this.index = Infinity;   // that state goes forward by itself
        super.goto(index);
    }
}

/** The filter's lists grow with the events. */
class LiveFilter extends Filter {
    push(event) {
        const {index} = event;
        if (event.snap || !this.showsEventOf(index))
            return;
        if (!this.hiddenGroups.has(GROUP_OF[event.kind]))
            this.events.push(index);
        if (event.kind === "fault.end")
            this.faults.push(index);
        if (event.kind === "evict")
            this.evictions.push(index);
    }

    update() {
        this.events = [];
        this.faults = [];
        this.evictions = [];
        const {player} = this.app;
        for (let i = player.first; i < player.trace.length; i++)
            this.push(player.trace.at(i));
    }

    forgetOld(first) {
        this.events = this.events.slice(lowerBound(this.events, first));
        this.faults = this.faults.slice(lowerBound(this.faults, first));
        this.evictions = this.evictions.slice(lowerBound(this.evictions, first));
    }
}

class LiveTimeline extends Timeline {
    render(force) {
        const now = performance.now();
        const due = now - (this.drawn ?? -Infinity) > STRIP_DELAY;
        if (due && this.shown !== this.last)
            force = true;
        if (force) {
            this.drawn = now;
            this.shown = this.last;
        }
        super.render(force);
    }
}

class LiveApp extends App {
    constructor(player, control) {
        super(player);
        this.control = control;
        this.following = true;
        this.due = 0;
        this.runs(true);
        this.newest();
    }

    makeFilter() {
        return new LiveFilter(this);
    }

    makeTimeline() {
        return new LiveTimeline(this);
    }

    /** Colours in the order in which the processes appear. */
    processColour(pid) {
        if (!pid || this.player.survey.kernelThreads.has(pid))
            return 0;
        let colour = this.processColours.get(pid);
        if (!colour)
            this.processColours.set(pid,
                colour = this.processColours.size % PROCESS_COLOURS + 1);
        return colour;
    }

    push(event) {
        this.player.push(event);
        this.filter.push(event);
        if (event.index % CHECKPOINT === 0)
            this.filter.forgetOld(this.player.first);
        this.newEvents = true;
    }

    /** The next of the browser's frames shows what has come; drawing that is slow leaves as much time
     * again for what comes meanwhile. */
    frame() {
        const now = performance.now();
        if (!this.newEvents || now < this.due)
            return;
        this.newEvents = false;
        this.show();
        const drawn = performance.now();
        this.due = drawn - now > FRAME_TIME ? drawn + (drawn - now) : 0;
    }

    show() {
        this.surveyChanged();
        if (this.following)
            this.newest();
        else if (this.index < this.player.first)
            super.goto(this.player.first);
        else
            this.timeline.render(false);
    }

    surveyChanged() {
        const {survey, totals} = this.player;
        const known = survey.active.size + survey.owner.size;
        if (known !== this.known) {
            this.known = known;
            this.filter.survey();
            this.filters.build();
            this.filters.render();
        }
        this.player.totals = this.player.head.counts;
        const rows = Object.keys(ROWS).filter((row) => totals[row]);
        this.counts.most = Math.max(1, ...rows.map((row) => totals[row]));
        if (rows.length !== this.counts.rows.length)
            this.counts.build();
    }

    newest() {
        this.following = true;
        this.player.goto(this.player.trace.length - 1);
        this.render(false);
    }

    goto(index) {
        this.following = index >= this.player.trace.length - 1;
        if (!this.following)
            this.control?.pause();
        super.goto(index);
    }

    /** Past the newest event the machine itself goes on, to its next one. */
    step(list, direction, times = 1) {
        const more = lowerBound(list, this.index + 1) < list.length;
        if (more || direction < 0 || list === this.chapters)
            return super.step(list, direction, times);
        this.control?.next(list === this.filter.faults ? "fault.end"
            : list === this.filter.evictions ? "evict" : undefined);
        this.following = true;
        return true;
    }

    play(playing) {
        if (this.following && this.control)
            this.control.toggle();
        else
            super.play(playing);
    }

    /** The button for playing stops a machine that runs. */
    runs(running) {
        const playing = running || Boolean(this.playing);
        byId("play").setAttribute("aria-label", playing ? "Pause" : "Play");
        byId("play").classList.toggle("playing", playing);
        // Nobody can listen to a sentence that changes many times a second.
        byId("sentence").setAttribute("aria-live", playing ? "off" : "polite");
    }

    linkLater() {
        // A moment of a machine that runs has no address.
    }

    choose(selection) {
        super.choose(selection);
        this.control?.chose(selection);
    }
}

/** What the page round this one uses. */
window.liveViewer = {
    app: undefined,
    control: undefined,   // {pause(), toggle(), next(what), chose(selection)}
    slots: undefined,     // of the machine's swap area, which comes when the trace has begun
    player: undefined,

    push(event) {
        if (!this.player) {
            if (event.kind !== "begin")
                return;
            const trace = new LiveTrace();
            trace.push({slots: this.slots, ...event});
            this.player = new LivePlayer(trace);
            return;
        }
        if (this.app)
            this.app.push(event);
        else
            this.player.push(event);
        // All panels want a machine whose memory is known.
        if (!this.app && event.kind === "snapshot" && event.state === "end")
            this.start();
    },

    start() {
        this.app = window.viewer = new LiveApp(this.player, this.control);
        document.documentElement.dataset.ready = "live";
        const turn = () => {
            this.app.frame();
            requestAnimationFrame(turn);
        };
        requestAnimationFrame(turn);
    },

    theme(name) {
        document.documentElement.dataset.theme = name;
        this.app?.repaint();
    },
};
document.documentElement.dataset.live = "";
setText(byId("sentence"), "The machine starts …");
