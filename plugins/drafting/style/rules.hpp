// Rules of style, read from files and compiled once.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "../analysis/checks.hpp"
#include "noa/sdk/result.hpp"

namespace re2 {
class RE2;
}

namespace drafting::style {

using prose::Severity;

enum class Kind : std::uint8_t {
    existence,
    substitution,
    repetition,
    capitalisation,
    limit,
    conditional
};

enum Scope : std::uint8_t {
    scope_paragraph = 1U << 0U, // outside of lists and quotes
    scope_heading = 1U << 1U,
    scope_list = 1U << 2U,
    scope_cell = 1U << 3U,
    scope_quote = 1U << 4U,
    scope_all = 0x1FU,
};

// Matched by RE2, in time linear to the text and memory that is bounded: no pattern hangs.
struct Pattern {
    std::unique_ptr<re2::RE2> expression;
    std::optional<std::string> replacement; // with \1 to \9
    Pattern();
    Pattern(Pattern&&) noexcept;
    Pattern& operator=(Pattern&&) noexcept;
    ~Pattern();
};

struct Rule {
    std::string id;
    std::string category;
    std::string message; // {match} and {replacement} stand for what they name
    Kind kind = Kind::existence;
    std::optional<Severity> severity; // none: off
    std::uint8_t scope = scope_all;
    std::vector<Pattern> patterns; // of existence and substitution; conditional: first and second
    std::set<std::string, std::less<>> exceptions;
    std::string style; // of capitalisation: sentence, title, upper or lower
    std::string of;    // of a limit
    std::string per;
    double most = std::numeric_limits<double>::infinity();
    double least = -std::numeric_limits<double>::infinity();
    std::uint64_t min_words = 0; // of a text that a limit per text is for
    std::size_t within = 1;      // of repetition: words back
    std::size_t min_length = 1;
};

// Words that stand side by side, and whose they are.
struct Phrase {
    std::size_t rule = 0;
    bool exact = false; // case counts
    std::string text;
    std::vector<std::string> replacements;
};
struct PhraseNode {
    std::unordered_map<std::string, std::uint32_t> next;
    std::vector<Phrase> ends;
};

// Several files, one over the other: a rule of the same id replaces the earlier one. Bounds: 2,000
// rules, 20,000 phrases of 12 words, 1,000 patterns of 1,000 bytes.
class Rules {
public:
    Rules();
    ~Rules();
    Rules(Rules&&) noexcept;
    Rules& operator=(Rules&&) noexcept;

    // `name` stands before what is wrong: "plain.toml: line 3, column 1: …". Nothing is added then.
    [[nodiscard]] noa::sdk::Status add(std::string_view toml, const std::string& name);

    [[nodiscard]] const std::vector<Rule>& all() const noexcept { return rules_; }
    [[nodiscard]] const std::vector<PhraseNode>& phrases() const noexcept { return nodes_; }
    [[nodiscard]] const prose::CheckSettings& checks() const noexcept { return checks_; }
    [[nodiscard]] prose::CheckSettings& checks() noexcept { return checks_; }

private:
    friend class Compiler;
    std::vector<Rule> rules_;
    std::vector<PhraseNode> nodes_;
    prose::CheckSettings checks_;
    std::size_t phrase_count_ = 0;
    std::size_t pattern_count_ = 0;
};

// What comes with noa: plain English, in words of our own.
[[nodiscard]] std::string_view plain_english() noexcept;

} // namespace drafting::style
