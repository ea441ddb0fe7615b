#include "language_tool.hpp"

#include <algorithm>

#include "../analysis/utf.hpp"

namespace drafting::lint {

using noa::sdk::invalid;
using noa::sdk::Json;
using noa::sdk::Result;

namespace {

constexpr std::size_t context_units = 40;
constexpr std::size_t most_pieces = 100'000;

std::string field(const Form& form, const std::string& name) {
    const auto found = form.find(name);
    return found == form.end() ? std::string() : found->second;
}

std::set<std::string, std::less<>> listed(const std::string& text) {
    std::set<std::string, std::less<>> names;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        at = std::min(text.find_first_not_of(' ', at), comma);
        if (comma > at) {
            names.insert(text.substr(at, comma - at));
        }
        at = comma + 1;
    }
    return names;
}

struct Category {
    std::string_view id;
    std::string_view name;
    std::string_view issue_type;
    std::string_view type_name;
};

Category category_of(std::string_view category) {
    if (category == "spelling") {
        return {"TYPOS", "Possible Typo", "misspelling", "UnknownWord"};
    }
    if (category == "grammar") {
        return {"GRAMMAR", "Grammar", "grammar", "Other"};
    }
    if (category == "repetition") {
        return {"REPETITIONS_STYLE", "Repetitions", "style", "Hint"};
    }
    return {"STYLE", "Style", "style", "Hint"};
}

// LanguageTool's own names where it has the same rule: clients know them.
std::string rule_id(std::string_view rule) {
    static constexpr std::pair<std::string_view, std::string_view> known[] = {
        {"spelling", "MORFOLOGIK_RULE_EN_US"},
        {"duplicate-word", "ENGLISH_WORD_REPEAT_RULE"},
        {"article", "EN_A_VS_AN"},
        {"sentence-case", "UPPERCASE_SENTENCE_START"},
        {"repeated-start", "ENGLISH_WORD_REPEAT_BEGINNING_RULE"},
        {"passive", "PASSIVE_VOICE"},
        {"long-sentence", "TOO_LONG_SENTENCE"}};
    for (const auto& [ours, theirs] : known) {
        if (ours == rule) {
            return std::string(theirs);
        }
    }
    std::string id = "NOA_";
    for (const char letter : rule) {
        id += letter == '-' || letter == '.'   ? '_'
              : letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 32)
                                               : letter;
    }
    return id;
}

// Rules that look at more than a sentence. Clients that ask twice, for these and for all others,
// want each remark once.
bool is_of_whole_text(std::string_view rule) {
    static constexpr std::string_view those[] = {"heading-skip", "heading-twin", "repeated-start",
                                                 "repeated-word", "sentence-case"};
    return std::ranges::find(those, rule) != std::end(those);
}

bool is_only(const Form& form) {
    const std::string only = field(form, "enabledOnly");
    return only == "true" || only == "yes";
}

// As LanguageTool refuses them.
noa::sdk::Status check_filter(const Form& form) {
    const auto names = [&form](const char* rules, const char* categories) {
        return !listed(field(form, rules)).empty() || !listed(field(form, categories)).empty();
    };
    if (is_only(form) && names("disabledRules", "disabledCategories")) {
        return invalid("You cannot specify disabled rules or categories using enabledOnly=true");
    }
    if (is_only(form) && !names("enabledRules", "enabledCategories")) {
        return invalid("You must specify enabled rules or categories when using enabledOnly=true");
    }
    const std::string mode = field(form, "mode");
    if (form.contains("mode") && mode != "all" && mode != "batch" && mode != "textLevelOnly" &&
        mode != "allButTextLevelOnly") {
        return invalid("'mode' must be all, textLevelOnly or allButTextLevelOnly");
    }
    return {};
}

class Filter {
public:
    explicit Filter(const Form& form)
        : mode_(field(form, "mode")), rules_(listed(field(form, "enabledRules"))),
          no_rules_(listed(field(form, "disabledRules"))),
          categories_(listed(field(form, "enabledCategories"))),
          no_categories_(listed(field(form, "disabledCategories"))), only_(is_only(form)),
          picky_(field(form, "level") == "picky") {}

    [[nodiscard]] bool passes(const Finding& finding) const {
        const std::string id = rule_id(finding.rule);
        const auto category = category_of(finding.category).id;
        const bool named = rules_.contains(id) || categories_.contains(category);
        if ((mode_ == "textLevelOnly" || mode_ == "allButTextLevelOnly") &&
            is_of_whole_text(finding.rule) != (mode_ == "textLevelOnly")) {
            return false;
        }
        if (no_rules_.contains(id) || (no_categories_.contains(category) && !named)) {
            return false;
        }
        return named || (!only_ && (picky_ || finding.severity > prose::Severity::suggestion));
    }

private:
    std::string mode_;
    std::set<std::string, std::less<>> rules_;
    std::set<std::string, std::less<>> no_rules_;
    std::set<std::string, std::less<>> categories_;
    std::set<std::string, std::less<>> no_categories_;
    bool only_;
    bool picky_;
};

Json language_json(std::string_view name, std::string_view code, std::string_view long_code) {
    return {{"name", name}, {"code", code}, {"longCode", long_code}};
}

// Some of the text around, without line breaks.
Json context_of(std::string_view text, const prose::Places& places, const Finding& finding) {
    const std::size_t begin = places.utf16(finding.begin);
    const std::size_t end = places.utf16(finding.end);
    const std::size_t from = places.byte(begin > context_units ? begin - context_units : 0);
    const std::size_t to = places.byte(std::min(end + context_units, places.utf16_size()));
    std::string around(text.substr(from, to - from));
    std::ranges::replace(around, '\n', ' ');
    std::string shown = from > 0 ? "..." : "";
    const std::size_t offset = begin - places.utf16(from) + shown.size();
    shown += around;
    shown += to < text.size() ? "..." : "";
    return {{"text", shown}, {"offset", offset}, {"length", end - begin}};
}

std::string_view sentence_around(std::string_view text, const Finding& finding) {
    constexpr std::size_t longest = 500;
    const auto stops = [text](std::size_t at) {
        return text[at] == '\n' || ((text[at] == '.' || text[at] == '!' || text[at] == '?') &&
                                    (at + 1 == text.size() || text[at + 1] == ' '));
    };
    std::size_t begin = std::min(finding.begin, text.size());
    while (begin > 0 && finding.begin - begin < longest && !stops(begin - 1)) {
        --begin;
    }
    std::size_t end = std::min(finding.end, text.size());
    while (end < text.size() && end - finding.end < longest && !stops(end)) {
        ++end;
    }
    while (begin < text.size() &&
           ((static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U || text[begin] == ' ')) {
        ++begin;
    }
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
        ++end;
    }
    end = std::min(end + 1, text.size());
    return text.substr(std::min(begin, end), end - std::min(begin, end));
}

Json match_of(const Annotated& annotated, const prose::Places& places, const Finding& finding) {
    constexpr std::size_t most_replacements = 5;
    const Category category = category_of(finding.category);
    Json replacements = Json::array();
    for (const std::string& replacement : finding.replacements) {
        if (replacements.size() < most_replacements) {
            replacements.push_back({{"value", replacement}});
        }
    }
    const std::size_t begin = annotated.original(places.utf16(finding.begin), false);
    const std::size_t end = std::max(begin, annotated.original(places.utf16(finding.end), true));
    return {{"message", finding.message},
            {"shortMessage", category.issue_type == "misspelling" ? "Spelling mistake" : ""},
            {"replacements", std::move(replacements)},
            {"offset", begin},
            {"length", end - begin},
            {"context", context_of(annotated.text, places, finding)},
            {"sentence", sentence_around(annotated.text, finding)},
            {"type", {{"typeName", category.type_name}}},
            {"rule",
             {{"id", rule_id(finding.rule)},
              {"description", finding.rule},
              {"issueType", category.issue_type},
              {"category", {{"id", category.id}, {"name", category.name}}}}},
            {"ignoreForIncompleteSentence", false},
            {"contextForSureMatch", 0}};
}

noa::sdk::Status add_piece(const Json& piece, Annotated& into, std::size_t& plain,
                           std::size_t& original) {
    const auto member = [&piece](const char* name) -> const std::string* {
        const auto found = piece.find(name);
        return found != piece.end() && found->is_string() ? found->get_ptr<const std::string*>()
                                                          : nullptr;
    };
    if (!piece.is_object()) {
        return invalid("data: annotation is a list of objects");
    }
    const std::string* text = member("text");
    const std::string* markup = member("markup");
    if ((text == nullptr) == (markup == nullptr)) {
        return invalid("data: an annotation has either text or markup");
    }
    const std::string* as = text != nullptr ? text : member("interpretAs");
    into.pieces.push_back({plain, original, text == nullptr});
    if (as != nullptr) {
        into.text += *as;
        plain += prose::utf16_length(*as);
    }
    original += prose::utf16_length(text != nullptr ? *text : *markup);
    return {};
}

noa::sdk::Status read_data(const std::string& data, Annotated& into) {
    const Json json = Json::parse(data, nullptr, false);
    const auto text = json.is_object() ? json.find("text") : json.end();
    const auto list = json.is_object() ? json.find("annotation") : json.end();
    if (!json.is_object() || (text == json.end()) == (list == json.end()) ||
        (text != json.end() && !text->is_string()) ||
        (list != json.end() && (!list->is_array() || list->size() > most_pieces))) {
        return invalid(
            "'data' must be like {\"text\": \"A\"} or {\"annotation\": [{\"text\": \"A\"}, …]}");
    }
    if (text != json.end()) {
        into.text = text->get<std::string>();
        return {};
    }
    std::size_t plain = 0;
    std::size_t original = 0;
    for (const Json& piece : *list) {
        if (auto added = add_piece(piece, into, plain, original); !added) {
            return added.error();
        }
    }
    return {};
}

} // namespace

std::size_t Annotated::original(std::size_t plain, bool end) const noexcept {
    const std::size_t wanted = end && plain > 0 ? plain - 1 : plain;
    const auto after =
        std::upper_bound(pieces.begin(), pieces.end(), wanted,
                         [](std::size_t place, const Piece& piece) { return place < piece.plain; });
    if (after == pieces.begin()) {
        return plain;
    }
    const Piece& in = *std::prev(after);
    if (in.markup) {
        return end && after != pieces.end() ? after->original : in.original;
    }
    return in.original + (plain - in.plain);
}

Result<Annotated> read_request(const Form& form) {
    const std::string language = field(form, "language");
    if (language.empty()) {
        return invalid("Missing 'language' parameter, e.g. 'language=en-US'");
    }
    if (language != "auto" && language != "en" && !language.starts_with("en-")) {
        return invalid("'" + language.substr(0, 32) +
                       "' is not a language code known here. Supported: auto, en, en-US");
    }
    Annotated read;
    const std::string format = field(form, "format");
    if (!format.empty() && format != "markdown" && format != "text") {
        return invalid("'format' must be markdown or text");
    }
    read.format = format == "markdown" ? Format::markdown : Format::plain;
    const bool data = form.contains("data");
    if (data == form.contains("text")) {
        return invalid("Set either 'text' or 'data' parameter");
    }
    if (!data) {
        read.text = field(form, "text");
    } else if (auto taken = read_data(form.at("data"), read); !taken) {
        return taken.error();
    }
    if (auto good = check_filter(form); !good) {
        return good.error();
    }
    if (!prose::is_utf8(read.text)) {
        return invalid("the text must be UTF-8, without NUL");
    }
    return read;
}

Json check_answer(const Form& form, const Annotated& annotated, const Report& report) {
    const prose::Places places(annotated.text);
    const Filter filter(form);
    Json matches = Json::array();
    for (const Finding& finding : report.findings) {
        if (finding.end > finding.begin && filter.passes(finding)) {
            matches.push_back(match_of(annotated, places, finding));
        }
    }
    Json language{{"name", "English (US)"}, {"code", "en-US"}};
    language["detectedLanguage"] = {
        {"name", "English (US)"}, {"code", "en-US"}, {"confidence", 0}, {"source", "noa"}};
    return {{"software",
             {{"name", "noa"},
              {"version", "1.0.0"},
              {"buildDate", ""},
              {"apiVersion", 1},
              {"premium", false},
              {"premiumHint", ""},
              {"status", ""}}},
            {"warnings", {{"incompleteResults", report.cut > 0}}},
            {"language", std::move(language)},
            {"matches", std::move(matches)}};
}

Json languages_answer() {
    return Json::array(
        {language_json("English", "en", "en"), language_json("English (US)", "en", "en-US")});
}

} // namespace drafting::lint
