// What is known of the words of a language; read when it is first asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "breaks.hpp"
#include "spelling.hpp"
#include "syllables.hpp"
#include "thesaurus.hpp"
#include "word_lists.hpp"

struct sb_stemmer;

namespace drafting::prose {

// Where Debian's packages have them. A file that is not there is said in `faults()`, and what needs
// it is left out.
struct LanguagePaths {
    std::string spelling = "/usr/share/hunspell/en_US";
    std::string hyphenation = "/usr/share/hyphen/hyph_en_US.dic";
    std::string thesaurus = "/usr/share/mythes/th_en_US_v2";
    std::vector<std::string> personal; // files of words
};

struct Word {
    std::string lower;
    std::string stem;
    std::uint32_t traits = 0; // WordTrait
    std::uint8_t syllables = 1;
    bool known = true; // to spelling, as it is written
};

// English; for one thread at a time. Up to 20 MiB with all of it read; words that were looked up
// take at most 10 MiB more.
class Language {
public:
    explicit Language(LanguagePaths paths);
    ~Language();
    Language(const Language&) = delete;
    Language& operator=(const Language&) = delete;

    // The word as written in a text. The reference is good until trim().
    [[nodiscard]] const Word& word(std::string_view written);
    // Forgets words if there are many.
    void trim();

    [[nodiscard]] const Spelling& spelling();
    [[nodiscard]] const Thesaurus& thesaurus();
    [[nodiscard]] Breaker& breaker() noexcept { return breaker_; }
    // What could not be read so far, in words.
    [[nodiscard]] const std::vector<std::string>& faults() const noexcept { return faults_; }

    [[nodiscard]] std::string stem(const std::string& lower_word) const;

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    [[nodiscard]] Word look_up(std::string_view written);
    void read_personal(Spelling& into);

    LanguagePaths paths_;
    WordLists lists_;
    Breaker breaker_{lists_};
    sb_stemmer* stemmer_;
    std::unique_ptr<Syllables> syllables_;
    std::unique_ptr<Spelling> spelling_;
    std::unique_ptr<Thesaurus> thesaurus_;
    std::unordered_map<std::string, Word, Hash, std::equal_to<>> words_;
    std::vector<std::string> faults_;
};

} // namespace drafting::prose
