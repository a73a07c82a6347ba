const UTF8 = new TextEncoder();
const INFO = "mooring/token/1";
/** Shortest secret that is accepted, in bytes. */
export const SECRET_BYTES = 32;

/**
 * The secrets of a deployment: `next` verifies only, `current` seals, `previous` is accepted and re-issued, `retired` opens
 * a token only to say whose session ended with it.
 */
export interface Secrets {
  readonly current: string;
  readonly next?: string | undefined;
  readonly previous?: string | undefined;
  readonly retired?: string | undefined;
}

/** One secret and the AES keys derived from it, one for each scope. */
export interface RingKey {
  /** One byte that names the key in a token: SHA-256("mooring/kid" ‖ secret)[0], the same wherever the secret stands. */
  readonly kid: number;
  readonly role: "next" | "current" | "previous" | "retired";
  /** HKDF-SHA-256(secret, info = "mooring/token/1" ‖ scope) → AES-128-GCM. The promise is kept: derived once. */
  forScope(scope: string): Promise<CryptoKey>;
}

/** The name of the variable that is missing or too short, else undefined. */
export function badSecret(secrets: {
  current: string | undefined;
  next?: string | undefined;
  previous?: string | undefined;
  retired?: string | undefined;
}): string | undefined {
  const short = (secret: string | undefined) =>
    secret !== undefined && secret !== "" && !isLongEnough(secret);
  if (!isLongEnough(secrets.current)) return "MOORING_SECRET";
  if (short(secrets.next)) return "MOORING_SECRET_NEXT";
  if (short(secrets.previous)) return "MOORING_SECRET_PREVIOUS";
  if (short(secrets.retired)) return "MOORING_SECRET_RETIRED";
  return undefined;
}

/** Whether a secret is there and cannot be guessed. */
export function isLongEnough(secret: string | undefined): secret is string {
  return secret !== undefined && UTF8.encode(secret).length >= SECRET_BYTES;
}

/** The keys in the order in which they are tried: current, next, previous, retired. */
export async function keyRing(subtle: SubtleCrypto, secrets: Secrets): Promise<readonly RingKey[]> {
  const ring: RingKey[] = [await ringKey(subtle, "current", secrets.current)];
  if (secrets.next) ring.push(await ringKey(subtle, "next", secrets.next));
  if (secrets.previous) ring.push(await ringKey(subtle, "previous", secrets.previous));
  if (secrets.retired) ring.push(await ringKey(subtle, "retired", secrets.retired));
  return ring;
}

async function ringKey(subtle: SubtleCrypto, role: RingKey["role"], secret: string): Promise<RingKey> {
  const digest = new Uint8Array(await subtle.digest("SHA-256", UTF8.encode(`mooring/kid${secret}`)));
  const material = await subtle.importKey("raw", UTF8.encode(secret), "HKDF", false, ["deriveKey"]);
  const keys = new Map<string, Promise<CryptoKey>>();
  const derive = (scope: string) =>
    subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: UTF8.encode(INFO + scope) },
      material,
      { name: "AES-GCM", length: 128 },
      false,
      ["encrypt", "decrypt"],
    );
  const forScope = (scope: string) => {
    let key = keys.get(scope);
    if (key === undefined) {
      key = derive(scope);
      keys.set(scope, key);
    }
    return key;
  };
  return { kid: digest[0]!, role, forScope };
}
