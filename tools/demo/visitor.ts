import { createHash, randomBytes } from "node:crypto";

/**
 * What the shop's own cookie says: who the visitor is, and which pod last held how many items. The load balancer's
 * cookie is another one, which no pod sees.
 */
export interface Visitor {
  /** 32 hex digits; whoever holds them has the cart, so they stay in the cookie. */
  readonly secret: string;
  /** The pod that last changed the cart; empty before the first item. */
  readonly pod: string;
  /** Items in the cart after that change. */
  readonly items: number;
}

const COOKIE = /(?:^|[;,])\s*shop=([0-9a-f]{32})\.([a-z0-9-]{0,63})\.([0-9]{1,3})(?=\s*(?:[;,]|$))/;

/** Reads the `shop` cookie; a new visitor when there is none or it is malformed. */
export function readVisitor(cookie: string | undefined): Visitor {
  const found = COOKIE.exec(cookie ?? "");
  if (found === null) return { secret: randomBytes(16).toString("hex"), pod: "", items: 0 };
  return { secret: found[1]!, pod: found[2]!, items: Number(found[3]) };
}

/** The Set-Cookie line that {@link readVisitor} reads back. */
export function writeVisitor(visitor: Visitor): string {
  return `shop=${visitor.secret}.${visitor.pod}.${visitor.items}; Path=/; HttpOnly; SameSite=Lax`;
}

/** The visitor's name as others may see it: 8 hex digits that do not give the secret away. */
export function publicName(visitor: Visitor): string {
  return createHash("sha256").update(visitor.secret).digest("hex").slice(0, 8);
}
