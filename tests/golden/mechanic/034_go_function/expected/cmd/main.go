package main

import "example.com/m"

func main() { println(m.Stretch(1, 2), m.Map{}.Scale()) }
