/* SPDX-License-Identifier: MIT */
/* The terminal: xterm.js, connected to the machine's COM1. */

const TERMINAL_COLOURS = {
    light: {background: "#fdfcf9", foreground: "#22262b", cursor: "#c2410c",
        cursorAccent: "#fdfcf9", selectionBackground: "#c9d8f5"},
    dark: {background: "#1b1f24", foreground: "#e7e5df", cursor: "#ff9457",
        cursorAccent: "#1b1f24", selectionBackground: "#2f4468"},
};

const COLUMNS = 80;                  // what programs print has room there
const CURSOR_ANSWER = /^\x1b\[\d+;\d+R$/;
const FONT_SIZES = [14, 13, 12];     // pixels: the largest with so many columns, or the smallest

class TerminalView {
    constructor(element) {
        this.terminal = new Terminal({convertEol: false, fontSize: FONT_SIZES[0], scrollback: 5000,
            fontFamily: "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
            minimumContrastRatio: 4.5, screenReaderMode: false});
        this.fitting = new FitAddon.FitAddon();
        this.terminal.loadAddon(this.fitting);
        this.terminal.open(element);
        this.terminal.onData((text) => this.said(text));
        this.terminal.attachCustomKeyEventHandler((event) => !this.copies(event));
        new ResizeObserver(() => this.fit()).observe(element);
        this.fit();
    }

    /** Ctrl-Shift-C copies; without a selection it is the terminal's. */
    copies(event) {
        const wanted = event.ctrlKey && event.shiftKey && event.code === "KeyC";
        if (wanted && event.type === "keydown" && this.terminal.hasSelection()) {
            navigator.clipboard?.writeText(this.terminal.getSelection());
            event.preventDefault();
        }
        return wanted;
    }

    fit() {
        for (const size of FONT_SIZES) {
            this.terminal.options.fontSize = size;
            if (this.fitting.proposeDimensions()?.cols >= COLUMNS)
                break;
        }
        this.fitting.fit();
    }

    connect(machine) {
        this.machine = machine;
        this.terminal.reset();
        machine.addEventListener("output", ({detail}) => {
            if (machine === this.machine)
                this.terminal.write(detail);
        });
    }

    /** By its reader, or by itself. */
    said(text) {
        if (CURSOR_ANSWER.test(text))
            this.machine?.answer(text);
        else
            this.machine?.type(text);
    }

    colour(theme) {
        this.terminal.options.theme = TERMINAL_COLOURS[theme];
    }

    /** All that can be scrolled to, for tests. */
    text() {
        const {active} = this.terminal.buffer;
        const lines = [];
        for (let i = 0; i < active.length; i++)
            lines.push(active.getLine(i).translateToString(true));
        return lines.join("\n");
    }
}
