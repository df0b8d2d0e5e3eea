#include "syntax/syntax.h"

#include "base/error.h"
#include "base/time.h"

namespace nightjar::syntax {

namespace {

// Real files take milliseconds; only text made to be slow reaches this.
constexpr Millis kLongest{10'000};
constexpr std::uint64_t kMicrosAtOnce = 100'000;

Frame frame_at(TSTreeCursor* cursor) {
  const TSNode node = ts_tree_cursor_current_node(cursor);
  const char* field = ts_tree_cursor_current_field_name(cursor);
  return {node, ts_node_type(node), field ? field : ""};
}

struct Cursor {
  explicit Cursor(TSNode root) : cursor(ts_tree_cursor_new(root)) {}
  ~Cursor() { ts_tree_cursor_delete(&cursor); }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  TSTreeCursor cursor;
};

}  // namespace

Syntax::~Syntax() {
  for (TSParser* parser : parsers_) {
    if (parser) ts_parser_delete(parser);
  }
}

Tree Syntax::parse(Lang lang, std::string_view text, const Stopped& stopped) {
  TSParser*& parser = parsers_[static_cast<int>(lang)];
  if (!parser) {
    parser = ts_parser_new();
    if (!ts_parser_set_language(parser, grammar(lang))) {
      throw Error(ErrorKind::Internal, "the grammar of " + std::string(name_of(lang)) +
                                           " does not fit the tree-sitter library");
    }
    ts_parser_set_timeout_micros(parser, kMicrosAtOnce);
  }
  ts_parser_reset(parser);
  const Deadline deadline = in(kLongest);
  for (;;) {  // it goes on where it was
    Tree tree(ts_parser_parse_string(parser, nullptr, text.data(),
                                     static_cast<std::uint32_t>(text.size())));
    if (tree || std::chrono::steady_clock::now() >= deadline || (stopped && stopped())) return tree;
  }
}

Tree Syntax::parse_file(std::string_view path, Lang lang, std::string_view text,
                        const Stopped& stopped) {
  Tree tree = parse(lang, text, stopped);
  if (tree && path.ends_with(".h") && ts_node_has_error(ts_tree_root_node(tree.get()))) {
    Tree as_c = parse(Lang::C, text, stopped);
    if (as_c && !ts_node_has_error(ts_tree_root_node(as_c.get()))) return as_c;
  }
  return tree;
}

void walk_to(TSNode root, const std::vector<std::uint32_t>& places, std::uint32_t length,
             const std::function<void(std::uint32_t, const Path&)>& visit) {
  const Cursor owner(root);
  TSTreeCursor* cursor = const_cast<TSTreeCursor*>(&owner.cursor);
  Path path{frame_at(cursor)};
  // The cursor never goes back among siblings, so that a tree is walked once however many places
  // there are.
  for (const std::uint32_t place : places) {
    const std::uint32_t end = place + length;
    bool below = true;  // children of the last frame were not looked at for this place
    while (path.size() > 1 && path.back().end() < end) {
      if (ts_tree_cursor_goto_next_sibling(cursor)) {
        path.back() = frame_at(cursor);
        below = true;
      } else {
        ts_tree_cursor_goto_parent(cursor);
        path.pop_back();
        below = false;
      }
    }
    while (below && path.back().begin() <= place && ts_tree_cursor_goto_first_child(cursor)) {
      path.push_back(frame_at(cursor));
      while (path.back().end() < end && ts_tree_cursor_goto_next_sibling(cursor)) {
        path.back() = frame_at(cursor);
      }
      if (path.back().end() < end) {
        ts_tree_cursor_goto_parent(cursor);
        path.pop_back();
        break;
      }
    }
    if (path.back().begin() > place && path.size() > 1) {
      // Between two children: their parent holds the place; the cursor waits at the second.
      const Frame ahead = path.back();
      path.pop_back();
      visit(place, path);
      path.push_back(ahead);
    } else {
      visit(place, path);
    }
  }
}

void walk_all(TSNode root, const std::function<bool(const Path&)>& visit) {
  const Cursor owner(root);
  TSTreeCursor* cursor = const_cast<TSTreeCursor*>(&owner.cursor);
  Path path{frame_at(cursor)};
  for (;;) {
    if (visit(path) && ts_tree_cursor_goto_first_child(cursor)) {
      path.push_back(frame_at(cursor));
      continue;
    }
    while (!ts_tree_cursor_goto_next_sibling(cursor)) {
      if (!ts_tree_cursor_goto_parent(cursor)) return;
      path.pop_back();
    }
    path.back() = frame_at(cursor);
  }
}

void walk_nodes(TSNode root, const std::function<bool(TSNode node, std::string_view type)>& visit) {
  const Cursor owner(root);
  TSTreeCursor* cursor = const_cast<TSTreeCursor*>(&owner.cursor);
  for (;;) {
    const TSNode node = ts_tree_cursor_current_node(cursor);
    if (visit(node, ts_node_type(node)) && ts_tree_cursor_goto_first_child(cursor)) continue;
    while (!ts_tree_cursor_goto_next_sibling(cursor)) {
      if (!ts_tree_cursor_goto_parent(cursor)) return;
    }
  }
}

std::string_view text_of(TSNode node, std::string_view text) {
  if (ts_node_is_null(node)) return "";
  const std::uint32_t begin = ts_node_start_byte(node);
  const std::uint32_t end = ts_node_end_byte(node);
  return begin <= end && end <= text.size() ? text.substr(begin, end - begin) : "";
}

TSNode child(TSNode node, std::string_view field) {
  return ts_node_child_by_field_name(node, field.data(), static_cast<std::uint32_t>(field.size()));
}

}  // namespace nightjar::syntax
