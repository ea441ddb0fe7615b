// The command line of noa-draft-lint.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../analysis/view.hpp"
#include "noa/sdk/result.hpp"

namespace drafting::lint {

struct Options {
    std::vector<std::string> files; // "-": standard input
    std::string output = "text";    // text, json or sarif
    std::string syntax;             // markdown or text; "": by the file's name
    std::optional<prose::Severity> fail_on = prose::Severity::warning;
    std::vector<std::string> rules;
    bool plain_english = true;
    bool suggest = false;
    prose::LanguagePaths paths;
};

// INVALID says what is wrong with the words behind the program's name.
[[nodiscard]] noa::sdk::Result<Options> read_options(std::span<char* const> words);

} // namespace drafting::lint
