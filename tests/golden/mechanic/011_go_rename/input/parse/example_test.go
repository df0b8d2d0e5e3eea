package parse_test

func ExampleParser_words() {
}

func ExampleParser() {
}

func ExampleParserOptions() {
}
