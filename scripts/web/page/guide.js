/* SPDX-License-Identifier: MIT */
/* The guide below the terminal: lessons, the editor, two machines, exercises; which is in the link. */

const PARTS = {editor: "program", two: "two", exercises: "sheet"};   // the parts' names in a link

class Guide {
    constructor(app) {
        this.app = app;
        this.tabs = [...byId("guide-tabs").querySelectorAll("button")];
        for (const tab of this.tabs) {
            tab.addEventListener("click", () => this.open(tab.dataset.part));
            tab.addEventListener("keydown", (event) => this.key(event, tab));
        }
    }

    async start() {
        const data = JSON.parse(new TextDecoder().decode(await Files.read("guide.json")));
        this.lessons = new Lessons(byId("lessons"), data.lessons, this.app);
        this.editor = new Editor(byId("editor"), data.examples, this.app);
        this.two = new TwoMachines(byId("two"), this.app);
        this.exercises = new Exercises(byId("exercises"));
        byId("exercises").addEventListener("sheet", () => this.link("exercises"));
        byId("lessons").addEventListener("step", () => this.link("lessons"));
        addEventListener("hashchange", () => this.follow());
        this.follow();
        document.body.dataset.guide = "ready";
    }

    key(event, tab) {
        const by = {ArrowRight: 1, ArrowLeft: -1}[event.key];
        if (!by)
            return;
        const next = this.tabs[(this.tabs.indexOf(tab) + by + this.tabs.length) % this.tabs.length];
        this.open(next.dataset.part);
        next.focus();
    }

    open(part) {
        for (const tab of this.tabs) {
            const chosen = tab.dataset.part === part;
            tab.setAttribute("aria-selected", chosen);
            tab.tabIndex = chosen ? 0 : -1;
            byId(tab.dataset.part).hidden = !chosen;
        }
        if (part !== "lessons")
            this.lessons.light([]);
        if (part === "exercises")
            this.exercises.open();
        this.link(part);
    }

    /** The link to what is open now; what else is in the link stays. */
    link(part) {
        const words = new URLSearchParams(location.hash.slice(1));
        for (const name of ["lesson", ...Object.values(PARTS)])
            words.delete(name);
        if (PARTS[part])
            words.set(PARTS[part], part === "exercises" ? this.exercises.shown ?? "" : "");
        else
            words.set("lesson", `${this.lessons.lesson.id}/${this.lessons.at + 1}`);
        history.replaceState(null, "", `#${words}`);
    }

    /** What the link says. */
    follow() {
        const words = new URLSearchParams(location.hash.slice(1));
        const [id, step] = (words.get("lesson") ?? "").split("/");
        const part = Object.keys(PARTS).find((name) => words.has(PARTS[name]));
        if (part === "exercises")
            this.exercises.open(words.get("sheet")).then(() => this.open(part));
        else if (part)
            this.open(part);
        else if (id)
            this.lessons.open(id, Number(step || 1) - 1);
    }
}
