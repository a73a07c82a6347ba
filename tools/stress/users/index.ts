import { cart } from "./cart.ts";
import type { HabitOf } from "./habit.ts";
import { socket } from "./socket.ts";
import { stream } from "./stream.ts";
import { transfer } from "./transfer.ts";

/** What users do: of twenty so many. */
export const HABITS: Readonly<Record<string, { readonly of: HabitOf; readonly twentieths: number }>> = {
  cart: { of: cart, twentieths: 10 },
  transfer: { of: transfer, twentieths: 4 },
  stream: { of: stream, twentieths: 4 },
  socket: { of: socket, twentieths: 2 },
};

const TWENTY = Object.values(HABITS).flatMap(({ of, twentieths }) => Array<HabitOf>(twentieths).fill(of));

/** The habit of a user by its number: any twenty in a row are as the table says. */
export function habitOf(index: number): HabitOf {
  // Odd, and prime to twenty, so that neighbours differ and every edge has users of all kinds.
  return TWENTY[(index * 7) % TWENTY.length]!;
}
