import { Scalar } from './Scalar.js'
export interface Node {
  clone(): Node
}
export const isScalar = (node: unknown): node is Scalar => node instanceof Scalar
export type Visitor = { Scalar?: (node: Scalar) => void }
export function visit(node: Scalar, visitor: Visitor) {
  visitor.Scalar?.(node)
  return { Scalar, name: node.constructor.name === 'Scalar' }
}
