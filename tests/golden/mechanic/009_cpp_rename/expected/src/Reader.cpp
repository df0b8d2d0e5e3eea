#include "thing/Reader.h"
#include "Reader.h"
namespace thing {
Reader::Reader() : Reader(std::string()) {}
Reader::Reader(std::string text) : text_(std::move(text)) {}
Reader::~Reader() = default;
Reader* Reader::instance() {
  static Reader parser;
  return &parser;
}
}  // namespace thing
