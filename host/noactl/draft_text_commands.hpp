// `noactl draft lint`, `export` and `import`: texts looked at, taken out and in.
#pragma once

#include <string>
#include <vector>

#include "noactl/commands.hpp"

namespace noa::noactl {

struct DraftTextArgs {
    std::vector<std::string> files; // "-": standard input
    std::string format;             // "": as the command has it
    std::string syntax;             // markdown or text; "": by the name of the file
    std::string as;                 // who acts; "": who runs it
    std::string fail_on = "warning";
    std::vector<std::string> rules;
    std::vector<std::string> personal;
    std::string dictionary;
    bool no_plain_english = false;
    bool suggest = false;
    std::string id;
    std::string title;
    std::string type;
    std::string file; // "": standard output
};

// Becomes the linter: no host is needed. Returns only when that fails.
[[nodiscard]] int draft_lint(const Globals& globals, const DraftTextArgs& args);
[[nodiscard]] int draft_export(const Globals& globals, const DraftTextArgs& args);
[[nodiscard]] int draft_import(const Globals& globals, const DraftTextArgs& args);

} // namespace noa::noactl
