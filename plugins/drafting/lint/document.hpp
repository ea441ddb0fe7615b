// A text that is checked again and again: only what changed is looked at.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <xxhash.h>

#include "../analysis/counts.hpp"
#include "../style/rule_checks.hpp"

namespace drafting::lint {

using prose::Finding;
using prose::Format;

inline constexpr std::size_t most_findings = 10'000;

struct Report {
    std::vector<Finding> findings; // in places of bytes, the first first; none of a broken rule
    prose::Counts counts;
    std::size_t leaves = 0;  // paragraphs, headings, rows
    std::size_t checked = 0; // of them, that were looked at this time
    std::size_t cut = 0;     // findings over the bound, which are not told
};

// Rules and language must outlive it; one thread at a time. Keeps what was found of each leaf by
// the hash of its text: some 300 bytes each, and its findings.
class Document {
public:
    enum class Keep : bool { no, yes }; // no: nothing is remembered for the next time
    Document(const style::Rules& rules, prose::Language& language, Format format,
             Keep keep = Keep::yes);

    // The text is UTF-8 without NUL, of 4 GiB at most.
    [[nodiscard]] Report check(std::string_view text);

    // Right in this text, whatever the dictionary says. In lower case: in any case.
    void allow(std::set<std::string, std::less<>> words) { allowed_ = std::move(words); }

private:
    struct Known {
        prose::Counts counts;
        std::vector<Finding> findings; // from the leaf's begin
        std::vector<style::Capture> captures;
        std::vector<prose::Heading> headings;
        std::uint64_t round = 0;
    };
    struct Key {
        XXH128_hash_t hash;
        friend bool operator==(const Key& one, const Key& other) noexcept {
            return one.hash.low64 == other.hash.low64 && one.hash.high64 == other.hash.high64;
        }
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const noexcept { return key.hash.low64; }
    };
    struct Whole {
        std::vector<style::Capture> captures;
        std::vector<prose::Heading> headings;
    };

    void look(const prose::Source& source, std::size_t leaf, std::string_view text, Known& into);
    void look_at_block(const prose::Block& block, std::string_view leaf_text, Known& into);
    void collect(const Known& known, std::size_t begin, std::string_view text, Report& report,
                 Whole& whole) const;

    const style::Rules& rules_;
    prose::Language& language_;
    Format format_;
    Keep keep_;
    std::set<std::string, std::less<>> allowed_;
    std::unordered_map<Key, Known, KeyHash> known_;
    std::uint64_t round_ = 0;
};

// Words near to those that are in no dictionary, as replacements: for the first `most` different
// words, five each. Takes milliseconds a word; false as soon as `go_on` is.
void suggest_spellings(Report& report, std::string_view text, prose::Language& language,
                       std::size_t most, const std::function<bool()>& go_on);

} // namespace drafting::lint
