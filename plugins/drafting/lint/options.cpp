#include "options.hpp"

#include <string_view>

namespace drafting::lint {

using noa::sdk::invalid;
using noa::sdk::Result;
using noa::sdk::Status;

namespace {

bool set_fail_on(Options& options, std::string_view name) {
    if (name == "never") {
        options.fail_on.reset();
        return true;
    }
    for (const auto severity :
         {prose::Severity::suggestion, prose::Severity::warning, prose::Severity::error}) {
        if (prose::name_of(severity) == name) {
            options.fail_on = severity;
            return true;
        }
    }
    return false;
}

Status set_option(Options& options, std::string_view name, const std::string& value) {
    const auto refused = [&](const char* wanted) {
        return invalid(std::string(name) + " must be " + wanted);
    };
    if (name == "--format") {
        options.output = value;
        return value == "text" || value == "json" || value == "sarif"
                   ? Status()
                   : refused("text, json or sarif");
    }
    if (name == "--syntax") {
        options.syntax = value;
        return value == "markdown" || value == "text" ? Status() : refused("markdown or text");
    }
    if (name == "--fail-on") {
        return set_fail_on(options, value) ? Status()
                                           : refused("suggestion, warning, error or never");
    }
    if (name == "--rules") {
        options.rules.push_back(value);
    } else if (name == "--personal") {
        options.paths.personal.push_back(value);
    } else if (name == "--dictionary") {
        options.paths.spelling = value;
    } else {
        return invalid("there is no option " + std::string(name));
    }
    return {};
}

} // namespace

Result<Options> read_options(std::span<char* const> words) {
    Options options;
    bool files_only = false;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const std::string word = words[at];
        if (files_only || word == "-" || !word.starts_with("-")) {
            options.files.push_back(word);
        } else if (word == "--") {
            files_only = true;
        } else if (word == "--no-plain-english") {
            options.plain_english = false;
        } else if (word == "--suggest") {
            options.suggest = true;
        } else {
            const std::size_t equals = word.find('=');
            const bool inside = equals != std::string::npos;
            if (!inside && at + 1 >= words.size()) {
                return invalid(word + " needs a value, or is no option");
            }
            const std::string value = inside ? word.substr(equals + 1) : std::string(words[++at]);
            if (Status set = set_option(options, word.substr(0, equals), value); !set) {
                return set.error();
            }
        }
    }
    if (options.files.empty()) {
        return invalid("which files? \"-\" is standard input");
    }
    return options;
}

} // namespace drafting::lint
