#include "base/paths.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

namespace nightjar {
namespace {

// Sets (or, with null, unsets) a variable for one test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    value ? ::setenv(name, value, 1) : ::unsetenv(name);
  }
  ~Variable() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

TEST(Paths, StateAndConfigFollowXdg) {
  const Variable state("XDG_STATE_HOME", "/s");
  const Variable config("XDG_CONFIG_HOME", "/c");
  EXPECT_EQ(state_folder(), "/s/nightjar");
  EXPECT_EQ(config_file(), "/c/nightjar/config.toml");
  EXPECT_EQ(api_socket(state_folder()), "/s/nightjar/api.sock");
}

TEST(Paths, WithoutXdgTheyStandBelowHome) {
  const Variable state("XDG_STATE_HOME", nullptr);
  const Variable config("XDG_CONFIG_HOME", "");
  const Variable home("HOME", "/home/p");
  EXPECT_EQ(state_folder(), "/home/p/.local/state/nightjar");
  EXPECT_EQ(config_file(), "/home/p/.config/nightjar/config.toml");
}

TEST(Paths, ARelativeXdgVariableIsIgnored) {
  const Variable state("XDG_STATE_HOME", "here");
  const Variable home("HOME", "/home/p");
  EXPECT_EQ(state_folder(), "/home/p/.local/state/nightjar");
}

TEST(Paths, WithoutHomeThePasswordDatabaseAnswers) {
  const Variable home("HOME", nullptr);
  EXPECT_TRUE(home_folder().is_absolute());
}

}  // namespace
}  // namespace nightjar
