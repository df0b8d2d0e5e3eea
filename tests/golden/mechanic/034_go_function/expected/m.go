// Package m scales.
package m

// Stretch multiplies.
func Stretch(a, b int) int { return a * b }

type Map struct{}

func (Map) Scale() int { return Stretch(1, 2) }
