// Text that looks like code: function notHere() {
import { readFile } from "node:fs/promises";

/** Belongs to the function below. { */
export async function withTemplate<T extends { id: string }>(items: T[], mark = /[/{'"`]\/{1,2}/g): Promise<string> {
    const inner = `a ${items.map(item => `${item.id} { "${mark.source}" `).join("}")} b`;
    return inner.length / 2 > 1 ? inner : "it's } not over";
}

export const arrow = (a: number): { value: number } => ({ value: a })
export const other = async function named() { return arrow(1).value / 2 / 3 }

function overloaded(a: string): string
function overloaded(a: number): number
function overloaded(a: any) {
    if (a) /}/.test(a)
    return a
}

@sealed
@component({
    selector: "x",
})
export abstract class Base<T = { a: 1 }> extends Array<T> implements Iterable<T> {
    static #count = 0;
    private readonly handler = (e: Event) => {
        switch (e.type) {
            case "a": { return 1; }
            default: return `}`;
        }
    };

    constructor(private readonly id: string, public other?: { b: number }) { super(); }

    @memo() get size(): number { return Base.#count++ }
    set size(value) { void value }

    abstract later(): void;

    // Belongs to the generator.
    *[Symbol.iterator](): IterableIterator<T> {
        for (const x of this) yield x;
    }

    async #hidden(): Promise<{ done: boolean }>
    {
        return { done: true };
    }
}

namespace Outer.Inner {
    export function deep() { return () => { return /[}]/ } }
    export class Holder { method() { return 1 } }
}

type Shape =
    | { kind: "a", make(): void }
    | { kind: "b" }

export default {
    name: "object",
    run() { return 1 },
    walk: function () { return 2 },
    "quoted key": () => 3,
}

declare function sealed(target: unknown): void
declare function component(o: object): any
declare function memo(): any
const noSemicolon = 1
;[1, 2].forEach(n => { console.log(n, noSemicolon) })
readFile("x")
    .then(text => { return text })
    .catch(() => { })
