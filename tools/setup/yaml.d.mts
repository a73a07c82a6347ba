/** The module with each of its values marked as one that may go when nobody uses it. */
export function shakeable(text: string): string;
