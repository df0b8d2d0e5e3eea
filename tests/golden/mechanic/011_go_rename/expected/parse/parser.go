// Package parse has a Reader.
package parse

// Reader reads.
type Reader struct {
	depth int
}

// NewParser makes a Reader.
func NewParser() *Reader { return &Reader{depth: 1} }

// Parse is a method of Reader.
func (p *Reader) Parse(s string) string { return "Parser" + s }
