// Package parse has a Parser.
package parse

// Parser reads.
type Parser struct {
	depth int
}

// NewParser makes a Parser.
func NewParser() *Parser { return &Parser{depth: 1} }

// Parse is a method of Parser.
func (p *Parser) Parse(s string) string { return "Parser" + s }
