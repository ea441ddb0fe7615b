#include "checks.hpp"

#include <algorithm>
#include <map>

#include "utf.hpp"

namespace drafting::prose {

namespace {

struct Sink {
    const View& view;
    const CheckSettings& settings;
    std::vector<Finding>& findings;

    void add(Check check, std::size_t begin, std::size_t end, std::string message,
             std::vector<std::string> replacements = {}) {
        if (const auto severity = settings.severity(check)) {
            const CheckInfo& info = info_of(check);
            findings.push_back({info.name, info.category, *severity, begin, end, std::move(message),
                                std::move(replacements)});
        }
    }
    [[nodiscard]] std::size_t begin(std::size_t word) const {
        return view.breaks.words[word].begin;
    }
    [[nodiscard]] std::size_t end(std::size_t word) const { return view.breaks.words[word].end; }
    [[nodiscard]] std::string quoted(std::size_t word) const {
        return '"' + std::string(view.written(word)) + '"';
    }
};

bool has(const Word& word, std::uint32_t traits) noexcept {
    return (word.traits & traits) != 0;
}

bool is_adverb(const Word& word) {
    return word.lower.size() > 4 && word.lower.ends_with("ly") &&
           !has(word, trait_not_adverb | trait_stop);
}

bool is_participle(const Word& word) {
    return has(word, trait_participle) || (word.lower.size() > 3 && word.lower.ends_with("ed") &&
                                           !has(word, trait_not_participle));
}

void check_passive(Sink& sink, std::size_t at, Counts& counts) {
    const View& view = sink.view;
    if (!has(*view.words[at], trait_be)) {
        return;
    }
    std::size_t to = at + 1;
    while (to < view.words.size() && to < at + 4 && view.adjoin(to - 1) &&
           (has(*view.words[to], trait_between) || is_adverb(*view.words[to]))) {
        ++to;
    }
    if (to < view.words.size() && view.adjoin(to - 1) && is_participle(*view.words[to])) {
        ++counts.passives;
        sink.add(Check::passive, sink.begin(at), sink.end(to),
                 "Passive voice: say who does it, if that matters.");
    }
}

void check_duplicate(Sink& sink, std::size_t at) {
    const View& view = sink.view;
    static constexpr std::array<std::string_view, 5> doubled{"that", "had", "is", "very", "no"};
    if (at == 0 || view.words[at]->lower != view.words[at - 1]->lower || !view.adjoin(at - 1) ||
        !view.breaks.words[at].letters ||
        std::ranges::find(doubled, view.words[at]->lower) != doubled.end()) {
        return;
    }
    // "Yes yes", but no name that is one: "Pago Pago"
    const auto written = view.written(at);
    if (written[0] >= 'A' && written[0] <= 'Z' && written == view.written(at - 1) &&
        written.size() > 3) {
        return;
    }
    sink.add(Check::duplicate_word, sink.begin(at - 1), sink.end(at),
             "The word " + sink.quoted(at) + " is there twice.",
             {std::string(view.written(at - 1))});
}

// Whether it is spoken with a vowel first; none: it cannot be told.
std::optional<bool> vowel_first(std::string_view lower, std::string_view written) {
    static constexpr std::array<std::string_view, 9> vowels{
        "hour", "honest", "honor", "honour", "heir", "heirloom", "hourly", "honestly", "honorary"};
    static constexpr std::array<std::string_view, 11> consonants{
        "uni", "use", "usu", "uti", "eu", "one", "once", "ubiq", "ura", "uku", "ewe"};
    const bool letters =
        std::ranges::all_of(lower, [](char letter) { return letter >= 'a' && letter <= 'z'; });
    const bool spelled_out = written.size() > 1 && written[1] >= 'A' && written[1] <= 'Z';
    if (!letters || lower.size() < 2 || spelled_out) {
        return std::nullopt;
    }
    if (std::ranges::find(vowels, lower) != vowels.end()) {
        return true;
    }
    if (lower.starts_with("unin") || lower.starts_with("unim") || lower.starts_with("unid")) {
        return true;
    }
    for (const auto begin : consonants) {
        if (lower.starts_with(begin)) {
            return false;
        }
    }
    return std::string_view("aeiou").find(lower[0]) != std::string_view::npos;
}

void check_article(Sink& sink, std::size_t at) {
    const View& view = sink.view;
    const std::string& word = view.words[at]->lower;
    if ((word != "a" && word != "an") || at + 1 >= view.words.size() || !view.adjoin(at) ||
        (at > 0 && view.written(at) == "A" && sink.begin(at) > 0 && view.adjoin(at - 1))) {
        return;
    }
    const auto vowel = vowel_first(view.words[at + 1]->lower, view.written(at + 1));
    if (!vowel || *vowel == (word == "an")) {
        return;
    }
    std::string wanted = *vowel ? "an" : "a";
    if (view.written(at)[0] == 'A') {
        wanted[0] = 'A';
    }
    const std::string message = "\"" + wanted + "\" goes before " + sink.quoted(at + 1) + ".";
    sink.add(Check::article, sink.begin(at), sink.end(at), message, {wanted});
}

// Whether a sentence begins with this word: behind a full stop of a word that is no abbreviation,
// at the begin, or behind another mark.
bool begins_sentence(const View& view, std::size_t word) {
    if (word == 0) {
        return view.breaks.words[0].begin == 0;
    }
    const Token& before = view.breaks.words[word - 1];
    const auto between = std::string_view(view.block.prose)
                             .substr(before.end, view.breaks.words[word].begin - before.end);
    return (between == ". " || between == "! " || between == "? ") &&
           before.end - before.begin > 2 && !has(*view.words[word - 1], trait_short);
}

void check_case(Sink& sink, std::size_t word) {
    const View& view = sink.view;
    const std::string_view written = view.written(word);
    const bool plain =
        std::ranges::all_of(written, [](char letter) { return letter >= 'a' && letter <= 'z'; });
    const bool starts = word == 0;
    if (view.block.kind == BlockKind::paragraph && !view.block.in_list && plain &&
        view.words[word]->known && begins_sentence(view, word) &&
        (!starts || (view.words.size() > 2 && view.block.prose.ends_with('.')))) {
        sink.add(Check::sentence_case, sink.begin(word), sink.end(word),
                 "A sentence begins with a capital letter.", {capitalised(written)});
    }
}

void check_words(Sink& sink, Counts& counts) {
    const View& view = sink.view;
    for (std::size_t at = 0; at < view.words.size(); ++at) {
        const Word& word = *view.words[at];
        if (!word.known) {
            sink.add(Check::spelling, sink.begin(at), sink.end(at),
                     sink.quoted(at) + " is in no dictionary.");
        }
        check_duplicate(sink, at);
        check_article(sink, at);
        check_case(sink, at);
        check_passive(sink, at, counts);
        if (is_adverb(word)) {
            ++counts.adverbs;
            if (!has(word, trait_weak)) {
                sink.add(Check::adverb, sink.begin(at), sink.end(at),
                         "The adverb " + sink.quoted(at) + " may say less than a better verb.");
            }
        }
        if (has(word, trait_weak)) {
            sink.add(Check::weak_word, sink.begin(at), sink.end(at),
                     sink.quoted(at) + " says little: leave it out, or say how much.");
        }
    }
}

// Words of one sentence: [first, last).
struct Range {
    std::size_t first = 0;
    std::size_t last = 0;
};

void check_repeated(Sink& sink, Range words) {
    if (!sink.settings.severity(Check::repeated_word) || words.last - words.first < 6) {
        return;
    }
    std::map<std::string_view, unsigned> seen;
    for (std::size_t at = words.first; at < words.last; ++at) {
        const Word& word = *sink.view.words[at];
        if (word.lower.size() >= 4 && !has(word, trait_stop) && ++seen[word.stem] == 3) {
            sink.add(Check::repeated_word, sink.begin(at), sink.end(at),
                     "This sentence has " + sink.quoted(at) + " three times.");
        }
    }
}

void check_sentences(Sink& sink) {
    const View& view = sink.view;
    std::size_t word = 0;
    std::size_t alike = 0;
    std::string_view opening;
    for (const Span& sentence : view.breaks.sentences) {
        Range words{word, word};
        while (words.last < view.words.size() && sink.begin(words.last) < sentence.end) {
            ++words.last;
        }
        word = words.last;
        if (words.first == words.last) {
            continue;
        }
        const std::size_t size = words.last - words.first;
        if (size > sink.settings.sentence_words) {
            sink.add(Check::long_sentence, sentence.begin, sentence.end,
                     "A sentence of " + std::to_string(size) + " words: " +
                         std::to_string(sink.settings.sentence_words) + " are enough.");
        }
        check_repeated(sink, words);
        const std::string_view first = view.words[words.first]->lower;
        alike = first == opening ? alike + 1 : 1;
        opening = first;
        if (alike == 3) {
            sink.add(Check::repeated_start, sink.begin(words.first), sink.end(words.first),
                     "Three sentences in a row begin with " + sink.quoted(words.first) + ".");
        }
    }
}

} // namespace

void check_block(const View& view, const CheckSettings& settings, Counts& counts,
                 std::vector<Finding>& findings) {
    Sink sink{view, settings, findings};
    check_words(sink, counts);
    if (view.block.kind != BlockKind::cell) {
        check_sentences(sink);
    }
}

} // namespace drafting::prose
