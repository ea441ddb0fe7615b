// noa-draft-lint: what noactl draft lint becomes. It needs no host.
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>

#include "options.hpp"
#include "report.hpp"

namespace {

using drafting::lint::Document;
using drafting::lint::FileReport;
using drafting::lint::Options;
using drafting::lint::Report;
using drafting::prose::Format;
using noa::sdk::Json;

constexpr int exit_clean = 0;
constexpr int exit_found = 1;
constexpr int exit_usage = 2;
constexpr std::size_t largest_file = 64U << 20U;

int complain(const std::string& text) {
    std::cerr << "noa-draft-lint: " << text << '\n';
    return exit_usage;
}

noa::sdk::Result<std::string> read_all(const std::string& path, std::size_t largest) {
    std::ifstream file;
    if (path != "-") {
        file.open(path, std::ios::binary);
        if (!file) {
            return noa::sdk::not_found(path + ": cannot be read");
        }
    }
    std::istream& from = path == "-" ? std::cin : file;
    std::string text(std::istreambuf_iterator<char>(from), {});
    if (text.size() > largest) {
        return noa::sdk::too_large(path + ": is too large");
    }
    return text;
}

noa::sdk::Status read_rules(const Options& options, drafting::style::Rules& rules) {
    if (options.plain_english) {
        if (auto added = rules.add(drafting::style::plain_english(), "plain-english"); !added) {
            return added;
        }
    }
    for (const std::string& path : options.rules) {
        const auto text = read_all(path, std::size_t{1} << 20U);
        if (!text) {
            return noa::sdk::Error{text.error()};
        }
        if (auto added = rules.add(*text, path); !added) {
            return added;
        }
    }
    return {};
}

Format format_of(const Options& options, const std::string& file) {
    const bool plain = options.syntax.empty() ? file.ends_with(".txt") : options.syntax == "text";
    return plain ? Format::plain : Format::markdown;
}

struct Checked {
    std::string text;
    Report report;
};

Checked check(const Options& options, const std::string& file, std::string text,
              const drafting::style::Rules& rules, drafting::prose::Language& language) {
    Checked checked;
    const bool whole = drafting::prose::is_utf8(text);
    checked.text = whole ? std::move(text) : drafting::prose::mended(std::move(text));
    Document document(rules, language, format_of(options, file));
    checked.report = document.check(checked.text);
    if (options.suggest) {
        suggest_spellings(checked.report, checked.text, language, 1000, [] { return true; });
    }
    if (!whole) {
        checked.report.findings.insert(checked.report.findings.begin(),
                                       {"encoding",
                                        "encoding",
                                        drafting::prose::Severity::error,
                                        0,
                                        0,
                                        "The file is not UTF-8.",
                                        {}});
    }
    return checked;
}

void print(const Options& options, const std::vector<Checked>& all,
           const drafting::style::Rules& rules) {
    std::vector<drafting::prose::Places> places;
    places.reserve(all.size());
    std::vector<FileReport> files;
    Json list = Json::array();
    for (std::size_t at = 0; at < all.size(); ++at) {
        const std::string& file = options.files[at];
        if (options.output == "text") {
            std::cout << text_report(all[at].report, all[at].text, file);
            continue;
        }
        places.emplace_back(all[at].text);
        files.push_back({file, &all[at].report, &places.back()});
        if (options.output == "json") {
            list.push_back(
                {{"file", file},
                 {"findings", findings_json(all[at].report, places.back())},
                 {"cut", all[at].report.cut},
                 {"counts", drafting::lint::counts_json(all[at].report.counts)},
                 {"readability", drafting::lint::readability_json(all[at].report.counts)}});
        }
    }
    const auto dumped = [](const Json& json) {
        return json.dump(1, ' ', false, Json::error_handler_t::replace);
    };
    if (options.output == "sarif") {
        std::cout << dumped(sarif(files, rules)) << '\n';
    } else if (options.output == "json") {
        std::cout << dumped(list) << '\n';
    }
}

int run(std::span<char* const> words) {
    const auto options = drafting::lint::read_options(words);
    if (!options) {
        return complain(options.error().text);
    }
    drafting::style::Rules rules;
    if (const auto read = read_rules(*options, rules); !read) {
        return complain(noa::sdk::Status(read).error().text);
    }
    drafting::prose::Language language(options->paths);
    std::vector<Checked> all;
    bool fails = false;
    for (const std::string& file : options->files) {
        auto text = read_all(file, largest_file);
        if (!text) {
            return complain(text.error().text);
        }
        all.push_back(check(*options, file, *std::move(text), rules, language));
        for (const auto& finding : all.back().report.findings) {
            fails |= options->fail_on && finding.severity >= *options->fail_on;
        }
    }
    print(*options, all, rules);
    for (const std::string& fault : language.faults()) {
        std::cerr << "noa-draft-lint: " << fault << '\n';
    }
    std::cout.flush();
    return !std::cout ? complain("standard output cannot be written")
           : fails    ? exit_found
                      : exit_clean;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(std::span<char* const>(argv, static_cast<std::size_t>(argc)).subspan(1));
    } catch (const std::exception& exception) { // there is no memory
        std::fprintf(stderr, "noa-draft-lint: %s\n", exception.what());
        return exit_usage;
    }
}
