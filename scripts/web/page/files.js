/* SPDX-License-Identifier: MIT */
/*
 * The page's large files, packed with gzip: beside index.html, or in pagoda.html itself, which
 * opens from a disk, where nothing can be fetched.
 */

const byId = (id) => document.getElementById(id);

function fromBase64(text) {
    const characters = atob(text.trim());
    const bytes = new Uint8Array(characters.length);
    for (let i = 0; i < bytes.length; i++)
        bytes[i] = characters.charCodeAt(i);
    return bytes;
}

function through(bytes, stream) {
    return new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer();
}

/** Some servers say of a .gz what it is packed with, and the browser unpacks it already. */
async function unpack(bytes) {
    const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return packed ? through(bytes, new DecompressionStream("gzip")) : bytes.buffer;
}

const pack = (bytes) => through(bytes, new CompressionStream("gzip"));

const Files = {
    async packed(name) {
        const inside = byId(`file-${name}`);
        if (inside)
            return fromBase64(inside.textContent);
        const answer = await fetch(`${name}.gz`);
        if (!answer.ok)
            throw new Error(`${name}: the server says ${answer.status}`);
        return new Uint8Array(await answer.arrayBuffer());
    },

    /** The unpacked file, as an ArrayBuffer of its own. */
    async read(name) {
        return unpack(await this.packed(name));
    },

    async text(name) {
        return new TextDecoder().decode(await this.read(name));
    },

    has(name) {
        return byId(`file-${name}`) !== null;
    },
};
