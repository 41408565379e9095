/* SPDX-License-Identifier: MIT */
/*
 * Small squares on a canvas: frames, swap slots and pages look alike and behave alike. Each cell
 * has a look, one number; only cells whose look changed are drawn again, which is what makes
 * stepping quick. A subclass says where its cells are (layout) and how they look (look).
 */

/** What is drawn in a cell. The legend shows them all. */
const SHAPE = {
    FREE: 0, ABSENT: 1, KERNEL: 2, TABLE: 3, CACHE: 4, ANON: 5, ZERO: 6, UNTOUCHED: 7, SWAPPED: 8,
    AWAY: 9,
};

/** The bits of a look: the shape, two colours (0: none, else a process's), and marks. */
const LOOK = {
    COLOUR: 1 << 4, OTHER: 1 << 9, DIRTY: 1 << 14, READING: 1 << 15, WRITING: 1 << 16,
    CURRENT: 1 << 17, SOURCE: 1 << 18, SELECTED: 1 << 19, CURSOR: 1 << 20, HAND: 1 << 21,
    FADED: 1 << 22, LABEL: 1 << 23,
};
const COLOUR_MASK = 31;
const NEVER_DRAWN = -1;

const colourOf = (look) => (look >>> 4) & COLOUR_MASK;
const otherColourOf = (look) => (look >>> 9) & COLOUR_MASK;

/** Cells below this size are plain squares: there is no room for more, and there are many. */
const SMALL_CELL = 8;

/** Draws one cell; `paint` are the colours of the theme (see main.js). */
function drawCell(context, {x, y, size, gap}, look, paint, label) {
    if (size < SMALL_CELL) {
        drawSmallCell(context, x, y, size, look, paint);
        drawRings(context, x, y, size, gap, look, paint);
        return;
    }
    const shape = look & 15;
    const own = ownColour(look, paint);
    context.globalAlpha = look & LOOK.FADED ? 0.25 : 1;
    const fill = fillOf(shape, own, paint);
    context.beginPath();
    context.roundRect(x + 0.5, y + 0.5, size - 1, size - 1, size > 10 ? 2.5 : 1);
    if (fill) {
        context.fillStyle = fill;
        context.fill();
    } else {
        outlineCell(context, x, y, size, shape, own, paint);
    }
    if (shape === SHAPE.TABLE)
        drawTable(context, x, y, size, colourOf(look) ? own : null, paint);
    if (shape === SHAPE.CACHE && size >= 8)
        drawLines(context, x, y, size, paint);
    if (otherColourOf(look))
        drawTriangle(context, x, y, size, paint.process(otherColourOf(look)), paint);
    if (look & LOOK.LABEL && label !== undefined)
        drawLabel(context, x, y, size, label, paint);
    if (look & LOOK.DIRTY)
        drawDot(context, x, y, size, paint);
    if (look & (LOOK.READING | LOOK.WRITING))
        drawTransfer(context, x, y, size, look & LOOK.READING, paint);
    context.globalAlpha = 1;
    drawRings(context, x, y, size, gap, look, paint);
}

/** Away without a process is the page cache's, where no entry maps it yet. */
function ownColour(look, paint) {
    const colour = colourOf(look);
    return (look & 15) === SHAPE.AWAY && colour === 0 ? paint.cache : paint.process(colour);
}

/** The colour of shapes that are filled. */
function fillOf(shape, own, paint) {
    switch (shape) {
    case SHAPE.KERNEL: return paint.kernel;
    case SHAPE.TABLE: return paint.table;
    case SHAPE.CACHE: return paint.cache;
    case SHAPE.ANON: return own;
    case SHAPE.ABSENT: return paint.absent;
    default: return undefined;
    }
}

/** How strongly shapes that are outlines are filled instead. */
const SMALL_ALPHA = {[SHAPE.SWAPPED]: 0.4, [SHAPE.AWAY]: 0.65, [SHAPE.ZERO]: 0.45};

function drawSmallCell(context, x, y, size, look, paint) {
    const shape = look & 15;
    const own = ownColour(look, paint);
    const fill = fillOf(shape, own, paint);
    const fade = look & LOOK.FADED ? 0.25 : 1;
    context.globalAlpha = fade * (fill ? 1 : SMALL_ALPHA[shape] ?? 1);
    context.fillStyle = fill ?? (SMALL_ALPHA[shape] ? own : paint.rule);
    context.fillRect(x, y, size, size);
    if (otherColourOf(look)) {
        context.fillStyle = paint.process(otherColourOf(look));
        context.fillRect(x + size / 2, y, size / 2, size);
    }
    if (look & (LOOK.DIRTY | LOOK.READING | LOOK.WRITING)) {
        const mark = size < 6 ? 1 : 2;
        context.globalAlpha = fade * 0.7;
        context.fillStyle = paint.ink;
        context.fillRect(x + size - mark, y, mark, look & LOOK.DIRTY ? mark : size);
    }
    context.globalAlpha = 1;
}

function outlineCell(context, x, y, size, shape, own, paint) {
    const faint = shape === SHAPE.FREE || shape === SHAPE.UNTOUCHED;
    context.lineWidth = 1;
    context.strokeStyle = faint ? paint.line : own;
    if (shape === SHAPE.AWAY) {
        const {globalAlpha} = context;
        context.globalAlpha = globalAlpha * 0.22;
        context.fillStyle = own;
        context.fill();
        context.globalAlpha = globalAlpha;
    }
    context.stroke();
    if (shape === SHAPE.SWAPPED) {
        context.save();
        context.clip();
        context.beginPath();
        for (let d = -size; d < size; d += Math.max(3, size / 4)) {
            context.moveTo(x + d, y + size);
            context.lineTo(x + d + size, y);
        }
        context.lineWidth = 1.2;
        context.stroke();
        context.restore();
    } else if (shape === SHAPE.ZERO) {
        context.beginPath();
        context.ellipse(x + size / 2, y + size / 2, size / 7, size / 4.5, 0, 0, 7);
        context.stroke();
    }
}

function drawTable(context, x, y, size, own, paint) {
    if (size >= 9) {
        context.fillStyle = paint.tableLine;
        for (let row = 1; row < 4; row++)
            context.fillRect(x + size * 0.36, Math.round(y + row * size / 4), size * 0.5, 1);
    }
    if (own) {
        context.fillStyle = own;
        context.fillRect(x + 1, y + 1, Math.max(2, size * 0.22), size - 2);
    }
}

function drawLines(context, x, y, size, paint) {
    context.fillStyle = paint.cacheLine;
    for (let row = 1; row < 3; row++)
        context.fillRect(x + size * 0.22, Math.round(y + row * size / 3), size * 0.56, 1);
}

function drawTriangle(context, x, y, size, colour, paint) {
    context.fillStyle = colour;
    context.beginPath();
    context.moveTo(x + size - 1, y + 1);
    context.lineTo(x + size - 1, y + size - 1);
    context.lineTo(x + 1, y + size - 1);
    context.fill();
    context.strokeStyle = paint.paper;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x + size - 1, y + 1);
    context.lineTo(x + 1, y + size - 1);
    context.stroke();
}

function drawLabel(context, x, y, size, label, paint) {
    context.fillStyle = paint.onColour;
    context.font = `600 ${Math.min(11, size * 0.5)}px ${paint.sans}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(label, x + size / 2, y + size / 2 + 0.5);
}

function drawDot(context, x, y, size, paint) {
    const radius = Math.max(1.3, size * 0.13);
    context.beginPath();
    context.arc(x + size - radius - 1.5, y + radius + 1.5, radius, 0, 7);
    context.fillStyle = paint.ink;
    context.fill();
    context.strokeStyle = paint.paper;
    context.lineWidth = size > 10 ? 1 : 0.5;
    context.stroke();
}

/** Down: from the disk; up: to the disk. */
function drawTransfer(context, x, y, size, down, paint) {
    const width = size * 0.36;
    const left = x + 1.5;
    const bottom = y + size - 1.5;
    context.beginPath();
    if (down) {
        context.moveTo(left, bottom - width);
        context.lineTo(left + width, bottom - width);
        context.lineTo(left + width / 2, bottom);
    } else {
        context.moveTo(left, bottom);
        context.lineTo(left + width, bottom);
        context.lineTo(left + width / 2, bottom - width);
    }
    context.closePath();
    context.fillStyle = paint.ink;
    context.fill();
    context.strokeStyle = paint.paper;
    context.lineWidth = 0.75;
    context.stroke();
}

/** In the gap round the cell if it has room for them; and for the hand a pointer in a corner. */
function drawRings(context, x, y, size, gap, look, paint) {
    const out = gap >= 3 ? 0.5 : -0.5;
    const ring = (colour, dash) => {
        context.strokeStyle = colour;
        context.lineWidth = gap >= 3 ? 2 : 1;
        context.setLineDash(dash);
        context.strokeRect(x - out, y - out, size + 2 * out, size + 2 * out);
        context.setLineDash([]);
    };
    if (look & LOOK.CURRENT && size < SMALL_CELL) {
        context.fillStyle = paint.accent;
        context.fillRect(x, y, size, size);
    }
    if (look & LOOK.CURRENT)
        ring(paint.accent, []);
    else if (look & LOOK.SOURCE)
        ring(paint.accent, [3, 2]);
    if (look & LOOK.SELECTED)
        ring(paint.ink, []);
    if (look & LOOK.CURSOR)
        ring(paint.focus, [2, 2]);
    if (look & LOOK.HAND) {
        const height = size < SMALL_CELL ? size : size * 0.45;
        context.fillStyle = paint.ink;
        context.beginPath();
        context.moveTo(x, y);
        context.lineTo(x + height, y);
        context.lineTo(x, y + height);
        context.fill();
    }
}

/** A canvas of the given size in CSS pixels, sharp on every screen. */
function sizeCanvas(canvas, width, height) {
    const ratio = window.devicePixelRatio || 1;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return context;
}

/**
 * Cells on a canvas. A cell is {key, x, y, size, gap, ...}; its key says what it shows, and the
 * gap to its neighbours is its own to draw in.
 *
 *   layout(width)    sets cells, width, height; returns a text that changes with the layout
 *   look(cell)       the cell's look now
 *   drawBackground() labels and the like, after the canvas was cleared
 *   describe(cell)   in words
 *   select(cell)     it was clicked
 */
class CellGrid {
    constructor(app, canvas) {
        this.app = app;
        this.canvas = canvas;
        this.scroll = canvas.parentElement;
        this.cells = [];
        this.byKey = new Map();
        this.signature = "";
        this.cursor = undefined;
        canvas.addEventListener("click", (event) => this.click(event));
        canvas.addEventListener("mousemove", (event) => this.hover(event));
        canvas.addEventListener("mouseleave", () => app.hideTip());
        canvas.addEventListener("keydown", (event) => this.key(event));
        canvas.addEventListener("blur", () => this.moveCursor(undefined));
        canvas.addEventListener("focus", () => this.focused());
    }

    render(force) {
        const signature = this.layout();
        if (force || signature !== this.signature) {
            this.signature = signature;
            this.byKey = new Map(this.cells.map((cell) => [cell.key, cell]));
            this.context = sizeCanvas(this.canvas, this.width, this.height);
            for (const cell of this.cells)
                cell.drawn = NEVER_DRAWN;
            this.drawBackground();
        }
        for (const cell of this.cells) {
            let look = this.look(cell);
            if (cell.key === this.cursor)
                look |= LOOK.CURSOR;
            if (look !== cell.drawn)
                this.draw(cell, look);
        }
    }

    draw(cell, look) {
        const {x, y, size, gap} = cell;
        this.context.clearRect(x - gap / 2, y - gap / 2, size + gap, size + gap);
        drawCell(this.context, cell, look, this.app.paint, this.label?.(cell));
        cell.drawn = look;
    }

    cellAt(event) {
        const x = event.offsetX;
        const y = event.offsetY;
        return this.cells.find((cell) => x >= cell.x - 1 && x <= cell.x + cell.size + 1 &&
            y >= cell.y - 1 && y <= cell.y + cell.size + 1);
    }

    click(event) {
        const cell = this.cellAt(event);
        if (cell)
            this.select(cell);
    }

    hover(event) {
        const cell = this.cellAt(event);
        if (cell)
            this.app.showTip(this.describe(cell), event.clientX, event.clientY);
        else
            this.app.hideTip();
    }

    focused() {
        if (!this.canvas.matches(":focus-visible"))
            return;
        const first = this.cells.find((cell) => cell.drawn & LOOK.CURRENT) ?? this.cells[0];
        this.moveCursor(this.byKey.get(this.cursor) ?? first);
    }

    key(event) {
        const steps = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
        const at = this.byKey.get(this.cursor);
        if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey)
            return;
        if (steps[event.key]) {
            this.moveCursor(at ? this.neighbour(at, ...steps[event.key]) : this.cells[0]);
        } else if (event.key === "Enter" && at) {
            this.select(at);
        } else {
            return;
        }
        event.preventDefault();
        event.stopPropagation();
    }

    /** The nearest cell in a direction; `from` itself if there is none. */
    neighbour(from, dx, dy) {
        let best = from;
        let least = Infinity;
        for (const cell of this.cells) {
            const along = (cell.x - from.x) * dx + (cell.y - from.y) * dy;
            const across = Math.abs((cell.x - from.x) * dy) + Math.abs((cell.y - from.y) * dx);
            if (along <= 0 || (dx && across > 0 && across >= from.size))
                continue;
            const distance = along + 4 * across;
            if (distance < least) {
                least = distance;
                best = cell;
            }
        }
        return best;
    }

    moveCursor(cell) {
        this.cursor = cell?.key;
        this.render(false);
        if (cell) {
            this.reveal(cell);
            this.app.say(this.describe(cell));
            const box = this.canvas.getBoundingClientRect();
            this.app.showTip(this.describe(cell), box.left + cell.x + cell.size,
                box.top + cell.y + cell.size);
        } else {
            this.app.hideTip();
        }
    }

    /** Scrolls as little as is needed for the cell to be seen. */
    reveal(cell) {
        const margin = 24;
        const {scroll} = this;
        const left = this.canvas.offsetLeft - scroll.offsetLeft + cell.x;
        const top = this.canvas.offsetTop - scroll.offsetTop + cell.y;
        if (left < scroll.scrollLeft)
            scroll.scrollLeft = left - margin;
        else if (left + cell.size > scroll.scrollLeft + scroll.clientWidth)
            scroll.scrollLeft = left + cell.size + margin - scroll.clientWidth;
        if (top < scroll.scrollTop)
            scroll.scrollTop = top - margin;
        else if (top + cell.size > scroll.scrollTop + scroll.clientHeight)
            scroll.scrollTop = top + cell.size + margin - scroll.clientHeight;
    }

    /** The cell's middle in window coordinates, moved into the part that is seen. */
    spot(key) {
        const cell = this.byKey.get(key);
        if (!cell)
            return undefined;
        const canvas = this.canvas.getBoundingClientRect();
        const seen = this.scroll.getBoundingClientRect();
        const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
        return {
            x: clamp(canvas.left + cell.x + cell.size / 2, seen.left, seen.right),
            y: clamp(canvas.top + cell.y + cell.size / 2, seen.top, seen.bottom),
            size: cell.size,
        };
    }
}
