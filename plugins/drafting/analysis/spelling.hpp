// Whether words are in a dictionary, and which come near.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "noa/sdk/result.hpp"

namespace drafting::prose {

// A dictionary as hunspell has them, by nuspell. en_US takes 6 MiB and 30 ms to load. Reading does
// not change it, but one thread at a time is enough here.
class Spelling {
public:
    Spelling();
    ~Spelling();
    Spelling(const Spelling&) = delete;
    Spelling& operator=(const Spelling&) = delete;

    // `path` without its ".aff" and ".dic". NOT_FOUND: there is none; INVALID: it is broken.
    [[nodiscard]] noa::sdk::Status load(const std::string& path);
    [[nodiscard]] bool loaded() const noexcept { return loaded_; }

    // Words of people: one a line, '#' begins a comment; case counts for upper-case letters only,
    // as in a dictionary. At most 100,000, each at most 100 bytes; INVALID says what is not so.
    [[nodiscard]] noa::sdk::Status add_personal(std::string_view lines);

    // A word that no dictionary could have, or without a dictionary, is taken for right.
    [[nodiscard]] bool knows(const std::string& word) const;
    // The nearest first. Takes milliseconds. None for words over 60 bytes.
    [[nodiscard]] std::vector<std::string> near(const std::string& word, std::size_t most) const;

private:
    struct Dictionary;
    std::unique_ptr<Dictionary> dictionary_;
    std::unordered_set<std::string> personal_;
    bool loaded_ = false;
};

// Whether spelling has a say: not for words with digits or '_', for abbreviations in upper case
// and names of programs ("noactl" is, "iPhone" is not), and for single letters.
[[nodiscard]] bool is_spelled(std::string_view word) noexcept;

} // namespace drafting::prose
