package util

func Old(a, b int) int { return New(b, a) }
func New(b, a int) int { return a - b }
func local() int      { return Old(1, Old(2, 3)) }
