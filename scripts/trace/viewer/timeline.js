/* SPDX-License-Identifier: MIT */
/*
 * The strip above the slider: which process ran (colours), how many faults there were (bars; in
 * the accent's colour those that needed the disk), and how many frames were free (the line).
 */

const NO_MARKS = [];

class Timeline {
    constructor(app) {
        this.app = app;
        this.canvas = document.getElementById("strip");
        this.slider = document.getElementById("slider");
        this.slider.addEventListener("input", () => app.goto(Number(this.slider.value)));
    }

    get first() {
        return this.app.player.first;
    }

    get last() {
        return this.app.player.trace.length - 1;
    }

    render(force) {
        const {app} = this;
        const {index} = app;
        this.slider.min = this.first;
        this.slider.max = this.last;
        this.slider.value = index;
        this.slider.setAttribute("aria-valuetext",
            `event ${index + 1} of ${this.last + 1}, ${app.timeText(index)}`);
        const marks = app.selection ? app.history : NO_MARKS;
        if (force || this.width !== this.canvas.parentElement.clientWidth || this.marks !== marks) {
            this.marks = marks;
            this.draw();
        }
    }

    /** Sums up the events of each pixel column. */
    bins(count) {
        const {player: {trace, survey}} = this.app;
        const span = Math.max(1, this.last - this.first + 1);
        const bin = (index) => Math.min(count - 1, Math.floor((index - this.first) * count / span));
        const bins = Array.from({length: count}, () => ({faults: 0, major: 0}));
        for (const index of survey.faultEnds) {
            if (index < this.first)
                continue;
            const one = bins[bin(index)];
            one.faults++;
            if (trace.at(index).major)
                one.major++;
        }
        bins.forEach((one, number) => {
            const index = Math.min(this.last, this.first + Math.floor(number * span / count));
            one.pid = trace.field("pid", index);
            one.free = survey.free.get(index);
        });
        return bins;
    }

    draw() {
        const height = 46;
        const band = 5;
        const width = this.canvas.parentElement.clientWidth;
        this.width = width;
        const context = sizeCanvas(this.canvas, width, height);
        const {app, app: {paint}} = this;
        const bins = this.bins(Math.max(1, Math.floor(width / 2)));
        const base = height - band - 2;
        const most = Math.max(1, ...bins.map((one) => one.faults));
        const scale = (count) => Math.log1p(count) / Math.log1p(most) * (base - 6);
        const mostFree = Math.max(1, ...bins.map((one) => one.free));
        context.clearRect(0, 0, width, height);
        bins.forEach((one, number) => {
            const x = number * 2;
            context.fillStyle = paint.process(app.processColour(one.pid));
            context.globalAlpha = app.processColour(one.pid) ? 0.85 : 0.3;
            context.fillRect(x, height - band, 2, band);
            context.globalAlpha = 1;
            if (one.faults) {
                context.fillStyle = paint.bar;
                context.fillRect(x, base - scale(one.faults), 1.5, scale(one.faults));
            }
            if (one.major) {
                context.fillStyle = paint.accent;
                context.fillRect(x, base - scale(one.major), 1.5, scale(one.major));
            }
        });
        context.strokeStyle = paint.muted;
        context.globalAlpha = 0.7;
        context.lineWidth = 1;
        context.beginPath();
        bins.forEach((one, number) => context.lineTo(number * 2,
            base - one.free / mostFree * (base - 6)));
        context.stroke();
        context.globalAlpha = 1;
        context.fillStyle = paint.focus;
        const span = Math.max(1, this.last - this.first);
        for (const index of this.marks)
            context.fillRect((index - this.first) * (width - 2) / span, 0, 2, 4);
    }
}
