/* SPDX-License-Identifier: MIT */
/*
 * Sheets of exercises about machines that translate addresses, as scripts/exercise makes them; here
 * they are made already (guide.py), and scripts/exercises/sheet.js takes the answers.
 */

class Exercises {
    constructor(element) {
        this.element = element;
        this.machine = make("select", {id: "sheet-machine", ariaLabel: "Machine"});
        this.seed = make("select", {id: "sheet-seed", ariaLabel: "Sheet"});
        this.sheet = make("div", {id: "sheet"});
        for (const choice of [this.machine, this.seed])
            choice.addEventListener("change", () => this.show());
        element.append(make("div", {id: "sheet-choice"}, this.machine, this.seed), this.sheet);
    }

    /** Shows the sheet of this name, "i386/7"; without one, or if there is none, that chosen now. */
    async open(name = "") {
        this.sheets ??= this.read();
        await this.sheets;
        const [machine, seed] = name.split("/");
        if (this.has(this.machine, machine) && this.has(this.seed, seed))
            [this.machine.value, this.seed.value] = [machine, seed];
        if (!this.shown || this.name !== this.shown)
            await this.show();
    }

    has(choice, value) {
        return [...choice.options].some((option) => option.value === value);
    }

    async read() {
        const sheets = JSON.parse(new TextDecoder().decode(await Files.read("exercises.json")));
        const names = Object.keys(sheets);
        this.machine.append(...names.map((name) => new Option(name)));
        this.seed.append(...sheets[names[0]].map((_, i) => new Option(`sheet ${i + 1}`, i + 1)));
        return sheets;
    }

    get name() {
        return `${this.machine.value}/${this.seed.value}`;
    }

    async show() {
        const sheets = await this.sheets;
        const {title, facts, tables, questions, running} =
            sheets[this.machine.value][this.seed.value - 1];
        this.sheet.innerHTML = `<h2>${title}</h2>${facts}${tables}${questions}${running}`;
        startSheet(this.sheet);
        this.shown = this.name;
        this.element.dataset.sheet = this.shown;
        this.element.dispatchEvent(new CustomEvent("sheet"));
    }
}
