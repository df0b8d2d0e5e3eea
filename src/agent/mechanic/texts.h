// The text files of a commit in one file: to open twenty thousand files costs more than to look
// through them. Written once beside a checkout, mapped by the mechanic inside its sandbox.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nightjar::agent::mechanic {

class Texts {
 public:
  struct File {
    std::string_view path;
    /// What the file holds; nullopt where it is to be read from the checkout (too large to be
    /// here).
    std::optional<std::string_view> text;
    bool binary = false;  ///< or for another reason nothing to look into
  };

  /// nullptr where there is no such file. Throws Error(Invalid) where it is damaged.
  static std::shared_ptr<const Texts> open(const std::filesystem::path& file);
  ~Texts();
  Texts(const Texts&) = delete;
  Texts& operator=(const Texts&) = delete;

  /// By path. All views live as long as this.
  const std::vector<File>& files() const { return files_; }
  const File* find(std::string_view path) const;

 private:
  explicit Texts(std::string_view mapped);
  std::string_view mapped_;
  std::vector<File> files_;
};

}  // namespace nightjar::agent::mechanic
