export function stretch(a: number, b = 1): number { return a * b; }
export const map = { scale: (a: number) => stretch(a) };
