#include "agent/native/tool_specs.h"

namespace nightjar::agent::native {

const std::vector<model::ToolSpec>& tool_specs() {
  static const std::vector<model::ToolSpec> specs{
      {"shell",
       "Runs a command in a shell that keeps its folder and variables between calls. Standard "
       "input is empty; there is no network. Long output keeps its head and tail, and the whole "
       "is in a file that the answer names. With background the command becomes a job with an id; "
       "with job its new output is read, with stop it is ended.",
       R"({"type":"object","properties":{"command":{"type":"string"},"timeout_s":{"type":"integer","description":"seconds; 120 where it is absent"},"background":{"type":"boolean"},"job":{"type":"string","description":"id of a job, instead of a command"},"stop":{"type":"boolean"}}})"},
      {"read",
       "Reads a file with line numbers (at most 2000 lines at once), shows a picture, or lists a "
       "folder.",
       R"({"type":"object","properties":{"path":{"type":"string"},"offset":{"type":"integer","description":"first line, from 1"},"limit":{"type":"integer","description":"most lines"}},"required":["path"]})"},
      {"search",
       "Looks for a regular expression (RE2) in the files that git does not ignore. files_only "
       "gives names alone; an empty pattern with files_only lists files.",
       R"({"type":"object","properties":{"pattern":{"type":"string"},"path":{"type":"string","description":"a file or folder to stay in"},"glob":{"type":"string","description":"such as *.py, src/**/*.{ts,tsx} or !*.test.ts"},"ignore_case":{"type":"boolean"},"literal":{"type":"boolean"},"files_only":{"type":"boolean"},"context":{"type":"integer","description":"lines around each match"}},"required":["pattern"]})"},
      {"outline",
       "Lists the classes, functions and other symbols of a file, or of the files in a folder, "
       "with their lines.",
       R"({"type":"object","properties":{"path":{"type":"string"}},"required":["path"]})"},
      {"edit",
       "Replaces a piece of a file. old must stand there once (all: replaces every one); give "
       "whole lines. The syntax is checked at once.",
       R"({"type":"object","properties":{"path":{"type":"string"},"old":{"type":"string"},"new":{"type":"string"},"all":{"type":"boolean"}},"required":["path","old","new"]})"},
      {"write", "Writes a whole file, new or not.",
       R"({"type":"object","properties":{"path":{"type":"string"},"content":{"type":"string"}},"required":["path","content"]})"},
      {"patch",
       "Applies a patch to one or more files, all or nothing: *** Begin Patch, *** Update File: "
       "path (or Add File, Delete File; *** Move to: path), @@ with lines that begin with a "
       "blank, - or +, *** End Patch. A unified diff is understood as well.",
       R"({"type":"object","properties":{"patch":{"type":"string"}},"required":["patch"]})"},
      {"plan",
       "Sets the checklist that the person sees: all items, in order, each with whether it is "
       "done.",
       R"({"type":"object","properties":{"items":{"type":"array","items":{"type":"object","properties":{"text":{"type":"string"},"done":{"type":"boolean"}},"required":["text","done"]}}},"required":["items"]})"},
      {"check",
       "Runs the project's own checks on the work tree as it stands and says which tests fail that "
       "passed before. The verifier runs the same ones.",
       R"({"type":"object","properties":{}})"},
      {"ask",
       "Asks the person a question and waits, perhaps for hours. Only for what nothing else can "
       "answer.",
       R"({"type":"object","properties":{"question":{"type":"string"}},"required":["question"]})"},
      {"finish",
       "Says that the work is done. A verifier then runs the checks on the change in a fresh "
       "sandbox; what it finds wrong comes back to you.",
       R"({"type":"object","properties":{"summary":{"type":"string","description":"one line, as of a commit"},"details":{"type":"string","description":"for the reviewer: what was changed and why, and what to look at"}},"required":["summary"]})"},
  };
  return specs;
}

}  // namespace nightjar::agent::native
