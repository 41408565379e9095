# SPDX-License-Identifier: MIT
"""The page in the browser: under node, and in Chromium without a screen.

Boot and all demos; both decoders; what the processor's tables say against what the kernel says;
pause, step, stop at; saved machines; one file from a disk; the width of a phone; sizes. PART=1 in
the environment: what CI has time for. Pictures of the page are left in build/check/.
"""

import argparse
import contextlib
import functools
import gzip
import http.server
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "scripts/trace"), os.path.join(ROOT, "tests/host/browser"),
                os.path.join(ROOT, "scripts/web")]
import build as page_builder
import decode
import lessons
import replay
from webdriver import Browser

NOT_HERE = {"watch": 2}        # what this PC lacks is said: status 2; tlb: either
MAY_LACK = {"tlb": (0, 2)}
DEMO_SECONDS, STATE_SECONDS = 1500, 280   # for a busy machine; what hangs is found by it
PART_DEMOS = ["cow", "watch"]
COMPUTER_THREAD, PAIRS, ATTEMPTS = "DedicatedWorker*", 5, 3   # as Chromium calls a Worker's


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def that(self, condition, what):
        self.passed += bool(condition)
        self.failed += not condition
        print(f"{'ok' if condition else 'not ok'} {self.passed + self.failed} - {what}",
              flush=True)


def budget():
    with open(os.path.join(ROOT, "tests/web/budget"), encoding="utf-8") as file:
        return {name: float(value) for name, value
                in re.findall(r"^([\w-]+)\s+([\d.]+)", file.read(), re.MULTILINE)}


def statuses(name):
    """With which a demo may end here."""
    return MAY_LACK.get(name, (NOT_HERE.get(name, 0),))


# ---- without a browser ----

def under_node(options, check, folder):
    """Boot and demos; what they traced, decoded twice, fits together."""
    trace, script = os.path.join(folder, "line.bin"), os.path.join(folder, "headless.js")
    with open(script, "w", encoding="utf-8") as file:
        file.write(page_builder.headless())
    command = ["node", "--liftoff-only", os.path.join(ROOT, "tests/web/demos.mjs"), options.build, options.packages,
               script, trace, *(PART_DEMOS if options.part else [])]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=DEMO_SECONDS,
                          check=False)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    runs = [one for one in told if "name" in one]
    check.that(len(runs) > (len(PART_DEMOS) if options.part else 20), f"{len(runs)} demos ran")
    for run in runs:
        check.that(run["status"] in statuses(run["name"]), f"demo {run['name']} without a browser: status "
                   f"{run['status']}, {run['ms']} ms" if run["name"] != "boot"
                   else f"the prompt without a browser: {run['ms']} ms")
        eye = run["eye"]
        check.that(eye["differences"] == 0 and eye["pages"] > 50,
                   f"after {run['name']} the two eyes agree: {eye}")
    planted = [one for one in told if "planted" in one]
    check.that(len(planted) == 4, f"{len(planted)} entries are changed behind the kernel's back")
    for one in planted:
        check.that(one["count"] == 1 and one["here"] and "differ" in one["words"]
                   and one["afterwards"] == 0, f"the eye sees it ({one['planted']}): {one['words']}")
    for one in [one for one in told if "waited" in one]:
        check.that(one["waits"] and one["status"] and 0.5 * one["most"] < one["waited"] <= one["most"],
                   f"the machine waits for a reader who takes nothing: {one}")
    compare_decoders(check, folder, trace)


def compare_decoders(check, folder, trace):
    script = os.path.join(folder, "decode.js")
    with open(script, "w", encoding="utf-8") as file:
        file.write(page_builder.names() + page_builder.read(page_builder.PAGE, "decode.js"))
    node = subprocess.Popen(["node", os.path.join(ROOT, "tests/web/decode.mjs"), script, trace],
                            stdout=subprocess.PIPE, text=True)
    state, count, different = replay.State(), 0, None
    with open(trace, "rb") as file:
        for event in decode.events(decode.Frames(file)):
            line = node.stdout.readline()
            if different is None and (not line or json.loads(line) != event):
                different = f"{event} and {line}"
            state.apply(event)
            count += 1
    rest = node.stdout.read()
    node.wait()
    check.that(different is None and not rest,
               f"{count} events are the same from both decoders {different or ''}")
    check.that(state.complete and state.problems == [] and count > 1000,
               f"and fit together {state.problems[:3]}")


# ---- in a browser ----

def wait_for(browser, script, seconds=STATE_SECONDS):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = browser.run(script)
        if found:
            return found
        time.sleep(0.05)
    return None


STATE = "return document.body.dataset.state"
NEWEST = "const {app, player} = pagoda.picture; return app.index === player.trace.length - 1"
AT_PROMPT = "return document.body.dataset.state === 'prompt'"
DRAWN = "return Boolean(pagoda.picture?.app)"


def console_messages(browser):
    """Errors and warnings that the page and the picture in it caused, as the browser logged them."""
    return browser.run("const picture = document.getElementById('memory').contentWindow;"
                       "return [...window.messages ?? [], ...picture.messages ?? []]")


LISTEN = """
    window.messages = [];
    for (const name of ["error", "warn"]) {
        const before = console[name];
        console[name] = (...words) => { messages.push(words.join(" ")); before(...words); };
    }
    addEventListener("error", ({message}) => messages.push(message));
    addEventListener("unhandledrejection", ({reason}) => messages.push(String(reason)));
"""


def opened(browser, check, url, what):
    begun = time.monotonic()
    browser.go(url)
    ready = wait_for(browser, AT_PROMPT)
    took = time.monotonic() - begun
    check.that(ready, f"{what}: the prompt after {took:.1f} s "
               f"({browser.run(STATE)} {browser.text('#trouble') or ''})")
    check.that(wait_for(browser, DRAWN), f"{what}: its memory is drawn")
    return took


def requests(browser):
    return browser.run("return performance.getEntriesByType('resource').map(({name}) => name)")


def agree(browser, check, what):
    """After a while without events the two eyes look at the same."""
    look = """
        const {stream, picture, eye} = pagoda;
        return Promise.resolve(stream.quiet && eye.compare(picture.player.head)).then((seen) => """
    seen = wait_for(browser, look + "seen && seen.differences.length === 0 && seen)") or \
        browser.run(look + "seen)")
    check.that(seen and not seen["differences"] and seen["pages"] > 50,
               f"{what}: {seen and seen['pages']} entries are what the kernel says "
               f"{(seen or {}).get('differences', [])[:3]}")


def demos(browser, check, names=()):
    """These, or all that there are."""
    if not names:
        names = re.findall(r"^  (\w+)  ", browser.run("return pagoda.machine.run('demo')"), re.MULTILINE)
        check.that(len(names) > 20, f"{len(names)} demos in the page")
    for name in names:
        text = browser.run("return pagoda.machine.run(`demo ${arguments[0]} </dev/null; echo status=$?`)",
                           name)
        status = int((re.search(r"status=(\d+)", text) or [0, "-1"])[1])
        check.that(status in statuses(name), f"demo {name} in the page: status {status}")
        agree(browser, check, f"demo {name}")
        check.that(wait_for(browser, NEWEST), f"demo {name}: the picture shows its last event")


def sees(browser, check):
    """An entry that is changed behind the kernel's back is a difference, and shown."""
    found = browser.run("""
        const {picture, machine: {computer}} = pagoda;
        const words = async (frame) => new Uint32Array((await computer.read(frame * 4096, 4096)).buffer);
        const look = () => {
            pagoda.lookedAt = undefined;
            return pagoda.look();
        };
        const present = (entry) => entry & 1;
        return (async () => {
            const space = [...picture.player.head.spaces.values()].at(-1);
            const table = (await words(space.directories[0])).find(present) >>> 12;
            const entries = await words(table);
            const place = entries.findIndex(present);
            const change = (bits) => computer.write(4096 * table + 4 * place,
                new Uint8Array(Uint32Array.of(entries[place] ^ bits).buffer));
            await change(4);
            await look();
            const shown = document.getElementById("eye");
            const seen = [pagoda.seen.differences.length, shown.className, shown.textContent];
            const [red, green, blue] = getComputedStyle(shown).color.match(/\\d+/g).map(Number);
            await change(0);
            await look();
            return [...seen, shown.className, [red, green, blue]];
        })();""")
    check.that(found[0] == 1 and found[1] == "differs" and "differ" in found[2] and not found[3],
               f"an entry changed behind the kernel's back is shown: {found[2]}")
    red, green, blue = found[4]
    check.that(red > 1.5 * max(green, blue), f"in red: {found[4]}")


def keeps_the_last(browser, check):
    """After many events the last ones are kept, and what is older takes no room."""
    kept = browser.run("""
        const {app, player: {trace, survey, checkpoints, first}} = pagoda.picture;
        return {length: trace.length, kept: trace.length - trace.base, room: trace.events.length, first,
            copies: Object.keys(checkpoints).length, oldest: Math.min(survey.faultEnds[0],
                ...survey.faultEnd.keys(), app.filter.events[0]), base: trace.base};""")
    check.that(kept["length"] > kept["kept"] == 200000 and kept["room"] < 2 * kept["kept"],
               f"of {kept['length']} events {kept['kept']} are kept")
    check.that(kept["base"] - kept["oldest"] < 2 * 2048 and kept["copies"] <= kept["kept"] / 2048 + 2,
               f"and of what is older nothing is: {kept}")
    browser.run("pagoda.picture.app.goto(pagoda.picture.player.first)")
    check.that(browser.run("return pagoda.machine.stands && pagoda.picture.app.index") == kept["first"],
               "the oldest can be gone back to")
    browser.click("#pause")
    check.that(wait_for(browser, NEWEST), "and the newest comes again")


def swap_is_shown(browser, check):
    slots = browser.run("""
        const {app, player} = pagoda.picture;
        return {shown: app.swap.canvas.getBoundingClientRect().height > 0, cells: app.swap.cells.length,
            used: player.survey.slotsOfInterest.size};""")
    check.that(slots["shown"] and slots["cells"] >= slots["used"] > 0,
               f"the slots of the swap area are shown: {slots}")


TERMINAL = """
    const {terminal} = pagoda.terminal, {machine} = pagoda;
    const press = (code, more) => terminal.textarea.dispatchEvent(new KeyboardEvent("keydown",
        {code: `Key${code}`, key: code.toLowerCase(), keyCode: code.charCodeAt(0), ctrlKey: true,
         bubbles: true, cancelable: true, ...more}));"""


def answers_late(browser, check):
    """The shell asks the terminal where its cursor is. The answer comes when a command runs by now."""
    said = browser.run(TERMINAL + """
        const slow = terminal.parser.registerCsiHandler({final: "n"}, () =>
            new Promise((resolve) => setTimeout(() => resolve(false), 300)));
        return pagoda.machine.run("true")
            .then(() => pagoda.machine.run("sleep 1; echo here"))
            .then((said) => { slow.dispose(); return said; });""")
    check.that(said == "here\r\n", f"A command is not given what the terminal told the shell: {said!r}")


def terminal_keys(browser, check):
    """Paste, copy, Ctrl-C, another size; the last row is inside."""
    browser.run("return pagoda.machine.prompt()")
    browser.run(TERMINAL + "terminal.paste('echo pas' + '\\'\\'ted\\r');")
    check.that(wait_for(browser, "return /\\npasted/.test(pagoda.machine.text)"), "what is pasted is typed")
    copied = browser.run(TERMINAL + """
        navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); };
        terminal.selectAll();
        press("C", {shiftKey: true});
        terminal.clearSelection();
        return window.copied;""")
    check.that("\npasted" in (copied or ""), "Ctrl-Shift-C copies what is chosen")
    wait_for(browser, AT_PROMPT)
    browser.run("pagoda.machine.type('sleep 1000\\n')")
    wait_for(browser, "return document.body.dataset.state === 'busy' && /sleep 1000\\r?\\n/.test("
                      "pagoda.machine.text)")
    browser.run(TERMINAL + "press('C');")
    check.that(wait_for(browser, AT_PROMPT), "Ctrl-C ends a program")
    columns = "pagoda.terminal.terminal.cols"
    whole = browser.run(f"return {columns}")
    for width, follows in (("300px", f"return {columns} < {whole}"), ("", f"return {columns} === {whole}")):
        browser.run("document.getElementById('terminal').style.width = arguments[0]", width)
        check.that(wait_for(browser, follows), f"{whole} columns, and {width or 'all of its width again'}")
    check.that(whole >= 80, f"there is room for a line: {whole} columns")
    check.that(browser.run(
        "const bottom = (name) => document.querySelector(name).getBoundingClientRect().bottom;"
        "return bottom('#terminal .xterm-screen') <= bottom('#terminal')"), "its last row is to be seen")


def time_stands(browser, check):
    """Pause, step back and forth, go on."""
    browser.click("#pause")
    check.that(browser.run("return pagoda.machine.stands"), "Pause: the machine stands")
    time.sleep(0.3)
    count = browser.run("return pagoda.stream.count")
    browser.run("pagoda.machine.type('demo cow\\n')")
    time.sleep(0.5)
    check.that(browser.run("return pagoda.stream.count") == count, "and notes nothing any more")
    last = browser.run("return pagoda.picture.app.index")
    for _ in range(3):
        browser.click("#back")
    check.that(browser.run("return pagoda.picture.app.index") < last - 2, "Step back: 3 events")
    browser.click("#forth")
    browser.click("#forth")
    check.that(last - 3 <= browser.run("return pagoda.picture.app.index") < last, "Step: forth")
    browser.run("pagoda.picture.app.newest()")
    browser.click("#forth")
    grown = wait_for(browser, f"return pagoda.machine.stands && pagoda.stream.count > {count} && "
                              "pagoda.stream.count")
    check.that(grown and grown <= count + 20, "past the newest event the machine takes one step: "
               f"{grown and grown - count} events")
    browser.click("#pause")
    check.that(wait_for(browser, AT_PROMPT), "Go on: the command ends at the prompt")


def stops_at_a_frame(browser, check):
    """The frame that was mapped last, which the next command has for something else."""
    frame = browser.run("""
        const {app, player: {trace}} = pagoda.picture;
        let i = trace.length - 1;
        while (trace.at(i).kind !== "map")
            i--;
        app.choose({what: "frame", frame: trace.at(i).frame});
        const select = document.getElementById("stop-at");
        select.value = "chosen";
        select.dispatchEvent(new Event("change"));
        pagoda.machine.type("demo cow\\n");
        return trace.at(i).frame;""")
    stands = wait_for(browser, "return pagoda.machine.stands")
    event = browser.run("const {trace} = pagoda.picture.player; return trace.at(trace.length - 1)")
    check.that(stands and event.get("frame") == frame, f"Stop at frame {frame}, as chosen: {event}")
    browser.click("#pause")
    check.that(wait_for(browser, AT_PROMPT), "and goes on")


def stops(browser, check):
    """Stop at: a row, an eviction, a frame."""
    stops_at_a_frame(browser, check)
    for choice, command, kind in (("ANON_COPY", "demo cow", "fault.end"),
                                  ("evict", "demo clock", "evict")):
        browser.run("""
            const select = document.getElementById("stop-at");
            select.value = arguments[0];
            select.dispatchEvent(new Event("change"));
            pagoda.machine.type(`${arguments[1]}\\n`);""", choice, command)
        stands = wait_for(browser, "return pagoda.machine.stands")
        event = browser.run("""
            const {trace} = pagoda.picture.player;
            for (let i = trace.length - 1; i > trace.length - 40; i--)
                if (trace.at(i).kind === arguments[0])
                    return trace.at(i);""", kind)
        check.that(stands and event and event.get("row", "evict") == choice,
                   f"Stop at {choice}: {browser.text('#told')}")
        browser.click("#pause")
        check.that(wait_for(browser, AT_PROMPT), "and goes on")


def saved(browser, check):
    browser.run("return pagoda.machine.run('echo kept >/tmp/kept; sync')")
    browser.run("return pagoda.save().then((bytes) => { window.kept = bytes; })")
    size = browser.run("return kept.length")
    browser.run("return pagoda.open(kept)")
    check.that(wait_for(browser, DRAWN), f"a machine of {size / 1e6:.1f} MB is opened again")
    text = browser.run("return pagoda.machine.run('cat /tmp/kept')")
    check.that("kept" in text, "and knows what it knew")
    agree(browser, check, "the machine that was saved")
    browser.run("return pagoda.open(new Uint8Array([1, 2, 3]))")
    check.that("cannot be opened" in browser.text("#told"), "another file is refused")


def goes_on_beside_the_page(browser, check):
    """What the page makes of the trace costs the machine no more than its budget says: the processor
    time of its thread, beside that of runs whose trace is thrown away."""
    def spent(throw_away):
        browser.run("pagoda.machine.onTrace = arguments[0] ? () => {} : window.kept", throw_away)
        before = browser.processor_seconds(COMPUTER_THREAD)
        browser.run("return pagoda.machine.run('demo swap')")
        return browser.processor_seconds(COMPUTER_THREAD) - before
    browser.run("window.kept = pagoda.machine.onTrace")
    for throw_away in (False, True):
        spent(throw_away)
    allowed, found = budget()["shown-to-thrown-away"], []
    while len(found) < ATTEMPTS and min(found, default=allowed + 1) > allowed:
        found.append(statistics.median(spent(False) / spent(True) for _ in range(PAIRS)))
    check.that(min(found) <= allowed, f"its thread needs {', '.join(f'{one:.2f}' for one in found)} "
               f"times what it needs if the trace is thrown away, of {allowed}")


BARE = """<!doctype html><title>A bare PC</title><script src="libv86.js"></script><script>
const read = (name) => fetch(name).then((answer) => answer.arrayBuffer());
Promise.all(["v86.wasm", "pagoda.elf", "root.img"].map(read)).then(([wasm, kernel, root]) => {
    const pc = new V86({memory_size: 16 << 20, vga_memory_size: 1 << 20, acpi: false, autostart: true,
        wasm_fn: (given) => WebAssembly.instantiate(wasm, given).then(({instance}) => instance.exports),
        multiboot: {buffer: kernel}, cmdline: "root=hda quiet", hda: {buffer: root},
        disable_speaker: true, disable_keyboard: true, disable_mouse: true});
    let text = "";
    pc.add_listener("serial0-output-byte", (byte) => {
        text += String.fromCharCode(byte);
        if (/pagoda:[^\\n]*[#$] /.test(text))
            document.body.dataset.state = "prompt";
    });
});
</script><body>"""


def bare_page(options, folder):
    """The same kernel and disk in v86, with nothing round it."""
    shutil.copy(os.path.join(options.packages, "node_modules/v86/build/libv86.js"), folder)
    for name in ("v86.wasm", "pagoda.elf", "root.img"):
        with gzip.open(os.path.join(options.build, f"web/{name}.gz")) as packed, \
                open(os.path.join(folder, name), "wb") as file:
            shutil.copyfileobj(packed, file)
    with open(os.path.join(folder, "index.html"), "w", encoding="utf-8") as file:
        file.write(BARE)


def time_to_prompt(url):
    """Of a browser that has not been there before."""
    with Browser(1440, 900) as browser:
        begun = time.monotonic()
        browser.go(url)
        wait_for(browser, AT_PROMPT)
        return time.monotonic() - begun


def quick_to_the_prompt(options, check, url):
    """Beside a page that has the PC and nothing else, in the same run."""
    allowed, found = budget()["prompt-to-bare"], []
    with tempfile.TemporaryDirectory(prefix="pagoda-bare-") as folder:
        bare_page(options, folder)
        with server_of(folder) as bare:
            while len(found) < ATTEMPTS and min(found, default=allowed + 1) > allowed:
                times = [(time_to_prompt(url), time_to_prompt(bare)) for _ in range(PAIRS)]
                found.append(min(ours for ours, _ in times) / min(other for _, other in times))
    check.that(min(found) <= allowed, f"the prompt after {min(times)[0]:.1f} s, "
               f"{', '.join(f'{one:.2f}' for one in found)} times a bare page's, of {allowed}")


def accessible(browser, check, options, what):
    with open(os.path.join(options.packages, "node_modules/axe-core/axe.min.js"),
              encoding="utf-8") as file:
        axe = file.read()
    browser.run(axe + "; window.axe = axe;")
    found = browser.run("""
        return axe.run(document, {iframes: false}).then(({violations}) => violations.map(
            ({id, nodes}) => `${id}: ${nodes[0].html.slice(0, 120)}`))""")
    check.that(found == [], f"axe-core finds nothing, {what} {found[:4]}")
    found = browser.run("""
        const picture = document.getElementById("memory").contentWindow;
        const script = picture.document.createElement("script");
        script.textContent = arguments[0];
        picture.document.head.append(script);
        return picture.axe.run(picture.document).then(({violations}) => violations.map(
            ({id, nodes}) => `${id}: ${nodes[0].html.slice(0, 120)}`))""", axe)
    check.that(found == [], f"nor in the picture of the memory, {what} {found[:4]}")


def picture(browser, options, name):
    folder = os.path.join(options.build, "check")
    os.makedirs(folder, exist_ok=True)
    browser.screenshot(os.path.join(folder, f"web-{name}.png"))


def lesson(browser, check):
    """One step with a command and a question, by its buttons; guide.py does all."""
    one = lessons.read()[0]
    at, step = next((at, step) for at, step in enumerate(one["steps"]) if "question" in step)
    browser.run("pagoda.guide.lessons.open(arguments[0], arguments[1])", one["id"], at)
    browser.click("#lesson-run")
    wait_for(browser, "return document.querySelector('#lesson').dataset.ran")
    found = browser.run("return document.querySelector('#lesson').dataset.found")
    browser.run("document.querySelector('#lesson-answer').value = arguments[0]", step["answer"])
    browser.click("#lesson-question button")
    verdict = browser.run("return document.querySelector('#lesson-verdict').dataset.right")
    check.that(found == str(step["answer"]) and verdict == "true",
               f"the lesson {one['id']}: the machine counted {found}, as its text says")


def docs(browser, check, there):
    """A lesson's links lead to the docs, which are opened beside the page if they are there."""
    links = browser.run("""
        window.open = (address) => { window.gone = address; };
        const {lessons} = pagoda.guide;
        return lessons.lessons.map(({id}) => {
            lessons.open(id);
            return [...document.querySelectorAll("#lesson a")].map((link) => link.href);
        });""")
    check.that(all(any("/docs/terms.html#" in link for link in some) and any("/docs/tour.html#" in link
                   for link in some) and any(re.search(r"/docs/source/.*#L\d+$", link) for link in some)
                   for some in links), f"each of {len(links)} lessons leads to the tour, the terms, the code")
    browser.run("document.querySelector('#lesson a').click()")
    if there:
        check.that(wait_for(browser, "return window.gone") == links[-1][0], f"opened: {links[-1][0]}")
    else:
        check.that(wait_for(browser, "return document.getElementById('about').open && "
                                     "document.getElementById('terms').textContent.includes('make web')"),
                   "without the docs it says where they are")
        browser.run("document.getElementById('about').close()")
    browser.click("#licenses")
    check.that(all(wait_for(browser, "return document.getElementById('terms').textContent.includes("
                                     f"'{name}')") for name in ("Pagoda", "v86", "xterm", "tcc", "busybox")),
               "the licenses are shown")
    browser.run("document.getElementById('about').close()")


def alone(options, check):
    """The one file in a folder of its own, as after a mail."""
    with tempfile.TemporaryDirectory(prefix="pagoda-alone-") as folder, Browser(1440, 900) as browser:
        shutil.copy(os.path.join(options.build, "web/pagoda.html"), folder)
        opened(browser, check, f"file://{folder}/pagoda.html", "the file alone")
        docs(browser, check, False)


def single_file(options, check):
    with Browser(1440, 900) as browser:
        browser.command("Page.addScriptToEvaluateOnNewDocument", source=LISTEN)
        opened(browser, check, "file://" + os.path.abspath(
            os.path.join(options.build, "web/pagoda.html")), "one file from a disk")
        demos(browser, check, ["cow"])
        lesson(browser, check)
        docs(browser, check, True)
        foreign = [name for name in requests(browser) if not name.startswith("file:")]
        check.that(not foreign, f"it asks no host for anything {foreign[:3]}")
        check.that(console_messages(browser) == [], f"no message {console_messages(browser)[:3]}")
        picture(browser, options, "light")


def served(options, check):
    """The folder of files, as `make web SERVE=1` serves it."""
    with make_serves(os.path.join(options.build, "web")) as url:
        quick_to_the_prompt(options, check, url)
        on_a_desktop(options, check, url)
        on_a_phone(options, check, url)


@contextlib.contextmanager
def make_serves(folder):
    """Gives the address that it prints."""
    server = subprocess.Popen([os.path.join(ROOT, "scripts/web/serve"), folder],
                              stdout=subprocess.PIPE, text=True)
    try:
        yield server.stdout.readline().split()[0]
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


@contextlib.contextmanager
def server_of(folder):
    """Gives the address."""
    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def on_a_desktop(options, check, url):
    with Browser(1440, 900) as browser:
        browser.command("Page.addScriptToEvaluateOnNewDocument", source=LISTEN)
        opened(browser, check, url, "files from a server")
        accessible(browser, check, options, "light")
        demos(browser, check)
        swap_is_shown(browser, check)
        keeps_the_last(browser, check)
        answers_late(browser, check)
        terminal_keys(browser, check)
        sees(browser, check)
        time_stands(browser, check)
        stops(browser, check)
        saved(browser, check)
        browser.run("pagoda.setTheme('dark')")
        accessible(browser, check, options, "dark")
        picture(browser, options, "dark")
        foreign = [name for name in requests(browser)
                   if not name.startswith((url, "blob:", "data:"))]
        check.that(not foreign, f"nothing from elsewhere {foreign[:3]}")
        opened_with_settings(browser, check, url)
        goes_on_beside_the_page(browser, check)
        check.that(console_messages(browser) == [], f"no message {console_messages(browser)[:3]}")


def on_a_phone(options, check, url):
    with Browser(390, 800) as browser:
        opened(browser, check, url, "as wide as a phone")
        wide = browser.run("return document.documentElement.scrollWidth")
        check.that(wide <= 390, f"nothing sticks out: {wide} of 390 pixels")
        browser.run("return pagoda.machine.prompt().then(() => pagoda.machine.type('echo phone'))")
        browser.run("[...document.querySelectorAll('#keys button')].find("
                    "({textContent}) => textContent === 'Enter').click()")
        check.that(wait_for(browser, "return /\\nphone/.test(pagoda.machine.text)"),
                   "the row of keys types")
        lesson(browser, check)
        browser.click("#lesson-look")
        seen = browser.run("const {top, height} = document.getElementById('memory')"
                           ".getBoundingClientRect(); return [top, height]")
        check.that(abs(seen[0]) < 20 and seen[1] > 300, f"and its picture is a button away: {seen}")
        for tab in ("editor", "two", "exercises", "lessons"):
            browser.click(f"#{tab}-tab")
            width = wait_for(browser, f"const {{width, height}} = document.getElementById('{tab}')"
                                      ".getBoundingClientRect(); return height > 100 && width")
            check.that(width and 200 < width <= 390, f"{tab} has room: {width} wide")
        picture(browser, options, "phone")


def opened_with_settings(browser, check, url):
    opened(browser, check, url + "#mem=32&policy=fifo&run=demo+shared&lesson=the-stack/1",
           "a link with settings")
    text = browser.run("""return pagoda.machine.prompt().then(() =>
        pagoda.machine.run("cat /proc/sys/vm/policy; free | head -2"))""")
    total = int((re.search(r"Mem:\s+(\d+)", text) or [0, "0"])[1])
    check.that("fifo" in text and 28000 < total < 33000, f"policy and RAM are the link's ({total})")
    check.that("demo shared:" in browser.run("return pagoda.terminal.text()"),
               "and its command has run")
    check.that(wait_for(browser, "return document.querySelector('#lesson')?.dataset.step === "
                                 "'the-stack/1'"), "its lesson is open")
    browser.run("""
        const ram = document.getElementById("ram");
        ram.value = 8;
        ram.dispatchEvent(new Event("change"));""")
    check.that(wait_for(browser, AT_PROMPT), "another RAM: the machine boots anew")
    words = browser.run("return Object.fromEntries(new URLSearchParams(location.hash.slice(1)))")
    check.that(words == {"mem": "8", "policy": "fifo", "run": "demo shared", "lesson": "the-stack/1"},
               f"the link says so, and keeps the rest: {words}")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        pass


def sizes(options, check):
    folder, allowed = os.path.join(options.build, "web"), budget()
    page = page_builder.read(folder, "index.html")
    first = ["index.html", *re.findall(r'(?:src|href)="([\w.-]+\.(?:js|css))"', page)]
    total = 0
    for name in first:
        total += len(gzip.compress(page_builder.read_bytes(folder, name)))
    for name in ("computer.js.gz", "v86.wasm.gz", "pagoda.elf.gz", "root.img.gz",
                 "memory.html.gz"):
        total += os.path.getsize(os.path.join(folder, name))
    single = os.path.getsize(os.path.join(folder, "pagoda.html"))
    check.that(total / 1e3 <= allowed["to-prompt-kb"],
               f"{total / 1e3:.0f} KB to the prompt, of {allowed['to-prompt-kb']:.0f}")
    check.that(single / 1e3 <= allowed["single-file-kb"],
               f"pagoda.html: {single / 1e3:.0f} KB of {allowed['single-file-kb']:.0f}")


def main():
    options = argparse.Namespace(build=os.path.dirname(os.environ["OBJ"]), packages=".cache/web",
                                 part=os.environ.get("PART"))
    check = Checks()
    with tempfile.TemporaryDirectory(prefix="pagoda-web-") as folder:
        sizes(options, check)
        under_node(options, check, folder)
        single_file(options, check)
        if not options.part:
            alone(options, check)
            served(options, check)
    print(f"\n{check.passed} passed, {check.failed} failed")
    return check.failed > 0


if __name__ == "__main__":
    sys.exit(main())
