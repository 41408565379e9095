/* SPDX-License-Identifier: MIT */
/*
 * Address spaces, a column each: its areas from low addresses to high, and in each area its
 * pages. Rows of pages that are never touched are folded.
 */

const SPACE = {
    GAP: 22, HEAD: 50, AREA_HEAD: 16, AREA_FOOT: 4, AREA_GAP: 8, PAD: 6, FOLD: 13,
    // Pages in a row and the size of a cell: the first with which all fits is taken. Columns may
    // lie outside at the right if the cells would be smaller than WIDE otherwise.
    PLANS: [{row: 8, cell: 24}, {row: 8, cell: 20}, {row: 8, cell: 17}, {row: 12, cell: 12},
        {row: 16, cell: 9}, {row: 24, cell: 7}, {row: 32, cell: 5}],
    WIDE: 17,
};

class SpaceColumns extends CellGrid {
    layout() {
        const {app} = this;
        const {player} = app;
        const spaces = app.shownSpaces();
        const areas = spaces.map((space) => `${space.number} ${app.pidOf(space.number)} ` +
            space.areas.map((area) => `${area.addr}-${area.end}${area.rights}${area.file}`).join());
        const {clientWidth, clientHeight} = this.scroll;
        const signature = `${areas.join("|")} ${clientWidth}x${clientHeight} ${app.folded} ` +
            player.survey.seen;
        if (signature === this.placed)
            return this.shape;
        this.placed = signature;
        let columns;
        for (const plan of SPACE.PLANS) {
            columns = spaces.map((space) => this.plan(space, plan, player.survey));
            this.chosen = plan;
            const width = columns.length * (plan.row * plan.cell + 2 * SPACE.PAD + SPACE.GAP);
            if (Math.max(0, ...columns.map((column) => column.height)) <= clientHeight &&
                (width <= clientWidth || plan.cell <= SPACE.WIDE))
                break;
        }
        // Most pages that are touched for the first time unfold no row: nothing is placed anew then.
        const rows = columns.map((column) => column.areas.map((area) =>
            area.rows.map(({first, fold}) => (fold ? "-" : "") + first)));
        const shape = `${areas.join("|")} ${clientWidth}x${clientHeight} ${this.chosen.cell} ${rows}`;
        if (shape !== this.shape)
            this.place(columns, this.chosen);
        this.shape = shape;
        return shape;
    }

    /** A column's areas and their rows; pages outside every area are not shown. */
    plan(space, {row: perRow, cell}, survey) {
        const touched = survey.pages.get(space.number) ?? new Set();
        let y = SPACE.HEAD;
        const areas = space.areas.map((area) => {
            const rows = [];
            const last = pageOf(area.end);
            for (let first = pageOf(area.addr); first < last; first += perRow) {
                const end = Math.min(first + perRow, last);
                let fold = this.app.folded || last - first > 4096;
                for (let page = first; page < end && fold; page++)
                    fold = !touched.has(page);
                const before = rows[rows.length - 1];
                if (fold && before?.fold)
                    before.end = end;
                else
                    rows.push({first, end, fold});
            }
            const top = y;
            y += SPACE.AREA_HEAD;
            for (const one of rows) {
                one.y = y;
                y += one.fold ? SPACE.FOLD : cell;
            }
            y += SPACE.AREA_FOOT;
            const bottom = y;
            y += SPACE.AREA_GAP;
            return {area, rows, top, bottom};
        });
        return {space, areas, height: y};
    }

    place(columns, {row: perRow, cell}) {
        const width = perRow * cell + 2 * SPACE.PAD;
        this.columns = columns;
        this.columnWidth = width;
        this.cells = [];
        const gap = cell >= 9 ? 3 : 1;
        columns.forEach((column, number) => {
            column.x = 2 + number * (width + SPACE.GAP);
            for (const {rows} of column.areas) {
                for (const row of rows.filter((one) => !one.fold)) {
                    for (let page = row.first; page < row.end; page++) {
                        this.cells.push({
                            key: SpaceColumns.keyOf(column.space.number, page),
                            as: column.space.number, page, size: cell - gap, gap,
                            x: column.x + SPACE.PAD + (page - row.first) * cell + 1, y: row.y + 1,
                        });
                    }
                }
            }
        });
        this.width = Math.max(60, columns.length * (width + SPACE.GAP));
        this.height = Math.max(60, ...columns.map((column) => column.height));
    }

    static keyOf(as, page) {
        return as * 2 ** 20 + page;
    }

    render(force) {
        super.render(force);
        for (const column of this.columns)
            this.drawHead(column);
    }

    drawBackground() {
        const {context, app: {paint}} = this;
        context.clearRect(0, 0, this.width, this.height);
        for (const column of this.columns) {
            column.areas.forEach((area, number) => {
                this.drawArea(column, area);
                const next = column.areas[number + 1];
                if (next)
                    this.drawGap(column, area, next);
            });
            if (column.areas.length === 0) {
                context.fillStyle = paint.muted;
                context.font = `italic 11px ${paint.sans}`;
                context.textAlign = "left";
                context.fillText("no areas yet", column.x + SPACE.PAD, SPACE.HEAD + 10);
            }
        }
    }

    drawArea(column, {area, rows, top, bottom}) {
        const {context, columnWidth: width, app: {paint, words}} = this;
        context.strokeStyle = paint.rule;
        context.lineWidth = 1;
        context.beginPath();
        context.roundRect(column.x + 0.5, top + 0.5, width - 1, bottom - top - 1, 4);
        context.stroke();
        context.textBaseline = "middle";
        context.font = `10px ${paint.mono}`;
        context.textAlign = "right";
        context.fillStyle = paint.muted;
        const rights = area.rights + (area.shared ? "s" : "p");
        context.fillText(rights, column.x + width - SPACE.PAD, top + 9);
        const room = width - 2 * SPACE.PAD - context.measureText(rights).width - 6;
        context.font = `11px ${paint.sans}`;
        context.textAlign = "left";
        context.fillStyle = paint.ink;
        const name = area.file !== undefined ? words.file(area.file).replace(/^.*\//, "")
            : area.what ?? "anonymous";
        context.fillText(fitText(context, name, room), column.x + SPACE.PAD, top + 9);
        for (const row of rows.filter((one) => one.fold)) {
            context.font = `10px ${paint.sans}`;
            context.fillStyle = paint.muted;
            const count = plural(row.end - row.first, "page");
            context.fillText(`⋯ ${count} untouched`, column.x + SPACE.PAD,
                row.y + SPACE.FOLD / 2);
        }
    }

    drawGap(column, area, next) {
        if (next.area.addr === area.area.end)
            return;
        const {context, app: {paint}} = this;
        context.fillStyle = paint.muted;
        for (const dot of [2, 4.5, 7]) {
            context.beginPath();
            context.arc(column.x + this.columnWidth / 2, area.bottom + dot - 0.5, 0.9, 0, 7);
            context.fill();
        }
    }

    drawHead(column) {
        const {context, app, app: {paint}} = this;
        const {space, x} = column;
        context.clearRect(x - 2, 0, this.columnWidth + SPACE.GAP, SPACE.HEAD - 2);
        const pid = app.pidOf(space.number);
        context.fillStyle = paint.process(app.colour(space.number));
        context.beginPath();
        context.roundRect(x, 4, 11, 11, 2.5);
        context.fill();
        context.textBaseline = "middle";
        context.textAlign = "left";
        context.font = `600 13px ${paint.sans}`;
        context.fillStyle = paint.ink;
        const title = pid === undefined ? `space ${space.number}` : `process ${pid}`;
        context.fillText(title, x + 17, 10);
        const room = this.columnWidth + SPACE.GAP - 4;
        context.font = `12px ${paint.sans}`;
        context.fillStyle = paint.muted;
        const name = app.words.name(pid) ?? "";
        const running = pid !== undefined && pid === app.event.pid && !app.event.irq;
        context.fillText(fitText(context, running ? `${name} · running` : name, room), x, 26);
        context.font = `11px ${paint.sans}`;
        context.fillText(fitText(context, this.residence(space), room), x, 40);
    }

    residence(space) {
        const {state} = this.app.player;
        let resident = 0;
        let swapped = 0;
        space.tables.entry.forEach(() => resident++);
        space.tables.anon.forEach((page, anon) => {
            if (!space.tables.entry.get(page) && !state.anon.frame.get(anon) &&
                state.anon.slot.get(anon))
                swapped++;
        });
        return `${grouped(resident)} mapped` + (swapped ? `, ${grouped(swapped)} swapped` : "");
    }

    look(cell) {
        const {app} = this;
        const {state} = app.player;
        const {as, page} = cell;
        const {tables} = state.spaces.get(as);
        let look = this.pageLook(as, page, tables.entry.get(page), tables.anon.get(page));
        if (app.subject.as === as && app.subject.page === page)
            look |= LOOK.CURRENT;
        if (app.selection?.what === "page" && app.isSelected("page", page) &&
            app.selection.as === as)
            look |= LOOK.SELECTED;
        return look;
    }

    pageLook(as, page, entry, anon) {
        const {app} = this;
        const {state} = app.player;
        const own = app.colour(as) * LOOK.COLOUR;
        const frame = entry ? frameOf(entry) : anon ? state.anon.frame.get(anon) : 0;
        const dirty = frame && (entry & ENTRY.D || state.frame.dirty.get(frame)) ? LOOK.DIRTY : 0;
        if (anon && frame) {
            const {first, second} = app.users;
            const other = first[frame] === as ? second[frame] : first[frame];
            return (entry ? SHAPE.ANON : SHAPE.AWAY) | own | dirty |
                app.colour(other) * LOOK.OTHER;
        }
        if (entry)
            return state.frame.use.get(frame) === USE.zero ? SHAPE.ZERO | own
                : SHAPE.CACHE | dirty;
        if (anon)
            return SHAPE.SWAPPED | own;
        const area = state.spaces.get(as).area(page);
        if (area?.file !== undefined) {
            const filePage = pageOf(area.offset) + page - pageOf(area.addr);
            if (app.users.cached.has(Users.filePage(area.file, filePage)))
                return SHAPE.AWAY;
        }
        return SHAPE.UNTOUCHED;
    }

    /** The whole column of the page's space, if it has room. */
    reveal(cell) {
        const {scroll} = this;
        const {x} = this.columns.find((column) => column.space.number === cell.as);
        const right = x + this.columnWidth + 4;
        if (right > scroll.scrollLeft + scroll.clientWidth)
            scroll.scrollLeft = right - scroll.clientWidth;
        if (x - 2 < scroll.scrollLeft)
            scroll.scrollLeft = x - 2;
        super.reveal(cell);
    }

    describe(cell) {
        return this.app.words.describePage(cell.as, cell.page);
    }

    select(cell) {
        this.app.choose({what: "page", as: cell.as, page: cell.page});
    }
}

/** The text, or as much of its beginning as has room. */
function fitText(context, text, room) {
    if (context.measureText(text).width <= room)
        return text;
    let length = text.length;
    while (length > 0 && context.measureText(text.slice(0, length) + "…").width > room)
        length--;
    return text.slice(0, length) + "…";
}
