package main

import "example.com/m"

func main() { println(m.Scale(1, 2), m.Map{}.Scale()) }
