'use strict';

/** Calls {@link parse} and says `parse`. We parse everything. */
function parse(text, options) {
  const visitor = { parse: () => parse(text), other: parse };
  const { parse: inner } = options;
  function nested(parse) {
    return parse(text);
  }
  return { parse, visitor, inner, nested, json: JSON.parse(text) };
}

module.exports = { parse };
