export { Scalar } from './Scalar'
export { Scalar as Leaf } from './Scalar'
import * as nodes from './Scalar'
export const leaf: nodes.Scalar = new nodes.Scalar(1)
