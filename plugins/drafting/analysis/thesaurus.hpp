// Words of the same meaning, and what part of speech a word may be.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "noa/sdk/result.hpp"

namespace drafting::prose {

struct Meaning {
    std::string part; // "noun", "verb", "adj", "adv"; or ""
    std::vector<std::string> words;
};

// A thesaurus as MyThes has them. The index of en_US takes 10 MiB; texts are read from the disk.
class Thesaurus {
public:
    Thesaurus();
    ~Thesaurus();
    Thesaurus(const Thesaurus&) = delete;
    Thesaurus& operator=(const Thesaurus&) = delete;

    // `path` without its ".idx" and ".dat". NOT_FOUND: there is none.
    [[nodiscard]] noa::sdk::Status load(const std::string& path);
    [[nodiscard]] bool loaded() const noexcept;

    // Of a word in lower case; none for one over 100 bytes.
    [[nodiscard]] std::vector<Meaning> meanings(std::string_view word) const;

private:
    struct Book;
    std::unique_ptr<Book> book_;
};

} // namespace drafting::prose
