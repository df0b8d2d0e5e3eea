// Files keep their line ends, whatever a model sends.
#pragma once

#include <string>
#include <string_view>

namespace nightjar::tools {

class LineEnds {
 public:
  /// Looks at what the file has: CR LF where every line ends so; a mixture stays one.
  explicit LineEnds(std::string_view text);
  /// With LF alone where the file's are CR LF.
  std::string plain(std::string_view text) const;
  std::string restored(std::string_view text) const;

 private:
  bool crlf_ = false;
};

}  // namespace nightjar::tools
