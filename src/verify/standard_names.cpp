#include "verify/standard_names.h"

#include <algorithm>
#include <array>

#include "verify/file_roles.h"

namespace nightjar::verify {

namespace {

constexpr std::array<std::string_view, 9> kRunners{"unittest", "pytest",        "_pytest",
                                                   "nose",     "nose2",         "doctest",
                                                   "pluggy",   "sitecustomize", "usercustomize"};

// Python's own modules, and what pytest and its plugins load at their start.
constexpr std::string_view kModules =
    " abc argparse array ast asyncio atexit base64 bdb binascii bisect builtins bz2 calendar cmd "
    "code codecs codeop collections colorsys compileall concurrent configparser contextlib "
    "contextvars copy copyreg csv ctypes curses dataclasses datetime dbm decimal difflib dis "
    "distutils email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch "
    "fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip "
    "hashlib heapq hmac html http imaplib imp importlib inspect io ipaddress itertools json "
    "keyword "
    "linecache locale logging lzma mailbox marshal math mimetypes mmap multiprocessing netrc "
    "numbers opcode operator optparse os pathlib pdb pickle pickletools pipes pkgutil platform "
    "plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc queue "
    "quopri random re readline reprlib resource runpy sched secrets select selectors shelve shlex "
    "shutil signal site smtplib socket socketserver sqlite3 sre_compile sre_constants sre_parse "
    "ssl stat statistics string stringprep struct subprocess symtable sys sysconfig syslog tarfile "
    "tempfile termios textwrap threading time timeit token tokenize tomllib trace traceback "
    "tracemalloc tty types typing unicodedata urllib uuid venv warnings wave weakref webbrowser "
    "wsgiref xml xmlrpc zipfile zipimport zlib zoneinfo "
    "iniconfig packaging pygments exceptiongroup tomli attr attrs colorama py pytest_cov coverage "
    "xdist "
    "execnet hypothesis tox mock typing_extensions ";

constexpr std::string_view kHeaders =
    " assert.h cassert complex.h ctype.h errno.h fenv.h float.h inttypes.h iso646.h limits.h "
    "locale.h math.h setjmp.h signal.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h "
    "stdio.h cstdio stdlib.h cstdlib stdnoreturn.h string.h tgmath.h threads.h time.h uchar.h "
    "unistd.h wchar.h wctype.h gtest.h gmock.h catch.hpp catch_all.hpp catch_amalgamated.hpp "
    "catch_test_macros.hpp doctest.h cmocka.h check.h CUnit.h unity.h greatest.h munit.h "
    "criterion.h ";

bool listed(std::string_view list, std::string_view name) {
  if (name.empty() || name.find(' ') != std::string_view::npos) return false;
  return list.find(" " + std::string(name) + " ") != std::string_view::npos;
}

// The module that an import would find in this file, and the folder that holds it.
struct Module {
  std::string_view name;
  std::string folder;  // "" or with a slash at its end
};

Module module_of(std::string_view path) {
  std::string_view name = file_name(path);
  if (!name.ends_with(".py")) return {};
  std::string_view folder = path.substr(0, path.size() - name.size());
  name.remove_suffix(3);
  if (name == "__init__" && !folder.empty()) {
    name = file_name(folder.substr(0, folder.size() - 1));
    folder = folder.substr(0, folder.size() - name.size() - 1);
  }
  return {name, std::string(folder)};
}

}  // namespace

bool takes_a_runners_place(std::string_view path) {
  if (path.ends_with(".pth")) return true;
  const Module module = module_of(path);
  return std::ranges::find(kRunners, module.name) != kRunners.end();
}

bool takes_a_standard_name(std::string_view path,
                           const std::function<bool(const std::string&)>& exists) {
  if (takes_a_runners_place(path) || listed(kHeaders, file_name(path))) return true;
  const Module module = module_of(path);
  return listed(kModules, module.name) && !exists(module.folder + "__init__.py");
}

}  // namespace nightjar::verify
