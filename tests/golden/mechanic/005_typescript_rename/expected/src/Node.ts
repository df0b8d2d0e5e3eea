import { Atom } from './Atom.js'
export interface Node {
  clone(): Node
}
export const isScalar = (node: unknown): node is Atom => node instanceof Atom
export type Visitor = { Scalar?: (node: Atom) => void }
export function visit(node: Atom, visitor: Visitor) {
  visitor.Scalar?.(node)
  return { Scalar: Atom, name: node.constructor.name === 'Scalar' }
}
