/* SPDX-License-Identifier: MIT */
/*
 * A program of the reader's own: it is compiled and run inside Pagoda, and what the compiler says is
 * shown at its line. Compiler and program come into the machine behind the root disk's file system,
 * the compiler when it is first used (scripts/web/compiler).
 */

const DISK_PAGE = 4096;

class Editor {
    constructor(element, examples, app) {
        Object.assign(this, {element, app, examples});
        this.choice = make("select", {id: "example-list", ariaLabel: "Example"},
            ...examples.map(({title}, i) => make("option", {value: i}, title)));
        this.choice.addEventListener("change", () => this.take(examples[this.choice.value].text));
        this.numbers = make("ol", {id: "line-numbers", ariaHidden: "true"});
        this.field = make("textarea", {id: "program", spellcheck: false, wrap: "off",
            ariaLabel: "A program in C", autocapitalize: "off", autocomplete: "off"});
        this.field.addEventListener("input", () => this.changed());
        this.field.addEventListener("scroll", () => this.follow());
        this.field.addEventListener("keydown", (event) => this.key(event));
        this.runButton = make("button", {id: "program-run", type: "button"}, "Compile and run");
        this.stopButton = make("button", {id: "program-stop", type: "button", disabled: true}, "Stop");
        this.runButton.addEventListener("click", () => this.run());
        this.stopButton.addEventListener("click", () => this.app.machine.type("\x03"));
        this.messages = make("ul", {id: "program-messages"});
        element.append(this.choice, make("div", {id: "program-box"}, this.numbers, this.field),
            make("p", {}, this.runButton, this.stopButton,
                make("small", {}, " Ctrl-Enter runs, Escape leaves the box")),
            make("div", {role: "status"}, this.messages));
        this.take(examples[0].text);
    }

    take(text) {
        this.field.value = text;
        this.field.scrollTop = 0;
        this.changed();
    }

    changed() {
        const lines = this.field.value.split("\n").length;
        this.numbers.replaceChildren(...Array.from({length: lines}, (_, i) =>
            make("li", {}, String(i + 1))));
        this.messages.replaceChildren();
        this.follow();
    }

    follow() {
        this.numbers.scrollTop = this.field.scrollTop;
    }

    /** Tab is a tab here; Escape gives the key back to the page. */
    key(event) {
        if (event.key === "Enter" && event.ctrlKey) {
            event.preventDefault();
            this.run();
        } else if (event.key === "Escape") {
            this.runButton.focus();
        } else if (event.key === "Tab" && !event.shiftKey) {
            event.preventDefault();
            this.field.setRangeText("\t", this.field.selectionStart, this.field.selectionEnd, "end");
            this.changed();
        }
    }

    /** The compiler is in the machine; it is fetched once, and unpacked once in each machine. */
    async prepare(machine) {
        if (machine.hasCompiler)
            return;
        this.tell("The compiler comes into the machine …");
        const archive = new Uint8Array(await Files.read("compiler.tar"));
        const first = machine.rootBytes + PROGRAM_ROOM;
        await machine.computer.writeDisk(first, archive);
        await machine.run(`dd if=/dev/hda bs=4096 skip=${first / DISK_PAGE} 2>/dev/null | tar x -C /`);
        machine.hasCompiler = true;
    }

    async run() {
        if (this.runButton.disabled)
            return;
        const {machine} = this.app;
        const text = new TextEncoder().encode(this.field.value);
        if (text.length > PROGRAM_ROOM) {
            this.tell(`A program of more than ${PROGRAM_ROOM / 1024} KiB has no room.`);
            return;
        }
        this.runButton.disabled = true;
        this.stopButton.disabled = false;
        this.element.dataset.state = "running";
        await this.prepare(machine);
        await machine.computer.writeDisk(machine.rootBytes, text);
        this.tell("");
        const first = machine.rootBytes / DISK_PAGE;
        await machine.run(`take ${first} ${text.length} program.c`);
        this.show(await machine.run("cc program.c -o program && ./program"));
        this.runButton.disabled = false;
        this.stopButton.disabled = true;
        this.element.dataset.state = "done";
    }

    tell(words) {
        this.messages.replaceChildren(...(words ? [make("li", {}, words)] : []));
    }

    /** Each message of the compiler is a button to its line. */
    show(output) {
        const found = [...output.matchAll(/^program\.c:(\d+): (error|warning): (.*?)\r?$/gm)];
        this.messages.replaceChildren(...found.map(([, line, kind, words]) => {
            const button = make("button", {type: "button", className: kind},
                `Line ${line}: ${words}`);
            button.addEventListener("click", () => this.goto(Number(line)));
            this.numbers.children[line - 1]?.classList.add(kind);
            return make("li", {}, button);
        }));
        if (found.length)
            this.goto(Number(found[0][1]));
    }

    goto(line) {
        const lines = this.field.value.split("\n");
        const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
        this.field.focus();
        this.field.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
    }
}
