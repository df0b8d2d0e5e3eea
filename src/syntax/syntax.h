// Syntax trees: parsing with a time limit, and the path from the root to a leaf.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "syntax/languages.h"

namespace nightjar::syntax {

struct TreeDeleter {
  void operator()(TSTree* tree) const { ts_tree_delete(tree); }
};
using Tree = std::unique_ptr<TSTree, TreeDeleter>;

/// Asked from time to time while something long goes on; true ends it.
using Stopped = std::function<bool()>;

/// One parser a language, made when first used. Belongs to one thread.
class Syntax {
 public:
  Syntax() = default;
  Syntax(const Syntax&) = delete;
  Syntax& operator=(const Syntax&) = delete;
  ~Syntax();

  /// nullptr where the parser gave up: the text takes too long, or it was stopped. A tree may hold
  /// ERROR nodes.
  Tree parse(Lang lang, std::string_view text, const Stopped& stopped = {});
  /// As the path's language; a header that is no C++ is read as C.
  Tree parse_file(std::string_view path, Lang lang, std::string_view text,
                  const Stopped& stopped = {});

 private:
  TSParser* parsers_[kLanguages] = {};
};

/// A node on the way from the root to a leaf. `field` is its role in its parent, "" where it has
/// none.
struct Frame {
  TSNode node;
  std::string_view type;
  std::string_view field;
  std::uint32_t begin() const { return ts_node_start_byte(node); }
  std::uint32_t end() const { return ts_node_end_byte(node); }
};

using Path = std::vector<Frame>;

/// Calls `visit` for each place (in ascending order), with the path to the smallest node that holds
/// all of it.
void walk_to(TSNode root, const std::vector<std::uint32_t>& places, std::uint32_t length,
             const std::function<void(std::uint32_t, const Path&)>& visit);

/// Visits every node in order, without recursion; false from `visit` skips what is below.
void walk_all(TSNode root, const std::function<bool(const Path&)>& visit);

/// The same of nodes alone, without their paths and fields: much quicker.
void walk_nodes(TSNode root, const std::function<bool(TSNode node, std::string_view type)>& visit);

std::string_view text_of(TSNode node, std::string_view text);
/// A child by its field; a null node where there is none.
TSNode child(TSNode node, std::string_view field);
inline std::string_view type_of(TSNode node) {
  return ts_node_is_null(node) ? "" : ts_node_type(node);
}

}  // namespace nightjar::syntax
