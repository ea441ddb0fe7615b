#include "topics.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "view.hpp"

namespace drafting::prose {

namespace {

bool is_topic(const Word& word, const Token& token) {
    return (word.traits & trait_stop) == 0 && token.letters && !token.digits &&
           word.lower.size() > 2;
}

template <class Each>
void each_view(std::string_view text, Format format, Language& language, Each each) {
    const Source source(text, format);
    for (std::size_t leaf = 0; leaf < source.leaves().size(); ++leaf) {
        for (const Block& block : source.blocks(leaf)) {
            language.trim();
            each(view_of(block, language), source.leaves()[leaf].begin);
        }
    }
}

struct Told {
    std::size_t count = 0;
    std::map<std::string, std::size_t> forms;

    void add(const std::string& form) {
        ++count;
        ++forms[form];
    }
    [[nodiscard]] const std::string& form() const {
        return std::ranges::max_element(forms, {}, [](const auto& form) { return form.second; })
            ->first;
    }
};

struct Profile {
    std::map<std::string, std::size_t> stems;
    std::set<std::size_t> phrases;
};

Profile profile_of(std::string_view text, Format format, Language& language) {
    constexpr std::size_t run = 5;
    Profile profile;
    each_view(text, format, language, [&](const View& view, std::size_t) {
        for (std::size_t at = 0; at < view.words.size(); ++at) {
            if (is_topic(*view.words[at], view.breaks.words[at])) {
                ++profile.stems[view.words[at]->stem];
            }
            if (at + run <= view.words.size()) {
                std::size_t hash = 0;
                for (std::size_t word = at; word < at + run; ++word) {
                    hash = hash * 1'000'003U + std::hash<std::string>{}(view.words[word]->lower);
                }
                profile.phrases.insert(hash);
            }
        }
    });
    return profile;
}

double cosine(const Profile& one, const Profile& other) {
    double product = 0;
    const auto norm = [](const Profile& profile) {
        double sum = 0;
        for (const auto& [stem, count] : profile.stems) {
            sum += static_cast<double>(count) * static_cast<double>(count);
        }
        return std::sqrt(sum);
    };
    for (const auto& [stem, count] : one.stems) {
        const auto found = other.stems.find(stem);
        if (found != other.stems.end()) {
            product += static_cast<double>(count) * static_cast<double>(found->second);
        }
    }
    const double norms = norm(one) * norm(other);
    return norms > 0 ? std::min(product / norms, 1.0) : 0;
}

void join_part(std::string& parts, std::string_view part) {
    if (part.empty() || parts.find(part) != std::string::npos) {
        return;
    }
    parts += parts.empty() ? "" : "|";
    parts += part;
}

std::string part_by_ending(std::string_view word) {
    const auto has_end = [word](std::initializer_list<std::string_view> ends) {
        return std::ranges::any_of(ends, [word](std::string_view end) {
            return word.size() > end.size() + 2 && word.ends_with(end);
        });
    };
    if (has_end({"ly"})) {
        return "adv";
    }
    if (has_end({"tion", "sion", "ness", "ment", "ity", "ance", "ence", "ship", "ism"})) {
        return "noun";
    }
    if (has_end({"ous", "ful", "less", "able", "ible", "ive", "ical", "ish"})) {
        return "adj";
    }
    return has_end({"ize", "ise", "ify", "ing", "ed"}) ? "verb" : "";
}

} // namespace

std::vector<Keyword> keywords(std::string_view text, Format format, Language& language,
                              std::size_t most) {
    std::map<std::string, Told> told;
    std::map<std::string, Told> pairs;
    std::size_t all = 0;
    each_view(text, format, language, [&](const View& view, std::size_t) {
        for (std::size_t at = 0; at < view.words.size(); ++at) {
            const Word& word = *view.words[at];
            if (!is_topic(word, view.breaks.words[at])) {
                continue;
            }
            ++all;
            told[word.stem].add(word.lower);
            if (at > 0 && view.adjoin(at - 1) &&
                is_topic(*view.words[at - 1], view.breaks.words[at - 1])) {
                const Word& before = *view.words[at - 1];
                pairs[before.stem + ' ' + word.stem].add(before.lower + ' ' + word.lower);
            }
        }
    });
    std::vector<Keyword> found;
    found.reserve(told.size() + pairs.size());
    for (const auto& [stem, entry] : told) {
        found.push_back({entry.form(), entry.count, 0});
    }
    for (const auto& [stem, entry] : pairs) {
        if (entry.count >= 3) {
            found.push_back({entry.form(), entry.count, 0});
        }
    }
    std::ranges::stable_sort(found, std::greater(), &Keyword::count);
    found.resize(std::min(found.size(), most));
    for (Keyword& keyword : found) {
        keyword.share = static_cast<double>(keyword.count) / static_cast<double>(all);
    }
    return found;
}

Similarity similarity(std::string_view one, std::string_view other, Format format,
                      Language& language) {
    const Profile first = profile_of(one, format, language);
    const Profile second = profile_of(other, format, language);
    std::size_t both = 0;
    for (const std::size_t phrase : first.phrases) {
        both += second.phrases.contains(phrase) ? 1U : 0U;
    }
    const std::size_t either = first.phrases.size() + second.phrases.size() - both;
    return {cosine(first, second),
            either > 0 ? static_cast<double>(both) / static_cast<double>(either) : 0};
}

std::string part_of_speech(const Word& word, const Thesaurus& thesaurus) {
    static constexpr std::pair<std::uint32_t, std::string_view> listed[] = {
        {trait_determiner, "determiner"},   {trait_pronoun, "pronoun"},
        {trait_preposition, "preposition"}, {trait_conjunction, "conjunction"},
        {trait_auxiliary, "auxiliary"},     {trait_participle, "verb"}};
    std::string parts;
    for (const auto& [trait, name] : listed) {
        if ((word.traits & trait) != 0) {
            join_part(parts, name);
        }
    }
    if ((word.traits & trait_stop) == 0) {
        auto meanings = thesaurus.meanings(word.lower);
        if (meanings.empty()) {
            meanings = thesaurus.meanings(word.stem);
        }
        for (const Meaning& meaning : meanings) {
            join_part(parts, meaning.part);
        }
    }
    return parts.empty() ? part_by_ending(word.lower) : parts;
}

std::vector<TaggedWord> words_of(std::string_view text, Format format, Language& language,
                                 std::size_t most) {
    std::vector<TaggedWord> found;
    std::unordered_map<std::string, std::string> parts;
    const Thesaurus& thesaurus = language.thesaurus();
    std::size_t sentences = 0;
    each_view(text, format, language, [&](const View& view, std::size_t begin) {
        std::size_t sentence = 0;
        for (std::size_t at = 0; at < view.words.size() && found.size() < most; ++at) {
            const Word& word = *view.words[at];
            const Token& token = view.breaks.words[at];
            while (sentence + 1 < view.breaks.sentences.size() &&
                   token.begin >= view.breaks.sentences[sentence].end) {
                ++sentence;
            }
            auto known = parts.find(word.lower);
            if (known == parts.end()) {
                known = parts.emplace(word.lower, part_of_speech(word, thesaurus)).first;
            }
            const Span span = view.block.source({token.begin, token.end});
            found.push_back({begin + span.begin, begin + span.end, word.stem, known->second,
                             (word.traits & trait_stop) != 0, word.syllables,
                             sentences + sentence});
        }
        sentences += view.breaks.sentences.size();
    });
    return found;
}

} // namespace drafting::prose
