import { webcrypto } from "node:crypto";
import { keyRing, type Secrets } from "../../src/sessions/keyring.ts";
import { type Sealer, sealer, type Token } from "../../src/sessions/token.ts";
import type { Jar } from "./client.ts";

/** Opens and seals the tokens of a deployment whose secrets are known, as a test or an auditor may. */
export class Tokens {
  readonly #sealer: Promise<Sealer>;

  constructor(secrets: Secrets) {
    const subtle = webcrypto.subtle as SubtleCrypto;
    const chance = {
      word: () => webcrypto.getRandomValues(new Uint32Array(1))[0]!,
      bytes: (length: number) => webcrypto.getRandomValues(new Uint8Array(length)),
    };
    this.#sealer = keyRing(subtle, secrets).then((ring) => sealer(subtle, ring, chance));
  }

  /** Undefined for what was not sealed for this scope, which is the name of a pool where a route has one. */
  async open(text: string, scope: string): Promise<Token | undefined> {
    return (await (await this.#sealer).open(scope, text))?.token;
  }

  async seal(token: Token, scope: string): Promise<string> {
    return (await this.#sealer).seal(scope, token);
  }

  /** The first token of the scope in a jar, with the name of its cookie. Throws when there is none. */
  async find(jar: Jar, scope: string): Promise<{ name: string; token: Token }> {
    for (const [name, text] of jar.cookies) {
      const token = await this.open(text, scope);
      if (token !== undefined) return { name, token };
    }
    throw new Error(`no cookie of ${scope}`);
  }
}

/** Opens what any of several secrets has sealed. */
export class KeyReader {
  readonly #tokens: readonly Tokens[];

  constructor(secrets: readonly string[]) {
    this.#tokens = secrets.map((current) => new Tokens({ current }));
  }

  /** The first token of the scope in a jar, its text, and which of the secrets has sealed it; undefined: there is none. */
  async find(jar: Jar, scope: string): Promise<{ token: Token; text: string; key: number } | undefined> {
    for (const text of jar.cookies.values()) {
      for (const [key, tokens] of this.#tokens.entries()) {
        const token = await tokens.open(text, scope);
        if (token !== undefined) return { token, text, key };
      }
    }
    return undefined;
  }
}
