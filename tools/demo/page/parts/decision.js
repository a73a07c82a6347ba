/**
 * Parses the response header `Mooring-Decision: outcome; key=value; …`. Values that the header leaves out stay
 * undefined; undefined as a whole when there is no header, or its outcome is not one that Mooring has.
 */
export function parseDecision(header) {
  const [outcome, ...pairs] = (header ?? "").split(";").map((part) => part.trim());
  if (!["kept", "bound", "moved", "unkeyed", "refused"].includes(outcome)) return undefined;
  const values = new Map(
    pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
  const revision = values.get("revision");
  return {
    outcome,
    pool: values.get("pool"),
    pod: values.get("pod"),
    from: values.get("from"),
    cause: values.get("cause"),
    revision: revision === undefined ? undefined : Number(revision),
  };
}
