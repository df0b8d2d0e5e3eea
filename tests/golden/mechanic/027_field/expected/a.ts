interface Node {
  level: number
}
function grow(node: Node, depth: number): Node {
  const { level: old } = node
  node.level += depth
  return { ...node, level: depth }
}
const root: Node = { level: 0 }
