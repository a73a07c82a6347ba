/** Text with variables of a request in it, as nginx has them: literal text, or the name of a variable in lower case. */
export type Template = readonly (string | { readonly variable: string })[];

/** Variables that stand for themselves; those of {@link FAMILIES} take a name behind them. */
export const VARIABLES = [
  "request_uri",
  "uri",
  "document_uri",
  "args",
  "query_string",
  "is_args",
  "host",
  "remote_addr",
  "the_real_ip",
  "binary_remote_addr",
  "scheme",
  "request_method",
] as const;

export const FAMILIES = ["http", "cookie", "arg"] as const;

const FAMILY = new RegExp(`^(?:${FAMILIES.join("|")})_(.+)$`);
const PART = /\$(?:(\w+)|\{(\w+)\})|([^$]+)/g;

/**
 * Reads a template: `$request_uri`, `${host}-v1`. Names are without regard to case. The answer is a text, message and hint
 * on two lines, when it is none, or names a variable that requests do not have here.
 */
export function readTemplate(text: string): Template | string {
  const allowed = "write letters, digits, - _ and variables such as $request_uri, 512 characters at most";
  if (!/^[\w\-${}]{1,512}$/.test(text)) return `what is hashed may not be written so\n${allowed}`;
  const parts: (string | { variable: string })[] = [];
  let length = 0;
  for (const [whole, bare, braced, plain] of text.matchAll(PART)) {
    const variable = (bare ?? braced)?.toLowerCase();
    length += whole.length;
    if (variable !== undefined && !isVariable(variable)) {
      const known = [...VARIABLES, ...FAMILIES.map((family) => `${family}_NAME`)].map((name) => `$${name}`);
      return `there is no variable $${variable} here\nthis version has ${known.join(", ")}`;
    }
    parts.push(plain ?? { variable: variable! });
  }
  return length === text.length ? parts : `a $ begins no variable\n${allowed}`;
}

function isVariable(name: string): boolean {
  return (VARIABLES as readonly string[]).includes(name) || FAMILY.test(name);
}
