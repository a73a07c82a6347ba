import type { Dice } from "./dice.ts";

/** A browser with one jar: it holds what Set-Cookie said last, and remembers what that replaced. */
export class Client {
  readonly index: number;
  name: string | undefined;
  /** The newest cookie and those before it, the newest last. */
  readonly values: string[] = [];

  constructor(index: number) {
    this.index = index;
  }

  get newest(): string | undefined {
    return this.values.at(-1);
  }

  set(name: string, value: string): void {
    this.name = name;
    this.values.push(value);
    if (this.values.length > 8) this.values.shift();
  }

  /** What a pod has named its session. */
  minted: string | undefined;
  /** The edge that its last answer named it at while the breaker kept that from the store: no other can know of it yet. */
  unheardAt: number | undefined;

  /** The cookie values of a request, in order. */
  cookies(which: "newest" | "older" | "none" | "forged" | "both", dice: Dice): string[] {
    const { newest } = this;
    if (newest === undefined || which === "none") return [];
    switch (which) {
      case "newest":
        return [newest];
      case "older":
        return [dice.one(this.values)];
      case "forged":
        return [forged(newest, dice)];
      case "both":
        return [forged(newest, dice), newest];
    }
  }
}

/** A token with one character changed. */
function forged(text: string, dice: Dice): string {
  const at = dice.below(text.length);
  const other = text[at] === "0" ? "1" : "0";
  return text.slice(0, at) + other + text.slice(at + 1);
}
