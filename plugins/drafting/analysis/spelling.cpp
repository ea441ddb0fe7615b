#include "spelling.hpp"

#include <algorithm>
#include <filesystem>

#include <nuspell/dictionary.hxx>

#include "utf.hpp"

namespace drafting::prose {

struct Spelling::Dictionary {
    nuspell::Dictionary words;
};

namespace {

constexpr std::size_t most_personal = 100'000;
constexpr std::size_t longest_personal = 100;
constexpr std::size_t longest_looked_up = 100;
constexpr std::size_t longest_suggested = 60;

bool upper_ascii(char letter) noexcept {
    return letter >= 'A' && letter <= 'Z';
}

std::string straightened(std::string word) {
    constexpr std::string_view curly = "\xE2\x80\x99";
    for (std::size_t at = word.find(curly); at != std::string::npos; at = word.find(curly, at)) {
        word.replace(at, curly.size(), "'");
    }
    return word;
}

} // namespace

Spelling::Spelling() = default;
Spelling::~Spelling() = default;

noa::sdk::Status Spelling::load(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path + ".aff", error) ||
        !std::filesystem::is_regular_file(path + ".dic", error)) {
        return noa::sdk::not_found("there is no dictionary " + path + ".aff with its .dic");
    }
    auto read = std::make_unique<Dictionary>();
    try {
        read->words.load_aff_dic(path + ".aff");
    } catch (const std::exception& exception) {
        return noa::sdk::invalid(path + ".aff: " + exception.what());
    }
    dictionary_ = std::move(read);
    loaded_ = true;
    return {};
}

noa::sdk::Status Spelling::add_personal(std::string_view lines) {
    std::size_t number = 0;
    while (!lines.empty()) {
        ++number;
        const std::size_t newline = lines.find('\n');
        std::string_view word = lines.substr(0, std::min(newline, lines.find('#')));
        lines.remove_prefix(newline == std::string_view::npos ? lines.size() : newline + 1);
        while (!word.empty() &&
               (word.back() == ' ' || word.back() == '\r' || word.back() == '\t')) {
            word.remove_suffix(1);
        }
        if (word.empty()) {
            continue;
        }
        if (word.size() > longest_personal || !is_utf8(word)) {
            return noa::sdk::invalid("line " + std::to_string(number) +
                                     ": a word is UTF-8 of 100 bytes at most");
        }
        if (personal_.size() >= most_personal) {
            return noa::sdk::invalid("more than 100000 words");
        }
        personal_.emplace(word);
    }
    return {};
}

bool Spelling::knows(const std::string& word) const {
    if (!loaded_ || word.size() > longest_looked_up) {
        return true;
    }
    const std::string straight = straightened(word);
    if (dictionary_->words.spell(straight) || personal_.contains(straight)) {
        return true;
    }
    if (personal_.empty()) {
        return false;
    }
    std::string_view stem = straight;
    if (stem.ends_with("'s")) {
        stem.remove_suffix(2);
    }
    return personal_.contains(std::string(stem)) || personal_.contains(lower(stem));
}

std::vector<std::string> Spelling::near(const std::string& word, std::size_t most) const {
    std::vector<std::string> found;
    if (loaded_ && word.size() <= longest_suggested) {
        dictionary_->words.suggest(straightened(word), found);
        found.resize(std::min(found.size(), most));
    }
    return found;
}

bool is_spelled(std::string_view word) noexcept {
    if (word.size() < 2) {
        return false;
    }
    bool lower_found = false;
    bool upper_within = false;
    for (std::size_t at = 0; at < word.size(); ++at) {
        const char letter = word[at];
        if ((letter >= '0' && letter <= '9') || letter == '_' || letter == '.') {
            return false;
        }
        lower_found |= !upper_ascii(letter) && letter != '\'';
        upper_within |= at > 0 && upper_ascii(letter);
    }
    return lower_found && !upper_within;
}

} // namespace drafting::prose
