package util

func Old(a, b int) int { return New(b, a) }
func New(b, a int) int { return a - b }
func local() int      { return New(New(3, 2), 1) }
