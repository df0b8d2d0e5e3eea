import type { Node } from './Node.js'

/** A Scalar has one value. */
export class Scalar<T = unknown> implements Node {
  declare value: T
  static readonly Scalar = 'Scalar'
  constructor(value: T) {
    this.value = value
  }
  clone(): Scalar<T> {
    return new Scalar(this.value)
  }
}
export type ScalarLike = Scalar | string
