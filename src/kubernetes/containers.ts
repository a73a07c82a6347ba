import type { Container } from "./cluster.ts";
import type { Field } from "./field.ts";
import { port, portName } from "./read.ts";

/** The containers of a pod's spec, with their ports; sidecars that start first are among them. */
export function containersOf(spec: Field): Container[] {
  const sidecars = spec
    .at("initContainers")
    .items()
    .filter((one) => one.at("restartPolicy").value === "Always");
  return [...spec.at("containers").items(), ...sidecars].map((field) => {
    const ports = new Map<string, number>();
    const numbers: number[] = [];
    for (const one of field.at("ports").items()) {
      const name = one.at("name").read(portName);
      const number = one.at("containerPort").read(port);
      if (number === undefined) continue;
      numbers.push(number);
      if (name !== undefined) ports.set(name, number);
    }
    field.at("name").take();
    field.at("ports").take();
    return { field, ports, numbers };
  });
}
