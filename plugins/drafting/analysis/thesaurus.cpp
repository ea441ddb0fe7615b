#include "thesaurus.hpp"

#include <algorithm>
#include <filesystem>

#include <mythes.hxx>

namespace drafting::prose {

struct Thesaurus::Book {
    Book(const std::string& index, const std::string& data) : words(index.c_str(), data.c_str()) {}
    MyThes words;
};

namespace {

constexpr std::size_t longest_entry = 100;

// "(noun)", "verb", "(adj)": the data's own form differs by language.
std::string part_named(std::string_view definition) {
    const auto open = definition.find('(');
    const auto close = definition.find(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
        return {};
    }
    return std::string(definition.substr(open + 1, close - open - 1));
}

} // namespace

Thesaurus::Thesaurus() = default;
Thesaurus::~Thesaurus() = default;

noa::sdk::Status Thesaurus::load(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path + ".idx", error) ||
        !std::filesystem::is_regular_file(path + ".dat", error)) {
        return noa::sdk::not_found("there is no thesaurus " + path + ".idx with its .dat");
    }
    auto book = std::make_unique<Book>(path + ".idx", path + ".dat");
    if (book->words.get_th_encoding() == nullptr) {
        return noa::sdk::invalid("the thesaurus " + path + ".idx is broken");
    }
    book_ = std::move(book);
    return {};
}

bool Thesaurus::loaded() const noexcept {
    return book_ != nullptr;
}

std::vector<Meaning> Thesaurus::meanings(std::string_view word) const {
    std::vector<Meaning> found;
    if (!book_ || word.empty() || word.size() > longest_entry) {
        return found;
    }
    const std::string copy(word);
    mentry* entries = nullptr;
    const int count = book_->words.Lookup(copy.c_str(), static_cast<int>(copy.size()), &entries);
    for (int at = 0; at < count; ++at) {
        Meaning meaning;
        meaning.part = part_named(entries[at].defn);
        for (int word_at = 0; word_at < entries[at].count; ++word_at) {
            const std::string_view synonym = entries[at].psyns[word_at];
            if (!synonym.empty() && synonym != word) {
                meaning.words.emplace_back(synonym);
            }
        }
        found.push_back(std::move(meaning));
    }
    if (entries != nullptr) {
        book_->words.CleanUpAfterLookup(&entries, count);
    }
    return found;
}

} // namespace drafting::prose
