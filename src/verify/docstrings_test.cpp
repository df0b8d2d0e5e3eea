#include "verify/docstrings.h"

#include <gtest/gtest.h>

namespace nightjar::verify {
namespace {

const std::string kCode = "def one():\n    return 1\n";

TEST(Docstrings, AndCommentsAreNoCode) {
  for (const char* more :
       {"\"\"\"Numbers.\"\"\"\n\n\ndef one():\n    return 1\n",
        "def one():\n    '''One.\n\n    return 2\n    '''\n    # one\n    return 1  # it is\n",
        "def one():\n    \"One.\"\n\n    return 1\n"})
    EXPECT_EQ(without_python_prose(more), kCode) << more;
}

TEST(Docstrings, OtherStringsAreCode) {
  for (const char* more : {"X = \"\"\"a\"\"\"\n", "X = (\n    \"\"\"a\"\"\"\n)\n",
                           "f(\n    'a'\n)\n", "x = \\\n'a'\n", "'a'.join(x)\n", "'a' % x\n"})
    EXPECT_NE(without_python_prose(more).find('a'), std::string::npos) << more;
  EXPECT_NE(without_python_prose("x = '# no comment'\n").find("no comment"), std::string::npos);
}

TEST(Docstrings, WhatToolsAndTestsReadStays) {
  EXPECT_NE(without_python_prose("# -*- coding: latin-1 -*-\n"), "");
  EXPECT_NE(without_python_prose("def f():\n    '''\n    >>> f()\n    '''\n").find(">>>"),
            std::string::npos);
}

}  // namespace
}  // namespace nightjar::verify
