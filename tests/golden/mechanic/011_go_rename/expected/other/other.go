package other

// Reader is another thing here: a value.
var Parser = 1
