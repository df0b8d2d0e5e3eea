const { read } = require('./lib/parse');
const lib = require('./lib/parse');
const path = require('path');

exports.read = read;
exports.both = [lib.read('a'), path.parse('b'), read('c', 'parse')];
