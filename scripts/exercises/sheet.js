/* SPDX-License-Identifier: MIT */
/* A sheet that formats.py has made takes answers, and shows the steps one after another. It is in a page
 * of its own (page.html), and in the page in the browser (scripts/web). */

/* An answer without what does not matter: case, spaces. */
function plain(words) {
    return words.trim().toLowerCase().replace(/\s*,\s*/g, ",").replace(/\s+/g, " ");
}

function check(question) {
    const accepted = JSON.parse(question.dataset.accepted);
    const given = plain(question.querySelector("input").value);
    const right = accepted.includes(given) || accepted.includes(given.replace(/[ ,]/g, ""));
    question.querySelector("output").textContent = !given ? "" : right ? "Right." : "Not so.";
}

/* The steps one after another, forward and back; the answer comes after the last. */
function stepper(question) {
    const steps = [...question.querySelectorAll("li"), question.querySelector(".answer")];
    const bar = document.createElement("p"), where = document.createElement("span");
    let shown = 0;

    function show(count) {
        shown = Math.max(0, Math.min(count, steps.length));
        steps.forEach((step, number) => step.hidden = number >= shown);
        where.textContent = ` ${shown} of ${steps.length} `;
    }
    function button(words, by) {
        const made = document.createElement("button");
        made.textContent = words;
        made.className = by < 0 ? "back" : "next";
        made.addEventListener("click", () => show(shown + by));
        return made;
    }
    bar.append(button("Back", -1), where, button("Next step", 1));
    question.querySelector("summary").after(bar);
    show(0);
}

function startSheet(sheet) {
    for (const question of sheet.querySelectorAll(".question")) {
        stepper(question);
        question.querySelector(".look").addEventListener("click", () => check(question));
        question.querySelector("input").addEventListener("keydown",
            (event) => event.key === "Enter" && check(question));
    }
}
