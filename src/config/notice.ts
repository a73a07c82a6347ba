/** What became of something that was asked for and is not simply done. Not an error: the config is taken. */
export interface Notice {
  readonly level: "honoured" | "changed" | "ignored" | "invalid";
  /** What it is about: `pools.web`, or a Kubernetes object. */
  readonly object: string;
  /** Where in the object: `slowStart`; empty for the object itself. */
  readonly path: string;
  readonly message: string;
}
