export function scale(a: number, b = 1): number { return a * b; }
export const map = { scale: (a: number) => scale(a) };
