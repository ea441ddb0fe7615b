#include "rules.hpp"

// Of a match, before it is given up: what is hostile takes no more than milliseconds.
#define BOOST_REGEX_MAX_STATE_COUNT 1000000
#include <boost/regex.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include "../model/plain_text.hpp"
#include "normal_form.hpp"

namespace communication {

namespace {

enum class Subject : std::uint8_t { script, sql, custom };

struct BuiltIn {
    const char* name;
    Subject subject;
    const char* pattern;
};

// Matched with a normal form: lower case, one blank at most, no entities. Repetition is bounded.
constexpr std::array<BuiltIn, 12> built_in{{
    {"script.tag", Subject::script, "<[ /]{0,4}script(?:[ />]|$)"},
    {"script.handler", Subject::script, "<[a-z!?/][^<>]{0,512}[ /\"']on[a-z]{3,24} ?="},
    {"script.url", Subject::script,
     "\\b(?:href|src|srcdoc|action|formaction|data|background|url) ?[=(] ?[\"']? "
     "?(?:java|vb|live) ?"
     "script ?: ?[^ ]|^ ?(?:java|vb|live) ?script ?: ?[a-z0-9_.$!+~(-]{1,64}[(=\\[`]|"
     "data:[a-z/+]{0,32}(?:html|svg)[^,]{0,64},"},
    {"script.embed", Subject::script,
     "<[ /]{0,4}(?:iframe|object|embed|applet)[ />]|<meta [^<>]{0,256}http-equiv ?= "
     "?[\"']?refresh"},
    {"script.style", Subject::script,
     "style ?= ?[^<>]{0,256}(?:expression ?\\(|-moz-binding|behaviou?r ?: ?url)"},
    {"sql.union", Subject::sql,
     "\\bunion (?:all |distinct )?\\(?select (?:null|\\*|@@|[\"'(0-9]|[a-z_.]{1,64} ?,|"
     "[a-z_.]{1,64} from |[^.!?]{1,200}\\bfrom [a-z_]+(?: ?$| where| limit| ?--| ?#| ?;))"},
    {"sql.tautology", Subject::sql,
     "[\"')] ?(?:or|and|\\|\\||&&|xor) ?(?:not )?\\(?[\"']?[a-z0-9_]{0,32}[\"']?\\)? ?"
     "(?:=|<>|!=|<|>| like ) ?\\(?[\"']?[a-z0-9_]{0,32}|"
     "\\b(?:or|and) [0-9]{1,9} ?= ?[0-9]{1,9}(?: ?$| ?--| ?#| ?\\)| ?;)"},
    {"sql.stacked", Subject::sql,
     "; ?(?:drop (?:table|database|schema|view|index|user|role)\\b|delete from [a-z_]|"
     "insert into [a-z_]|update [a-z_.]{1,64} set |alter (?:table|user|role) |"
     "create (?:table|user|login|role) |truncate (?:table )?[a-z_]{1,64} ?(?:;|--|$)|"
     "exec(?:ute)? ?(?:\\(|master|xp_|sp_|@)|shutdown\\b ?(?:;|--|with|$)|declare @|grant all )"},
    {"sql.comment", Subject::sql, "[a-z0-9_ ]{0,64}[\"']\\){0,4} ?(?:--|#)[ -]{0,4}$"},
    {"sql.function", Subject::sql,
     "(?:[\"'();,=0-9] ?|\\b(?:and|or|select|then|union|xor|not|if) ?)\\(?(?:sleep|benchmark|"
     "pg_sleep|load_file|extractvalue|updatexml|randomblob|load_extension) ?\\(|"
     "\\bwaitfor (?:delay|time) [\"']|\\bxp_cmdshell\\b|\\butl_http\\.|\\bdbms_(?:pipe|lock)\\.|"
     "\\binto (?:out|dump)file [\"']"},
    {"sql.schema", Subject::sql,
     "\\b(?:from|join) (?:information_schema ?\\.|sysobjects\\b|pg_catalog ?\\.|pg_shadow\\b|"
     "sqlite_(?:master|schema)\\b|mysql ?\\. ?user\\b|all_tables\\b|sys ?\\. ?(?:tables|objects))"},
    {"sql.blind", Subject::sql,
     "\\b(?:and|or|if|when) ?\\(?(?:ascii|ord|substring|substr|mid|length|hex|char) ?\\( ?\\(? ?"
     "(?:select|database|user|version|@@)"},
}};

constexpr std::size_t piece_size = 16U << 10U;
constexpr std::size_t overlap = 1024; // more than any pattern spans

// Whether any built-in rule may match: all of them need one of these.
bool is_suspicious(std::string_view text) {
    static constexpr auto table = [] {
        std::array<bool, 256> all{};
        for (const char letter : std::string_view("<>%&\\'\";=(#@*|:_")) {
            all[static_cast<unsigned char>(letter)] = true;
        }
        for (std::size_t byte = 0x80; byte < all.size(); ++byte) {
            all[byte] = true;
        }
        return all;
    }();
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (table[static_cast<unsigned char>(text[at])]) {
            return true;
        }
        for (const std::string_view word : {"union", "sys", "mysql"}) {
            if ((text[at] | 0x20) == word[0] && text.size() - at >= word.size() &&
                ::strncasecmp(text.data() + at, word.data(), word.size()) == 0) {
                return true;
            }
        }
    }
    return false;
}

} // namespace

struct Rules::Rule {
    std::string name;
    Subject subject;
    RuleMode mode;
    boost::regex pattern;

    // What takes too long is taken for a match.
    [[nodiscard]] bool matches(const std::string& text) const {
        try {
            return boost::regex_search(text, pattern);
        } catch (const std::runtime_error&) {
            return true;
        }
    }
};

Rules::Rules() = default;
Rules::Rules(Rules&&) noexcept = default;
Rules& Rules::operator=(Rules&&) noexcept = default;
Rules::~Rules() = default;

noa::Result<RuleMode> rule_mode(std::string_view name) {
    if (name == "off" || name == "flag" || name == "reject") {
        return name == "off" ? RuleMode::off : name == "flag" ? RuleMode::flag : RuleMode::reject;
    }
    return noa::invalid("must be \"off\", \"flag\" or \"reject\"");
}

noa::Result<Rules> Rules::make(const RuleTerms& terms) {
    Rules all;
    all.examined_ = terms.examined;
    const auto add = [&all](std::string name, Subject subject, RuleMode mode,
                            const std::string& pattern) -> noa::Status {
        all.rejects_ = all.rejects_ || mode == RuleMode::reject;
        try {
            all.rules_.push_back(
                {std::move(name), subject, mode,
                 boost::regex(pattern, boost::regex::perl | boost::regex::nosubs)});
            return {};
        } catch (const std::runtime_error& error) {
            return noa::invalid(error.what());
        }
    };
    for (const BuiltIn& one : built_in) {
        const RuleMode mode = one.subject == Subject::script ? terms.script : terms.sql;
        noa::Status added =
            mode == RuleMode::off ? noa::Status() : add(one.name, one.subject, mode, one.pattern);
        if (!added) {
            return std::move(added).error();
        }
    }
    for (std::size_t at = 0; at < terms.custom.size(); ++at) {
        const CustomRule& one = terms.custom[at];
        noa::Status added = one.mode == RuleMode::off
                                ? noa::Status()
                                : add(one.name, Subject::custom, one.mode, one.pattern);
        if (!added) {
            return noa::invalid("/content/rules/" + std::to_string(at) +
                                "/pattern: " + added.error().text);
        }
        all.custom_ = all.custom_ || one.mode != RuleMode::off;
    }
    return all;
}

Findings Rules::examine(std::string_view body, std::string_view content_type) const {
    Findings found;
    std::uint64_t left = examined_;
    if (rules_.empty()) {
        return found;
    }
    if (is_json(content_type)) {
        each_text(body, [&](std::string_view text) {
            examine_text(text, left, found);
            return left > 0 && found.rejected.empty();
        });
    } else if (content_type.starts_with("text/") ||
               content_type.starts_with("application/x-www-form-urlencoded")) {
        examine_text(body, left, found);
    }
    return found;
}

void Rules::examine_text(std::string_view text, std::uint64_t& left, Findings& found) const {
    if (text.size() > left) {
        text = text.substr(0, left);
        left = 0;
        found.flags.emplace_back(not_examined);
        found.rejected = rejects_ ? not_examined : "";
    } else {
        left -= text.size();
    }
    for (std::size_t at = 0; at < text.size() && found.rejected.empty(); at += piece_size) {
        const std::size_t from = at - std::min(at, overlap);
        examine_piece(text.substr(from, at - from + piece_size), found);
    }
}

void Rules::examine_piece(std::string_view text, Findings& found) const {
    if (!custom_ && !is_suspicious(text)) {
        return;
    }
    const std::string normal = normal_form(text);
    const std::string sql = without_comments(normal);
    for (const Rule& rule : rules_) {
        const bool known = std::ranges::find(found.flags, rule.name) != found.flags.end();
        if (known || !rule.matches(rule.subject == Subject::sql ? sql : normal)) {
            continue;
        }
        if (rule.mode == RuleMode::reject) {
            found.rejected = rule.name;
            return;
        }
        found.flags.push_back(rule.name);
    }
}

std::vector<std::string> Rules::names() {
    std::vector<std::string> all;
    all.reserve(built_in.size());
    for (const BuiltIn& one : built_in) {
        all.emplace_back(one.name);
    }
    return all;
}

} // namespace communication
