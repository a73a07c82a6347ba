/** The code of a TypeScript file without its comments; each literal stands as `"N"`, its text at `literals[N]`. */
export interface Stripped {
  code: string;
  literals: string[];
}

/** After these a slash begins a regular expression; after anything else it divides. */
const BEFORE_REGEX =
  /(^|[([{,;:=!&|?+\-*%<>~^]|\b(return|typeof|case|in|of|delete|void|throw|await|yield))\s*$/;

function endOfQuoted(text: string, start: number): number {
  const quote = text[start];
  let at = start + 1;
  while (at < text.length && text[at] !== quote && text[at] !== "\n") at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

function endOfRegex(text: string, start: number): number {
  let at = start + 1;
  let inClass = false;
  while (at < text.length && text[at] !== "\n") {
    if (text[at] === "\\") at++;
    else if (text[at] === "[") inClass = true;
    else if (text[at] === "]") inClass = false;
    else if (text[at] === "/" && !inClass) return at + 1;
    at++;
  }
  return at;
}

/**
 * Takes comments out and sets literals aside, so that rules about code do not trip over prose. Code inside `${…}` of a
 * template stays code. Line ends stay, so that positions still give line numbers.
 */
export function strip(text: string): Stripped {
  const literals: string[] = [];
  let code = "";
  /** For each open `${`: how many braces are open inside it. */
  const templates: number[] = [];
  let at = 0;

  const literal = (end: number, value: string) => {
    const lines = text.slice(at, end).split("\n").length - 1;
    code += `"${literals.push(value) - 1}"${"\n".repeat(lines)}`;
    at = end;
  };
  /** From just after a backquote or a closing brace of `${…}` to the next of either. */
  const template = () => {
    const start = at;
    while (at < text.length && text[at] !== "`" && !text.startsWith("${", at))
      at += text[at] === "\\" ? 2 : 1;
    const end = at;
    at = start;
    literal(end, text.slice(start, end));
    if (text[at] === "`") at += 1;
    else {
      at += 2;
      code += "(";
      templates.push(0);
    }
  };

  while (at < text.length) {
    const char = text[at]!;
    const next = text[at + 1];
    if (char === "/" && next === "/") {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
    } else if (char === "/" && next === "*") {
      const end = text.indexOf("*/", at + 2);
      const stop = end < 0 ? text.length : end + 2;
      code += ` ${"\n".repeat(text.slice(at, stop).split("\n").length - 1)}`;
      at = stop;
    } else if (char === '"' || char === "'") {
      const end = endOfQuoted(text, at);
      literal(end, text.slice(at + 1, end - 1));
    } else if (char === "/" && BEFORE_REGEX.test(code.slice(-12))) {
      const end = endOfRegex(text, at);
      literal(end, text.slice(at, end));
    } else if (char === "`") {
      at += 1;
      template();
    } else if (char === "}" && templates.at(-1) === 0) {
      templates.pop();
      code += ")";
      at += 1;
      template();
    } else {
      if (templates.length > 0 && char === "{") templates[templates.length - 1]! += 1;
      if (templates.length > 0 && char === "}") templates[templates.length - 1]! -= 1;
      code += char;
      at += 1;
    }
  }
  return { code, literals };
}
