#include "schema.hpp"

#include <algorithm>
#include <map>

#include "expected.hpp"
#include "pointer.hpp"

// Of one pattern; what it repeats counts as often as it may be repeated.
// NOLINTNEXTLINE(bugprone-reserved-identifier): libstdc++ has it for this
#define _GLIBCXX_REGEX_STATE_LIMIT 4000
#include <regex>

namespace noa::json_schema {
namespace {

// Takes all ways through a text at once. By default std::regex tries one after the other, and for
// "(a|a)*" has twice as many with each character.
class OneWalkRegex : public std::regex {
public:
    explicit OneWalkRegex(const std::string& pattern)
        : std::regex(pattern, ECMAScript | std::regex_constants::__polynomial) {}
};

} // namespace
} // namespace noa::json_schema

namespace std {                                        // NOLINT(cert-dcl58-cpp)
using one_walk_regex = noa::json_schema::OneWalkRegex; // NOLINT(readability-identifier-naming)
} // namespace std

// The only file that sees valijson, which makes its patterns itself: without exceptions it aborts
// on a bad $ref.
#define VALIJSON_USE_EXCEPTIONS 1
#define regex one_walk_regex
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
#undef regex

namespace noa::json_schema {

namespace {

constexpr std::size_t most_findings = 20;
constexpr std::size_t longest_matched = 1024;
constexpr std::size_t most_unique = 1000; // each is compared with every other

bool mentions_pattern(const Json& schema) {
    if (schema.is_object() &&
        (schema.contains("pattern") || schema.contains("patternProperties"))) {
        return true;
    }
    return schema.is_structured() && std::ranges::any_of(schema, mentions_pattern);
}

bool mentions_unique(const Json& schema) {
    return (schema.is_object() && schema.contains("uniqueItems")) ||
           (schema.is_structured() && std::ranges::any_of(schema, mentions_unique));
}

void find_long_lists(const Json& value, const std::string& where, std::vector<Finding>& findings) {
    if (value.is_array() && value.size() > most_unique && findings.size() < most_findings) {
        findings.push_back({where, "at most 1,000 items, where a schema wants them to be unique",
                            found_words(&value)});
        return;
    }
    for (const auto& [key, child] : value.items()) {
        if (child.is_structured()) {
            find_long_lists(child, child_pointer(where, key), findings);
        }
    }
}

// Throws what std::regex does, on the first pattern that it does not take.
void try_patterns(const Json& schema) {
    const auto pattern = schema.is_object() ? schema.find("pattern") : schema.end();
    if (schema.is_object() && pattern != schema.end() && pattern->is_string()) {
        const OneWalkRegex tried(pattern->get_ref<const std::string&>());
    }
    if (!schema.is_structured()) {
        return;
    }
    for (const auto& [key, child] : schema.items()) {
        if (schema.is_object() && key == "patternProperties" && child.is_object()) {
            for (const auto& entry : child.items()) {
                const OneWalkRegex tried(entry.key());
            }
        }
        try_patterns(child);
    }
}

void find_long_texts(const Json& value, const std::string& where, std::vector<Finding>& findings) {
    for (std::size_t index = 0; const auto& [key, child] : value.items()) {
        const auto below = child_pointer(where, value.is_array() ? std::to_string(index++) : key);
        const bool text =
            child.is_string() && child.get_ref<const std::string&>().size() > longest_matched;
        if (findings.size() < most_findings && (text || key.size() > longest_matched)) {
            findings.push_back(
                {below, "at most 1024 bytes, where a schema has patterns", found_words(&child)});
        } else if (child.is_structured()) {
            find_long_texts(child, below, findings);
        }
    }
}

// "<root>", "[key]", "[0]" → "/key/0"
std::string pointer_of_context(const std::vector<std::string>& context) {
    std::string out;
    for (std::size_t step = 1; step < context.size(); ++step) {
        const std::string_view name = context[step];
        out = child_pointer(out, name.substr(1, std::max<std::size_t>(name.size(), 2) - 2));
    }
    return out;
}

} // namespace

std::string Finding::text() const {
    return (pointer.empty() ? "/" : pointer) + ": expected " + expected + ", found " + found;
}

struct Schema::Parsed {
    valijson::Schema schema;
};

Schema::Schema(Json text, std::unique_ptr<Parsed> parsed)
    : text_(std::move(text)), has_patterns_(mentions_pattern(text_)),
      wants_unique_(mentions_unique(text_)), parsed_(std::move(parsed)) {}
Schema::~Schema() = default;

Result<std::shared_ptr<const Schema>> Schema::compile(Json schema) {
    if (const std::string fault = fault_of_schema(schema); !fault.empty()) {
        return invalid("schema: " + fault);
    }
    try {
        try_patterns(schema);
    } catch (const std::regex_error& failure) {
        std::string why = failure.what();
        return invalid("schema: a pattern is not taken: " + why.substr(0, why.find('.')));
    }
    try {
        auto parsed = std::make_unique<Parsed>();
        valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(schema),
                                                parsed->schema);
        // Not make_shared: its constructor is private.
        return std::shared_ptr<const Schema>(new Schema(std::move(schema), std::move(parsed)));
    } catch (const std::exception& failure) {
        return invalid(std::string("schema: ") + failure.what());
    }
}

std::vector<Finding> Schema::check(const Json& value) const {
    std::vector<Finding> findings;
    if (has_patterns_) {
        find_long_texts(value, "", findings);
    }
    if (wants_unique_ && value.is_structured()) {
        find_long_lists(value, "", findings);
    }
    if (!findings.empty()) {
        return findings;
    }
    std::map<std::string, std::string> all;
    try {
        valijson::ValidationResults results;
        valijson::Validator validator(valijson::Validator::kStrongTypes);
        if (validator.validate(parsed_->schema, valijson::adapters::NlohmannJsonAdapter(value),
                               &results)) {
            return findings;
        }
        for (valijson::ValidationResults::Error error; results.popError(error);) {
            all.emplace(pointer_of_context(error.context), error.description);
        }
    } catch (const std::exception& failure) {
        return {{"", "a schema that can be applied", failure.what()}};
    }
    for (const auto& [pointer, description] : all) {
        const auto inner = all.lower_bound(pointer + "/");
        if (findings.size() == most_findings ||
            (inner != all.end() && inner->first.starts_with(pointer + "/"))) {
            continue;
        }
        std::string expected = expected_at(text_, value, pointer);
        if (expected.empty()) {
            expected = description;
        }
        findings.push_back({pointer, std::move(expected), found_words(value_at(value, pointer))});
    }
    if (findings.empty()) { // refused without a word: a schema that is false
        findings.push_back({"", "what the schema allows", found_words(&value)});
    }
    return findings;
}

} // namespace noa::json_schema
