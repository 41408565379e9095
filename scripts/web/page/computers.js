/* SPDX-License-Identifier: MIT */
/*
 * Computers in a thread of their own, a Worker, so that neither they nor the page wait for each other.
 * A RemoteComputer has the methods of Computer; each is a message there and an answer back.
 */

const FAR_METHODS = ["start", "send", "join", "took", "hold", "go", "stopAt", "read", "write", "look",
    "writeDisk", "save"];

class RemoteComputer {
    constructor(thread, number, told) {
        Object.assign(this, {thread, number, told});
    }

    /** Ends all that are in its thread. */
    async end() {
        this.thread.end();
    }
}

for (const method of FAR_METHODS)
    RemoteComputer.prototype[method] = function (...given) {
        return this.thread.call(this.number, method, given);
    };

class ComputerThread {
    /** One that has computers yet to be made. */
    static async start() {
        const script = new Blob([await Files.read("computer.js")], {type: "text/javascript"});
        const address = URL.createObjectURL(script);
        const thread = new ComputerThread(new Worker(address));
        URL.revokeObjectURL(address);
        return thread;
    }

    constructor(worker) {
        this.worker = worker;
        this.computers = [];
        this.calls = new Map();
        this.lastCall = 0;
        worker.addEventListener("message", ({data}) => this.came(data));
    }

    computer(told) {
        const computer = new RemoteComputer(this, this.computers.length, told);
        this.computers.push(computer);
        return computer;
    }

    call(number, method, given) {
        const call = ++this.lastCall;
        const parts = given.map((one) => one instanceof RemoteComputer ? {computer: one.number} : one);
        return new Promise((resolve, reject) => {
            this.calls.set(call, {resolve, reject});
            this.worker.postMessage({call, number, method, parts});
        });
    }

    came({call, number, what, value, error}) {
        if (call === undefined) {
            this.computers[number]?.told(what, value);
            return;
        }
        const {resolve, reject} = this.calls.get(call);
        this.calls.delete(call);
        if (error === undefined)
            resolve(value);
        else
            reject(new Error(error));
    }

    end() {
        this.worker.terminate();
        this.computers = [];
    }
}

/** A computer alone in its thread. */
async function computerInThread(told) {
    return (await ComputerThread.start()).computer(told);
}
