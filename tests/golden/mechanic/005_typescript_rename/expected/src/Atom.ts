import type { Node } from './Node.js'

/** A Atom has one value. */
export class Atom<T = unknown> implements Node {
  declare value: T
  static readonly Scalar = 'Scalar'
  constructor(value: T) {
    this.value = value
  }
  clone(): Atom<T> {
    return new Atom(this.value)
  }
}
export type ScalarLike = Atom | string
