package main

import (
	"go/parser"

	"example.org/thing/parse"
)

type wrapper struct {
	*parse.Parser
	name string
}

func main() {
	var p parse.Parser
	w := wrapper{Parser: &p, name: "Parser"}
	w.Parser.Parse("x")
	Parser := 1
	_ = Parser
	_ = parser.Mode(0)
}
