package main

import (
	"go/parser"

	"example.org/thing/parse"
)

type wrapper struct {
	*parse.Reader
	name string
}

func main() {
	var p parse.Reader
	w := wrapper{Reader: &p, name: "Parser"}
	w.Reader.Parse("x")
	Parser := 1
	_ = Parser
	_ = parser.Mode(0)
}
