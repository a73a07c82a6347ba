import type { User } from "../user.ts";

/** What one user does, again and again. */
export interface Habit {
  /** Before the first action; what it opens it opens anew when it is lost. */
  begin?(): void;
  /** One action, which was due at this time of performance.now(). Never rejects: what goes wrong is told. */
  act(due: number): Promise<void>;
  /** Connections that it holds besides the user's own. */
  readonly held?: number;
}

/** Makes the habit of a user. */
export type HabitOf = (user: User) => Habit;
