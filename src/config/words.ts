import { Fault, shown } from "../affinity/option.ts";

/** What to do about the parser's reasons, and better words for some of them; the first that fits. */
const HINTS: readonly (readonly [pattern: RegExp, hint: string, words?: string])[] = [
  [/^tab characters/, "indent with blanks"],
  [
    /^deficient/,
    "close every bracket and quote, and indent what is between them deeper than its key",
    "a bracket or quote is not closed, or what is in it is not indented",
  ],
  [/escape sequence|hexadecimal/, 'write a backslash in double quotes as "\\\\", or use single quotes'],
  [/quoted scalar/, "close the quote"],
  [/end of the stream within a flow/, "close every bracket"],
  [/missed comma/, "write a comma between two values, put texts in quotes, and close every bracket"],
  [/content, but found ','/, "leave one of the commas out"],
  [
    /null byte|non-printable|valid JSON/,
    'leave it out, or write it as an escape in double quotes, "\\u0007"',
  ],
  [/directive|YAML version|TAG/, "leave the directive out"],
  [/^alias node/, "leave out what stands before the alias"],
  [/^name of an a/, 'put a text that begins with "&" or "*" in quotes'],
  [/anchor property/, "leave one of the anchors out"],
  [/\btag\b/, 'leave the tag out, or put a text that begins with "!" in quotes'],
  [
    /block scalar|line break is expected|chomping|indentation width/,
    'put a text that begins with "|" or ">" in quotes, or begin it on the next line',
  ],
  [/whitespace character is expected/, "write a blank after the colon"],
  [
    /mapping key|implicit key/,
    'write each key as "key: value", indented as the keys beside it',
    "a key of a map has no colon on its line",
  ],
];

/** The parser says these of whatever it did not expect. */
const UNSPECIFIC = /^bad indentation|^end of the stream or a document/;
/** What no text without quotes may begin with. */
const INDICATOR = /[@`%&*!|>'"\][{},#]/;

/**
 * The parser's reason in words that say what to do about it.
 *
 * @param position where in `text` it stopped, in UTF-16 units
 */
export function explain(reason: string, text: string, position: number): Fault {
  if (UNSPECIFIC.test(reason)) return unexpected(reason, text, position);
  const [, hint = "mend the YAML or JSON there", words = brief(reason)] =
    HINTS.find(([pattern]) => pattern.test(reason)) ?? [];
  return new Fault(words, hint);
}

function unexpected(reason: string, text: string, position: number): Fault {
  const character = text.charAt(position);
  const line = 1 + Math.max(text.lastIndexOf("\n", position - 1), text.lastIndexOf("\r", position - 1));
  const first = text.slice(line, position).trim() === "";
  if (character === ":")
    return new Fault(
      'unexpected ":"',
      'put a text with ": " in quotes, and indent the keys of one map alike',
    );
  if (INDICATOR.test(character))
    return new Fault(`unexpected ${shown(character)}`, "put the text in quotes, or leave the character out");
  if (!first) return new Fault("unexpected text after a value", "put the whole value in quotes");
  return new Fault(brief(reason), "indent the lines of one map or list alike");
}

/** The parser's words may quote the text in full. */
function brief(reason: string): string {
  const line = reason.replace(/\p{Cc}+/gu, " ");
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
