package main

import "example.org/thing/util"

func main() {
	println(util.New(2, 1), x.Old(1, 2))
	f := util.Old
	f(1, 2)
}
