import type { Group } from "./cluster.ts";
import type { Field } from "./field.ts";
import { oneOf, port, text } from "./read.ts";

/** A port of an EndpointSlice or of a subset of Endpoints; none where it is not one of HTTP. */
export function portOf(field: Field): Group["ports"] {
  const name = field.at("name").read(text) ?? "";
  const number = field.at("port").read(port);
  const protocol = field.at("protocol").read(oneOf("TCP", "UDP", "SCTP"));
  // The Service says which protocol its port has.
  field.at("appProtocol").take();
  if (protocol !== undefined && protocol !== "TCP") field.ignore(`${protocol} is not HTTP`);
  else if (!field.at("port").present) field.ignore("it has no number, which would be all ports");
  else if (number !== undefined) return [{ name, port: number, field }];
  return [];
}
