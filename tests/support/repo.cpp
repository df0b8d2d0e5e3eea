#include "support/repo.h"

#include "base/text.h"
#include "proc/process.h"

namespace nightjar::test {

Repo::Repo(std::string_view name) : dir_("nightjar-repo"), path_(dir_.path() / name) {
  fs::create_directories(path_);
  git({"init", "-q", "-b", "main"});
  git({"config", "user.name", "Ada Tester"});
  git({"config", "user.email", "ada@example.org"});
}

void Repo::write(const std::string& file, std::string_view content) {
  fs::create_directories((path_ / file).parent_path());
  write_durably(path_ / file, content);
}

std::string Repo::read(const std::string& file) const { return read_file(path_ / file); }

std::string Repo::git(const std::vector<std::string>& args) const {
  std::vector<std::string> argv{"git", "-C", path_.string()};
  argv.insert(argv.end(), args.begin(), args.end());
  return trimmed(proc::output_of({.argv = argv}));
}

std::string Repo::commit(const std::string& message) {
  git({"add", "-A"});
  git({"commit", "-q", "--allow-empty", "-m", message});
  return git({"rev-parse", "HEAD"});
}

bool Repo::has_branch(const std::string& branch) const {
  return proc::run({.argv = {"git", "-C", path_.string(), "rev-parse", "-q", "--verify",
                             "refs/heads/" + branch}})
             .exit_status == 0;
}

Repo parser_project() {
  Repo repo;
  repo.write("parser.py",
             "class Parser:\n    \"\"\"A Parser reads words.\"\"\"\n\n    def words(self, text):\n "
             "       return text.split()\n");
  repo.write("app.py",
             "from parser import Parser\n\n\ndef main():\n    return Parser().words(\"a b\")\n");
  repo.write("README.md", "# thing\n\nUse the `Parser`.\n");
  repo.write("tests.sh",
             "echo 1..3\n"
             "grep -q '^class ' parser.py && echo 'ok 1 - a class is there' || echo 'not ok 1 - a "
             "class is there'\n"
             "name=$(sed -n 's/^class \\([A-Za-z]*\\):/\\1/p' parser.py)\n"
             "grep -q \"import $name\" app.py && echo 'ok 2 - the app imports it' || { echo 'not "
             "ok 2 - the app imports it'; bad=1; }\n"
             "grep -q \"$name()\" app.py && echo 'ok 3 - the app uses it' || { echo 'not ok 3 - "
             "the app uses it'; bad=1; }\n"
             "exit ${bad:-0}\n");
  repo.write("nightjar.toml", "[[check]]\nname = \"tests\"\nrun = \"sh tests.sh\"\n");
  repo.commit("a parser");
  return repo;
}

Repo parser_project_with_a_computed_name() {
  Repo repo = parser_project();
  repo.write("labels.py",
             "ALIAS = 'Parser'\nTITLE = 'A Parser for words'\nexpected = '<Parser words>'\n");
  repo.write("name.sh",
             "echo 1..1\nname=$(sed -n 's/^class \\([A-Za-z]*\\):/\\1/p' parser.py)\n"
             "if grep -q \"'<$name words>'\" labels.py && grep -q \"ALIAS = 'Parser'\" labels.py\n"
             "then echo 'ok 1 - what it prints'\n"
             "else echo 'not ok 1 - what it prints'; echo '# labels.py:3'; exit 1; fi\n");
  repo.write("nightjar.toml",
             repo.read("nightjar.toml") + "[[check]]\nname = \"name\"\nrun = \"sh name.sh\"\n");
  repo.commit("a name that is computed");
  return repo;
}

}  // namespace nightjar::test
