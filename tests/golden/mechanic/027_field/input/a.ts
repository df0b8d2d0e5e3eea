interface Node {
  depth: number
}
function grow(node: Node, depth: number): Node {
  const { depth: old } = node
  node.depth += depth
  return { ...node, depth }
}
const root: Node = { depth: 0 }
