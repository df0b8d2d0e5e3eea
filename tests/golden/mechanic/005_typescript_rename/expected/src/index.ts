export { Atom } from './Atom'
export { Atom as Leaf } from './Atom'
import * as nodes from './Atom'
export const leaf: nodes.Atom = new nodes.Atom(1)
