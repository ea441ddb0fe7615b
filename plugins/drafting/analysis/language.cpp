#include "language.hpp"

#include <fstream>
#include <iterator>

#include <libstemmer.h>

#include "utf.hpp"

namespace drafting::prose {

namespace {

constexpr std::size_t most_words = 40'000;
constexpr std::size_t longest_kept = 64;
constexpr std::uintmax_t largest_personal = 4U << 20U;

} // namespace

Language::Language(LanguagePaths paths)
    : paths_(std::move(paths)), stemmer_(sb_stemmer_new("english", "UTF_8")) {}

Language::~Language() {
    sb_stemmer_delete(stemmer_);
}

std::string Language::stem(const std::string& word) const {
    if (stemmer_ == nullptr || word.size() > longest_kept) {
        return word;
    }
    const auto* stem = sb_stemmer_stem(stemmer_, reinterpret_cast<const sb_symbol*>(word.data()),
                                       static_cast<int>(word.size()));
    return stem == nullptr ? word
                           : std::string(reinterpret_cast<const char*>(stem),
                                         static_cast<std::size_t>(sb_stemmer_length(stemmer_)));
}

const Spelling& Language::spelling() {
    if (!spelling_) {
        auto read = std::make_unique<Spelling>();
        if (!paths_.spelling.empty()) {
            if (auto loaded = read->load(paths_.spelling); !loaded) {
                faults_.push_back("spelling: " + loaded.error().text);
            }
        }
        read_personal(*read);
        spelling_ = std::move(read);
    }
    return *spelling_;
}

void Language::read_personal(Spelling& into) {
    for (const std::string& path : paths_.personal) {
        std::ifstream file(path, std::ios::binary);
        std::string lines;
        if (file) {
            lines.resize(largest_personal + 1);
            file.read(lines.data(), static_cast<std::streamsize>(lines.size()));
            lines.resize(static_cast<std::size_t>(file.gcount()));
        }
        if (!file.is_open() || file.bad() || lines.size() > largest_personal) {
            faults_.push_back("personal dictionary " + path + " cannot be read, or is over 4 MiB");
        } else if (auto added = into.add_personal(lines); !added) {
            faults_.push_back("personal dictionary " + path + ": " + added.error().text);
        }
    }
}

const Thesaurus& Language::thesaurus() {
    if (!thesaurus_) {
        thesaurus_ = std::make_unique<Thesaurus>();
        if (auto loaded = thesaurus_->load(paths_.thesaurus); !loaded) {
            faults_.push_back("thesaurus: " + loaded.error().text);
        }
    }
    return *thesaurus_;
}

Word Language::look_up(std::string_view written) {
    if (!syllables_) {
        syllables_ = std::make_unique<Syllables>(paths_.hyphenation);
        if (!syllables_->patterns() && !paths_.hyphenation.empty()) {
            faults_.push_back("hyphenation: there is no " + paths_.hyphenation +
                              ": syllables are counted by the rule alone");
        }
    }
    Word word;
    word.lower = lower(written);
    std::string straight = word.lower;
    for (auto at = straight.find("\xE2\x80\x99"); at != std::string::npos;
         at = straight.find("\xE2\x80\x99", at)) {
        straight.replace(at, 3, "'");
    }
    word.stem = stem(straight);
    word.traits = lists_.traits_of(straight);
    word.syllables = static_cast<std::uint8_t>(std::min(syllables_->count(straight), 255U));
    word.known = !is_spelled(written) || spelling().knows(std::string(written));
    return word;
}

const Word& Language::word(std::string_view written) {
    const auto found = words_.find(written);
    if (found != words_.end()) {
        return found->second;
    }
    return words_.emplace(std::string(written), look_up(written)).first->second;
}

void Language::trim() {
    if (words_.size() > most_words) {
        words_.clear();
    }
}

} // namespace drafting::prose
