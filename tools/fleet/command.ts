/** The npm command that a run was asked for by, as a report names it: without where its figures went. */
export function commandOf(command: string, argv: readonly string[], outputs: readonly string[]): string {
  const rest = argv.filter((word, i) => {
    const isOutput = outputs.some((flag) => word === flag || word.startsWith(`${flag}=`));
    return !isOutput && !outputs.includes(argv[i - 1] ?? "");
  });
  return [command, ...(rest.length > 0 ? ["--", ...rest] : [])].join(" ");
}
