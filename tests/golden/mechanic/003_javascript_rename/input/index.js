const { parse } = require('./lib/parse');
const lib = require('./lib/parse');
const path = require('path');

exports.parse = parse;
exports.both = [lib.parse('a'), path.parse('b'), parse('c', 'parse')];
