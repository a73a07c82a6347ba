import type { Advice } from "../../../src/doctor/advice.ts";
import type { Finding } from "../../../src/doctor/finding.ts";
import { command, type Found } from "../command.ts";
import type { Paint } from "../print.ts";

interface Diagnosis {
  readonly findings: readonly Finding[];
  readonly advice: readonly Advice[];
}

export const doctor = command({
  name: "doctor",
  description: "Say what is wrong now, what shows it and what to do; ends with 1 when anything is",
  watch: true,
  args: {
    logs: { type: "string", description: "Read kube-proxy's log instead, and ask no server; - for stdin" },
  },
  async run({ logs }, tools) {
    if (logs !== undefined) {
      // No other command reads logs.
      const { readLogs } = await import("./doctor-logs.ts");
      return readLogs(logs, tools.paint);
    }
    const json = await tools.api.get<Diagnosis>("/doctor");
    return report(json, tools.paint);
  },
});

function report(json: Diagnosis, paint: Paint): Found {
  const { findings, advice } = json;
  const lines =
    findings.length === 0
      ? ["Nothing is wrong."]
      : findings.flatMap(({ id, severity, title, evidence, fix }) => [
          `${severity === "error" ? paint.bad(severity) : paint.bold(severity)} ${id}: ${title}`,
          `  evidence  ${pairs(evidence)}`,
          `  fix       ${fix}`,
          "",
        ]);
  for (const { id, title, evidence, text } of advice) {
    if (lines.at(-1) !== "") lines.push("");
    lines.push(`advice ${id}: ${title}`, `  evidence  ${pairs(evidence)}`, `  ${text}`);
  }
  return { json, text: lines.join("\n").trimEnd(), no: findings.length > 0 };
}

function pairs(evidence: Readonly<Record<string, unknown>>): string {
  return Object.entries(evidence)
    .map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join("; ");
}
