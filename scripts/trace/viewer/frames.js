/* SPDX-License-Identifier: MIT */
/*
 * Physical memory as a grid of frames, and the swap area as a grid of slots. Rows in which
 * nothing of interest ever happens are folded into one line, as a figure in a book would break
 * off what it does not need; a switch unfolds them.
 */

const GRID_COLUMNS = [8, 16, 24, 32, 48, 64, 96, 128];
const MOST_CELL = 27;
const LEAST_CELL = 4;
const FOLD_HEIGHT = 18;
const ROW_LABEL_WIDTH = 54;

/** Who uses each frame: spaces that map it, or for anonymous pages those that refer to it. */
class Users {
    constructor(frames) {
        this.first = new Uint32Array(frames);
        this.second = new Uint32Array(frames);
        this.slotFirst = new Map();
        this.slotSecond = new Map();
        this.cached = new Map();   // page of a file: its frame
    }

    static filePage(file, page) {
        return file * 2 ** 32 + page;
    }

    update(state) {
        this.first.fill(0);
        this.second.fill(0);
        this.slotFirst.clear();
        this.slotSecond.clear();
        for (const space of state.spaces.values()) {
            space.tables.entry.forEach((page, entry) => {
                const frame = frameOf(entry);
                if (state.frame.use.get(frame) !== USE.anon)
                    this.add(frame, space.number);
            });
            space.tables.anon.forEach((page, anon) => {
                const frame = state.anon.frame.get(anon);
                if (frame)
                    this.add(frame, space.number);
                const slot = state.anon.slot.get(anon);
                if (slot)
                    this.addSlot(slot, space.number);
            });
        }
        this.cached.clear();
        state.frame.file.forEach((frame, file) => {
            this.cached.set(Users.filePage(file, state.frame.offset.get(frame)), frame);
        });
    }

    add(frame, space) {
        if (frame >= this.first.length || this.first[frame] === space)
            return;
        if (this.first[frame] === 0)
            this.first[frame] = space;
        else if (this.second[frame] === 0)
            this.second[frame] = space;
    }

    addSlot(slot, space) {
        if (!this.slotFirst.has(slot))
            this.slotFirst.set(slot, space);
        else if (this.slotFirst.get(slot) !== space)
            this.slotSecond.set(slot, space);
    }
}

/** A grid of things that are numbered from 0: rows of cells, some folded. */
class NumberedGrid extends CellGrid {
    /** rows: lists of numbers to show; places rows and folds and sets cells. */
    place(total, interesting) {
        const {folded} = this.app;
        const room = {width: this.scroll.clientWidth, height: this.scroll.clientHeight};
        const key = `${room.width}x${room.height} ${total} ${folded} ${this.seen()}`;
        if (key === this.placed)
            return key;
        this.placed = key;
        let best;
        for (const columns of GRID_COLUMNS) {
            const plan = this.plan(total, columns, folded ? interesting : () => true);
            plan.cell = Math.min(MOST_CELL,
                Math.floor((room.width - ROW_LABEL_WIDTH - 6) / columns));
            if (plan.cell < LEAST_CELL && best)
                break;
            const fits = this.heightOf(plan) <= room.height;
            // The largest cells that fit, in wide rows; if none do, the plan that is least high.
            const better = !best || (fits ? !best.fits || plan.cell >= best.cell
                : !best.fits && this.heightOf(plan) < this.heightOf(best));
            if (better)
                best = {...plan, fits};
        }
        this.apply(best);
        return key;
    }

    heightOf(plan) {
        return plan.rows.reduce((sum, row) => sum + (row.fold ? FOLD_HEIGHT : plan.cell), 8);
    }

    plan(total, columns, interesting) {
        const rows = [];
        for (let first = 0; first < total; first += columns) {
            const end = Math.min(first + columns, total);
            let fold = true;
            for (let number = first; number < end && fold; number++)
                fold = !interesting(number);
            const last = rows[rows.length - 1];
            if (fold && last?.fold)
                last.end = end;
            else
                rows.push({first, end, fold});
        }
        return {columns, rows};
    }

    apply({rows, columns, cell}) {
        this.cells = [];
        this.rows = rows;
        this.cellSize = cell;
        let y = 4;
        for (const row of rows) {
            row.y = y;
            row.height = row.fold ? FOLD_HEIGHT : cell;
            y += row.height;
            if (row.fold)
                continue;
            const gap = cell >= 9 ? 3 : 1;
            for (let number = row.first; number < row.end; number++) {
                const x = ROW_LABEL_WIDTH + (number - row.first) * cell;
                this.cells.push({key: number, x: x + 2, y: row.y + 1, size: cell - gap, gap});
            }
        }
        this.width = ROW_LABEL_WIDTH + columns * cell + 4;
        this.height = y + 4;
    }

    drawBackground() {
        const {context, app: {paint}} = this;
        context.clearRect(0, 0, this.width, this.height);
        context.textBaseline = "middle";
        const every = Math.ceil(13 / this.cellSize);
        let sinceLabel = every;
        for (const row of this.rows) {
            context.fillStyle = paint.muted;
            const middle = row.y + row.height / 2;
            if (row.fold) {
                this.drawFold(row, middle);
                sinceLabel = every;
            } else if (sinceLabel >= every) {
                context.font = `10px ${paint.mono}`;
                context.textAlign = "right";
                context.fillText(this.rowLabel(row.first), ROW_LABEL_WIDTH - 8, middle);
                sinceLabel = 1;
            } else {
                sinceLabel++;
            }
        }
    }

    drawFold(row, middle) {
        const {context, app: {paint}} = this;
        context.font = `11px ${paint.sans}`;
        context.textAlign = "left";
        const text = fitText(context, this.foldLabel(row), this.width - ROW_LABEL_WIDTH - 14);
        context.fillText(text, ROW_LABEL_WIDTH + 10, middle);
        const end = ROW_LABEL_WIDTH + 18 + context.measureText(text).width;
        context.strokeStyle = paint.line;
        context.lineWidth = 1;
        context.setLineDash([2, 3]);
        context.beginPath();
        context.moveTo(ROW_LABEL_WIDTH - 8, middle + 0.5);
        context.lineTo(ROW_LABEL_WIDTH + 4, middle + 0.5);
        if (end < this.width) {
            context.moveTo(end, middle + 0.5);
            context.lineTo(this.width, middle + 0.5);
        }
        context.stroke();
        context.setLineDash([]);
    }
}

const USE_NAMES = {absent: "no memory", boot: "kernel", heap: "kernel heap",
    stack: "kernel stacks", vm: "taken", table: "page tables", directory: "page directories",
    leaf: "page tables", zero: "zeros", anon: "anonymous", cache: "page cache", free: "free"};
const USE_SHAPES = USES.map((use) => ({free: SHAPE.FREE, absent: SHAPE.ABSENT, zero: SHAPE.ZERO,
    anon: SHAPE.ANON, cache: SHAPE.CACHE, table: SHAPE.TABLE, directory: SHAPE.TABLE,
    leaf: SHAPE.TABLE})[use] ?? SHAPE.KERNEL);

class FrameGrid extends NumberedGrid {
    seen() {
        return this.app.player.survey.seen;
    }

    layout() {
        const {player} = this.app;
        return this.place(player.frames, (frame) => player.survey.framesOfInterest[frame]);
    }

    rowLabel(frame) {
        return hex(frame);
    }

    foldLabel(row) {
        const counts = new Map();
        for (let frame = row.first; frame < row.end; frame++) {
            const name = USE_NAMES[USES[this.app.player.state.frame.use.get(frame)]];
            counts.set(name, (counts.get(name) ?? 0) + 1);
        }
        const parts = [...counts].sort((a, b) => b[1] - a[1]);
        return `${hex(row.first)}–${hex(row.end - 1)}   ` +
            parts.map(([name, count]) => `${grouped(count)} ${name}`).join(", ");
    }

    look(cell) {
        const {app} = this;
        const {state} = app.player;
        const frame = cell.key;
        const table = state.frame;
        const use = table.use.get(frame);
        let look = USE_SHAPES[use];
        let owner = app.users.first[frame];
        let other = app.users.second[frame];
        if (USE_SHAPES[use] === SHAPE.TABLE) {
            owner = table.space.get(frame);
            other = 0;
        } else if (use === USE.cache) {
            // Its colour is the page cache's; the corner says who maps it.
            other = owner;
            owner = 0;
        } else if (use !== USE.anon) {
            owner = other = 0;
        }
        look |= app.colour(owner) * LOOK.COLOUR | app.colour(other) * LOOK.OTHER;
        if (table.dirty.get(frame) && (use === USE.anon || use === USE.cache))
            look |= LOOK.DIRTY;
        const io = table.io.get(frame);
        if (io)
            look |= io === IO.READ ? LOOK.READING : LOOK.WRITING;
        if (use === USE.anon && !app.users.second[frame] && cell.size >= 16)
            look |= LOOK.LABEL;
        if (state.hand === frame)
            look |= LOOK.HAND;
        if (app.subject.frame === frame)
            look |= LOOK.CURRENT;
        if (app.subject.from === frame)
            look |= LOOK.SOURCE;
        if (app.isSelected("frame", frame))
            look |= LOOK.SELECTED;
        if ((owner || other) && app.filter.hides(owner) && app.filter.hides(other))
            look |= LOOK.FADED;
        return look;
    }

    label(cell) {
        const space = this.app.users.first[cell.key];
        return space ? this.app.pidOf(space) : undefined;
    }

    describe(cell) {
        return this.app.words.describeFrame(cell.key);
    }

    select(cell) {
        this.app.choose({what: "frame", frame: cell.key});
    }
}

class SwapGrid extends NumberedGrid {
    seen() {
        return this.app.player.survey.slotsOfInterest.size;
    }

    layout() {
        const {player} = this.app;
        const {slotsOfInterest} = player.survey;
        return this.place(player.begin.slots ?? 0, (slot) => slotsOfInterest.has(slot));
    }

    rowLabel(slot) {
        return String(slot);
    }

    foldLabel(row) {
        return `${row.first}–${row.end - 1}   never used here`;
    }

    look(cell) {
        const {app} = this;
        const slot = cell.key;
        if (!app.player.state.slot.used.get(slot))
            return SHAPE.FREE | (app.subject.slot === slot ? LOOK.CURRENT : 0);
        const owner = app.users.slotFirst.get(slot);
        let look = SHAPE.SWAPPED | app.colour(owner) * LOOK.COLOUR;
        look |= app.colour(app.users.slotSecond.get(slot)) * LOOK.OTHER;
        if (app.subject.slot === slot)
            look |= LOOK.CURRENT;
        if (app.isSelected("slot", slot))
            look |= LOOK.SELECTED;
        if (owner && app.filter.hides(owner))
            look |= LOOK.FADED;
        return look;
    }

    describe(cell) {
        return this.app.words.describeSlot(cell.key);
    }

    select(cell) {
        this.app.choose({what: "slot", slot: cell.key});
    }
}
