#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "base/file.h"
#include "sandbox/session.h"

namespace nightjar::sandbox {
namespace {

class HostToolsTest : public testing::Test {
 protected:
  HostToolsTest() {
    if (const char* home = std::getenv("HOME")) before_ = home;
    ::setenv("HOME", home().c_str(), 1);
    for (const char* secret : {".ssh/id", ".config/secret", ".cargo/credentials.toml", ".bashrc"})
      file(secret);
  }
  ~HostToolsTest() override {
    before_.empty() ? ::unsetenv("HOME") : ::setenv("HOME", before_.c_str(), 1);
  }

  fs::path home() const { return dir_.path() / "someone"; }
  fs::path file(const fs::path& path) {
    fs::create_directories((home() / path).parent_path());
    std::ofstream(home() / path) << "x";
    fs::permissions(home() / path, fs::perms::owner_all);
    return home() / path;
  }
  std::string path_of(std::initializer_list<const char*> folders) {
    std::string out;
    for (const char* folder : folders) out += (out.empty() ? "" : ":") + (home() / folder).string();
    return out;
  }
  /// Mounts, relative to the home where they are below it.
  std::vector<std::string> mounts(const HostTools& tools) {
    std::vector<std::string> out;
    for (const auto& mount : tools.mounts) {
      EXPECT_EQ(mount.source, mount.target);
      out.push_back(mount.target.lexically_relative(home()).string());
    }
    return out;
  }
  using Strings = std::vector<std::string>;

  TempDir dir_{"nightjar-tools"};
  std::string before_;
};

TEST_F(HostToolsTest, NothingBelowUsrNeedsAMount) {
  const HostTools tools = host_tools("/usr/bin:/bin:/usr/local/sbin:relative::/nowhere");
  EXPECT_EQ(mounts(tools), Strings{});
  EXPECT_EQ(tools.path, "/usr/bin:/bin:/usr/local/sbin:/usr/local/bin");
}

TEST_F(HostToolsTest, PyenvComesWholeWithItsRoot) {
  file(".pyenv/shims/python");
  file(".pyenv/bin/pyenv");
  const HostTools tools = host_tools(path_of({".pyenv/shims", ".pyenv/bin"}));
  EXPECT_EQ(mounts(tools), Strings{".pyenv"});
  EXPECT_EQ(tools.env,
            (std::map<std::string, std::string>{{"PYENV_ROOT", (home() / ".pyenv").string()}}));
}

TEST_F(HostToolsTest, PyenvIsKnownElsewhereToo) {
  file("py/libexec/pyenv");
  file("py/shims/python");
  const HostTools tools = host_tools(path_of({"py/shims"}));
  EXPECT_EQ(mounts(tools), Strings{"py"});
  EXPECT_EQ(tools.env.at("PYENV_ROOT"), home() / "py");
}

TEST_F(HostToolsTest, CargoBringsTheToolchainsAndNoCredentials) {
  file(".cargo/bin/cargo");
  file(".rustup/toolchains/stable/bin/cargo");
  const HostTools tools = host_tools(path_of({".cargo/bin"}));
  EXPECT_EQ(mounts(tools), (Strings{".cargo/bin", ".rustup"}));
  EXPECT_EQ(tools.env.at("RUSTUP_HOME"), home() / ".rustup");
}

TEST_F(HostToolsTest, NodeVersionsGoBinariesAndJavaCandidates) {
  file(".nvm/versions/node/v20/bin/node");
  file(".nvm/alias/default");
  file("go/bin/tool");
  file("go/pkg/mod/x");
  file(".sdkman/candidates/java/current/bin/java");
  const HostTools tools = host_tools(
      path_of({".nvm/versions/node/v20/bin", "go/bin", ".sdkman/candidates/java/current/bin"}));
  EXPECT_EQ(mounts(tools), (Strings{".nvm/versions", ".sdkman/candidates", "go/bin"}));
}

TEST_F(HostToolsTest, LocalBinBringsTheEnvironmentsItsLinksPointInto) {
  file(".local/bin/script");
  file(".local/share/keyrings/secret");
  file(".local/share/pipx/venvs/black/pyvenv.cfg");
  file(".local/share/pipx/venvs/other/pyvenv.cfg");
  file(".local/share/single/tool");
  fs::create_symlink(file(".local/share/pipx/venvs/black/bin/black"), home() / ".local/bin/black");
  fs::create_symlink(home() / ".local/share/single/tool", home() / ".local/bin/tool");
  fs::create_symlink(home() / ".ssh/id", home() / ".local/bin/none");
  fs::permissions(home() / ".ssh/id", fs::perms::owner_read);
  EXPECT_EQ(mounts(host_tools(path_of({".local/bin"}))),
            (Strings{".local/bin", ".local/share/pipx/venvs/black", ".local/share/single/tool"}));
}

TEST_F(HostToolsTest, AnInstallationOfItsOwnComesWhole) {
  file("miniconda3/conda-meta/history");
  file("miniconda3/bin/python");
  file("tools/llvm/bin/clang");
  file("tools/llvm/lib/libLLVM.so");
  file("src/thing/.venv/bin/python");
  file("src/thing/.venv/pyvenv.cfg");
  EXPECT_EQ(
      mounts(host_tools(path_of({"miniconda3/bin", "tools/llvm/bin", "src/thing/.venv/bin"}))),
      (Strings{"miniconda3", "src/thing/.venv", "tools/llvm"}));
}

TEST_F(HostToolsTest, NeverAHomeWhateverPathSays) {
  file("bin/tool");
  file("lib/x");
  file("other/.ssh/id");
  file("other/bin/tool");
  EXPECT_EQ(mounts(host_tools(home().string() + ":" + dir_.path().string() + ":/")), Strings{});
  EXPECT_EQ(mounts(host_tools(path_of({"bin"}))), Strings{"bin"});
  ::setenv("HOME", "/nonexistent", 1);  // somebody the password database does not list
  EXPECT_EQ(mounts(host_tools(path_of({"other/bin"}))), Strings{});
}

TEST_F(HostToolsTest, OutsideHomesTheWholePackageComes) {
  ::setenv("HOME", "/nonexistent", 1);
  file("jdk/bin/java");
  file("jdk/lib/x");
  EXPECT_EQ(mounts(host_tools(path_of({"jdk/bin"}))), Strings{"jdk"});
}

}  // namespace
}  // namespace nightjar::sandbox
