package other

// Parser is another thing here: a value.
var Parser = 1
