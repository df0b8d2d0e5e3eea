// Package m scales.
package m

// Scale multiplies.
func Scale(a, b int) int { return a * b }

type Map struct{}

func (Map) Scale() int { return Scale(1, 2) }
