// What a text is about, and how alike two are.
#pragma once

#include <string>
#include <vector>

#include "blocks.hpp"
#include "language.hpp"

namespace drafting::prose {

struct Keyword {
    std::string word;      // as it is written most often, in lower case
    std::size_t count = 0; // of all words of its stem
    double share = 0;      // of all words that are no stop words
};

// The stems told most often, without stop words, digits and words of two letters; and pairs of them
// that stand side by side three times and more.
[[nodiscard]] std::vector<Keyword> keywords(std::string_view text, Format format,
                                            Language& language, std::size_t most);

struct Similarity {
    double words = 0;   // cosine of how often each stem is told, without stop words: 0 to 1
    double phrases = 0; // of all runs of five words in either, how many are in both: 0 to 1
};
[[nodiscard]] Similarity similarity(std::string_view one, std::string_view other, Format format,
                                    Language& language);

struct TaggedWord {
    std::size_t begin = 0; // bytes of the text
    std::size_t end = 0;
    std::string stem;
    std::string part; // noun, verb, adj, adv, pronoun, determiner, …; several by '|'; or ""
    bool stop = false;
    unsigned syllables = 1;
    std::size_t sentence = 0;
};
// Parts of speech a word may be of, by itself: lists, the thesaurus, and endings. It says what is
// possible, and does not choose by the words around.
[[nodiscard]] std::vector<TaggedWord> words_of(std::string_view text, Format format,
                                               Language& language, std::size_t most);

// All that a word may be, in words; "" if nothing is known of it.
[[nodiscard]] std::string part_of_speech(const Word& word, const Thesaurus& thesaurus);

} // namespace drafting::prose
