/* SPDX-License-Identifier: MIT */
/*
 * The lessons of docs/lessons.md, step by step: a text, a button that types the command, what to look
 * at, a question. The answer is counted in what the kernel told while the command ran; the rules are
 * those of scripts/lessons.py.
 */

/** Which events are of a program, of the processes that it makes, and of its memory. */
class ProgramEvents {
    constructor(command) {
        this.program = command.split(" ")[0].split("/").pop();
        this.pids = new Set();
        this.memory = [];
    }

    /** Must see every event, in order. Whether it is one of the program. */
    follow(event) {
        const {kind, pid} = event;
        if (kind === "exec" && event.name === this.program)
            this.pids.add(pid);
        else if (kind === "fork" && this.pids.has(pid))
            this.pids.add(event.child);
        else if (kind === "call" && event.name === "mmap" && this.pids.has(pid) &&
                 !(event.result >= -4095 && event.result < 0))
            this.memory.push([event.result, event.result + event.args[1]]);
        return this.pids.has(pid) && !event.irq && !event.snap;
    }

    inMemory({addr}) {
        return addr === undefined ||
            this.memory.some(([start, end]) => start <= addr && addr < end);
    }
}

/** What the events say, which were recorded while the command ran. */
function answerOf(query, events, command) {
    const program = new ProgramEvents(command);
    const wanted = Object.entries(query.where);
    const values = new Set();
    let count = 0;
    for (const event of events) {
        if (!program.follow(event) || event.kind !== query.kind)
            continue;
        if (!query.anywhere && !program.inMemory(event))
            continue;
        if (wanted.every(([name, value]) => event[name] === value)) {
            count++;
            values.add(event[query.field]);
        }
    }
    return query.field ? values.size : count;
}

// Where the places of scripts/lessons.py are: here, or in the picture of the memory.
const PLACES = {terminal: "#terminal", sentence: "#sentence", spaces: "#spaces-panel",
    frames: "#frames-panel", swap: "#swap-panel", walk: "#walk", faults: "#counts"};
const LIT = "3px solid var(--accent)";

function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
}

class Lessons {
    /** app: its machine, and what was recorded: mark(), eventsSince(mark). */
    constructor(element, lessons, app) {
        Object.assign(this, {element, lessons, app, number: 0, at: 0, done: new Set()});
        this.list = make("select", {id: "lesson-list", ariaLabel: "Lesson"},
            ...lessons.map(({title}, i) => make("option", {value: i}, `${i + 1}. ${title}`)));
        this.list.addEventListener("change", () => this.show(Number(this.list.value), 0));
        this.body = make("div", {id: "lesson"});
        this.back = make("button", {id: "lesson-back", type: "button"}, "Back");
        this.next = make("button", {id: "lesson-next", type: "button"}, "Next");
        this.back.addEventListener("click", () => this.go(-1));
        this.next.addEventListener("click", () => this.go(1));
        this.place = make("span", {id: "lesson-place"});
        element.append(this.list, this.body,
            make("nav", {ariaLabel: "Steps"}, this.back, this.place, this.next));
        this.show(0, 0);
    }

    get lesson() {
        return this.lessons[this.number];
    }

    get step() {
        return this.lesson.steps[this.at];
    }

    /** By the name in a link; whether there is such a lesson. */
    open(id, at = 0) {
        const number = this.lessons.findIndex((lesson) => lesson.id === id);
        if (number >= 0)
            this.show(number, Math.min(Math.max(at, 0), this.lessons[number].steps.length - 1));
        return number >= 0;
    }

    go(by) {
        const at = this.at + by;
        if (at >= 0 && at < this.lesson.steps.length)
            this.show(this.number, at);
        else if (this.number + by >= 0 && this.number + by < this.lessons.length)
            this.show(this.number + by, by > 0 ? 0 : this.lessons[this.number + by].steps.length - 1);
        this.body.focus();
    }

    show(number, at) {
        Object.assign(this, {number, at});
        this.list.value = number;
        this.light([]);
        this.place.textContent = `Step ${at + 1} of ${this.lesson.steps.length}`;
        this.back.disabled = number === 0 && at === 0;
        this.next.disabled = number === this.lessons.length - 1 &&
            at === this.lesson.steps.length - 1;
        this.body.replaceChildren(...(at === 0 ? [this.html(this.lesson.text)] : []),
            make("h2", {}, this.step.title), this.html(this.step.text), ...this.commandPart(),
            ...this.lookPart(), ...this.questionPart());
        this.body.tabIndex = -1;
        delete this.body.dataset.found;
        delete this.body.dataset.ran;
        this.body.dataset.step = `${this.lesson.id}/${at + 1}`;
        this.element.dispatchEvent(new CustomEvent("step", {detail: {lesson: this.lesson.id, at}}));
    }

    html(text) {
        return make("div", {innerHTML: text});
    }

    commandPart() {
        const {command} = this.step;
        if (!command)
            return [];
        this.runButton = make("button", {id: "lesson-run", type: "button"}, "Run");
        this.runButton.addEventListener("click", () => this.run());
        return [make("p", {className: "command"}, make("code", {}, command), this.runButton)];
    }

    lookPart() {
        if (!this.step.look)
            return [];
        const show = make("button", {id: "lesson-look", type: "button"}, "Show it");
        const place = this.step.places[0] === "terminal" ? "terminal" : "memory";
        show.addEventListener("click", () => byId(place).scrollIntoView());
        return [make("p", {className: "look"}, make("strong", {}, "Look: "),
            make("span", {innerHTML: this.step.look}), " ", show)];
    }

    questionPart() {
        if (!this.step.question)
            return [];
        this.field = make("input", {id: "lesson-answer", inputMode: "numeric", size: 5,
            autocomplete: "off", ariaLabel: "Your answer"});
        this.verdict = make("p", {id: "lesson-verdict", role: "status"});
        const form = make("form", {id: "lesson-question"},
            make("p", {innerHTML: this.step.question}), this.field,
            make("button", {}, "Check"));
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            this.check();
        });
        return [form, this.verdict];
    }

    /** Types the command, lights up what to look at, and counts what the kernel told. */
    async run() {
        const {step} = this;
        this.runButton.disabled = true;
        this.light(step.places ?? []);
        delete this.body.dataset.found;
        const mark = this.app.mark();
        await this.app.machine.run(step.command);
        if (step !== this.step)
            return;
        if (step.query && mark !== undefined)
            this.body.dataset.found = answerOf(step.query, await this.app.eventsSince(mark),
                step.command);
        this.body.dataset.ran = step.command;
        this.runButton.disabled = false;
        this.field?.focus();
    }

    /** The answer is the machine's, so its command must have run. */
    check() {
        const {found} = this.body.dataset;
        delete this.verdict.dataset.right;
        if (found === undefined) {
            this.verdict.textContent = "Run the command first: the answer is in the machine.";
            return;
        }
        const right = this.field.value.trim() === found;
        this.verdict.dataset.right = right;
        this.verdict.replaceChildren(
            make("strong", {}, right ? `Yes, ${found}. ` : `The machine counted ${found}. `),
            make("span", {innerHTML: this.step.why}));
        if (right)
            this.done.add(`${this.lesson.id}/${this.at}`);
    }

    light(places) {
        const pages = [document, byId("memory").contentDocument];
        for (const [place, selector] of Object.entries(PLACES)) {
            for (const page of pages) {
                const element = page?.querySelector(selector);
                if (element)
                    element.style.outline = places.includes(place) ? LIT : "";
            }
        }
        document.body.dataset.lit = places.join(" ");
    }
}
