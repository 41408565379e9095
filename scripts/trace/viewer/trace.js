/* SPDX-License-Identifier: MIT */
/*
 * The events, as scripts/trace/view.py packed them: a column of numbers for each field of each
 * kind. An event becomes an object when somebody asks for it; scans look at the columns.
 */

const COLUMN_ARRAYS = {1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: Float64Array};

class Column {
    constructor(head, buffer, start, words) {
        this.name = head.name;
        this.values = new COLUMN_ARRAYS[head.size](buffer, start + head.at, head.count);
        this.shift = head.shift;
        this.gaps = head.gaps;
        this.words = head.words ? words : null;
    }

    /** The field of the column's n-th event, or undefined if that event has none. */
    get(n) {
        const value = this.values[n];
        if (this.gaps && value === 0)
            return undefined;
        return this.words ? this.words[value + this.shift] : value + this.shift;
    }
}

class Trace {
    /** From the text of the page's element: base64 of a zlib stream. */
    static async unpack(text) {
        const characters = atob(text.trim());
        const packed = new Uint8Array(characters.length);
        for (let i = 0; i < packed.length; i++)
            packed[i] = characters.charCodeAt(i);
        const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
        return new Trace(await new Response(stream).arrayBuffer());
    }

    constructor(buffer) {
        const length = new DataView(buffer).getUint32(0, true);
        const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
        const column = (one) => new Column(one, buffer, 4 + length, head.words);
        this.length = head.count;
        this.base = 0;   // the first event that is there
        this.chapters = head.chapters ?? [];   // [event, headline]
        this.kindNumber = column(head.kind).values;
        this.kinds = head.kinds.map((kind) => ({
            name: kind.name,
            columns: kind.columns.map(column),
        }));
        this.common = Object.fromEntries(head.common.map((one) => [one.name, column(one)]));
        // An event's place among those of its kind.
        this.place = new Uint32Array(this.length);
        const seen = new Uint32Array(this.kinds.length);
        for (let i = 0; i < this.length; i++)
            this.place[i] = seen[this.kindNumber[i]]++;
    }

    kind(i) {
        return this.kinds[this.kindNumber[i]].name;
    }

    time(i) {
        return this.common.t.get(i);
    }

    /** A field that any event may have: "pid", "snap", "irq", ... */
    field(name, i) {
        return this.common[name]?.get(i);
    }

    at(i) {
        const kind = this.kinds[this.kindNumber[i]];
        const event = {index: i, kind: kind.name, pid: this.common.pid?.get(i)};
        const place = this.place[i];
        for (const column of kind.columns)
            event[column.name] = column.get(place);
        if (this.field("snap", i))
            event.snap = true;
        if (this.field("irq", i))
            event.irq = true;
        return event;
    }
}
