/* SPDX-License-Identifier: MIT */
/* The thread of the computers: does what ComputerThread (computers.js) asks, and tells it what they tell. */

const computers = [];

function computerOf(number) {
    return computers[number] ??= new Computer((what, value) => postMessage({number, what, value}));
}

addEventListener("message", async ({data: {call, number, method, parts}}) => {
    const given = parts.map((one) => one?.computer === undefined ? one : computerOf(one.computer));
    try {
        postMessage({call, value: await computerOf(number)[method](...given)});
    } catch (error) {
        postMessage({call, error: String(error?.message ?? error)});
    }
});
