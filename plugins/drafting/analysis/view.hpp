// A block with its words looked up: what every check is given.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "blocks.hpp"
#include "breaks.hpp"
#include "language.hpp"

namespace drafting::prose {

enum class Severity : std::uint8_t { suggestion, warning, error };
[[nodiscard]] std::string_view name_of(Severity severity) noexcept;

// Bounds of bytes: of a leaf while it is checked, of the text in a report.
struct Finding {
    std::string_view rule; // lives as long as the rules do
    std::string_view category;
    Severity severity = Severity::suggestion;
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string message;
    std::vector<std::string> replacements; // for what is between begin and end; the best first
};

// Words and sentences of a block; good until the language is trimmed.
struct View {
    const Block& block;
    Breaks breaks;
    std::vector<const Word*> words; // of each of breaks.words

    [[nodiscard]] std::string_view written(std::size_t word) const {
        const Token& token = breaks.words[word];
        return std::string_view(block.prose).substr(token.begin, token.end - token.begin);
    }
    // Whether nothing but space is between two words that follow each other.
    [[nodiscard]] bool adjoin(std::size_t word) const;
};

[[nodiscard]] View view_of(const Block& block, Language& language);

} // namespace drafting::prose
