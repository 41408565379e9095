// SPDX-License-Identifier: MIT
// The search of the pages: every word must be under the heading, the best first. "/" goes to it.
"use strict";

const field = document.getElementById("search");
const list = document.getElementById("found");
const MOST = 12, AROUND = 60;

/* How well one part of a page has the words; 0: not all of them. */
function worth(part, words) {
    const [, page, heading, text] = part.map((one) => one.toLowerCase());
    let sum = 0;
    for (const word of words) {
        const here = 8 * heading.includes(word) + 4 * page.includes(word) + text.includes(word);
        if (!here)
            return 0;
        sum += here;
    }
    return sum;
}

function search(asked) {
    const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length)
        return [];
    return window.found_in.map((part) => ({part, words, worth: worth(part, words)}))
        .filter((one) => one.worth).sort((a, b) => b.worth - a.worth).slice(0, MOST);
}

/* What stands around the first of the words. */
function piece(text, words) {
    const places = words.map((word) => text.toLowerCase().indexOf(word)).filter((at) => at >= 0);
    const at = places.length ? Math.min(...places) : 0, start = Math.max(0, at - AROUND);
    return (start ? "… " : "") + text.slice(start, at + 2 * AROUND);
}

function row({part: [address, page, heading, text], words}) {
    const item = document.createElement("li"), link = document.createElement("a");
    const below = document.createElement("p");
    link.href = document.body.dataset.up + address;
    link.textContent = page === heading ? page : `${page}: ${heading}`;
    below.textContent = piece(text, words);
    item.append(link, below);
    return item;
}

function show() {
    const found = search(field.value), rows = document.createElement("ul");
    rows.append(...found.map(row));
    list.replaceChildren(found.length ? rows : "Nothing.");
    list.hidden = !field.value.trim();
}

field.addEventListener("input", show);
document.getElementById("search-form").addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("a")?.click();
});
document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== field) {
        event.preventDefault();
        field.focus();
    } else if (event.key === "Escape") {
        list.hidden = true;
    }
});
list.addEventListener("click", (event) => {
    if (event.target.closest("a"))
        list.hidden = true;
});
