package parse_test

func ExampleReader_words() {
}

func ExampleReader() {
}

func ExampleParserOptions() {
}
