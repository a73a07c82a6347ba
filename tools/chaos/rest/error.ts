import { jsonAnswer, type RestFault } from "./fault.ts";

export interface ErrorOptions {
  readonly message?: string;
  /** 200 unless another is given: errors come with both. */
  readonly status?: number;
  /** One error for each command, as a pipeline has it when its commands fail one by one. */
  readonly each?: boolean;
}

/** Answers `{"error": …}` and does nothing. */
export const error =
  ({ message = "ERR read only replica", status = 200, each = false }: ErrorOptions = {}): RestFault =>
  async ({ call }) => {
    const many = each && call.path !== "/";
    return jsonAnswer(many ? call.commands.map(() => ({ error: message })) : { error: message }, status);
  };
