// The bounds of a schema.
#include <map>
#include <optional>

#include "pointer.hpp"
#include "reference.hpp"
#include "schema.hpp"

namespace noa::json_schema {

namespace {

constexpr std::size_t most_schema_bytes = std::size_t{256} << 10U;
constexpr std::uint64_t most_subschemas = 10'000;
constexpr std::size_t longest_pattern = 256;

// A group that repeats and has a repetition inside: what makes a backtracking matcher explode.
bool repeats_within_repeat(std::string_view pattern) {
    const auto repeats = [](char c) { return c == '*' || c == '+' || c == '{'; };
    std::vector<bool> open; // per group: whether something in it repeats
    bool in_class = false;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        const char c = pattern[at];
        if (c == '\\') {
            ++at;
        } else if (in_class) {
            in_class = c != ']';
        } else if (c == '[') {
            in_class = true;
        } else if (c == '(') {
            open.push_back(false);
        } else if (c == ')' && !open.empty()) {
            const bool inner = open.back();
            open.pop_back();
            const bool outer = at + 1 < pattern.size() && repeats(pattern[at + 1]);
            if (inner && outer) {
                return true;
            }
            if (!open.empty()) {
                open.back() = open.back() || inner || outer;
            }
        } else if (repeats(c) && !open.empty()) {
            open.back() = true;
        }
    }
    return false;
}

class Guard {
public:
    explicit Guard(const Json& root) : root_(root) { count(root); }
    std::string problem;

private:
    std::uint64_t refuse(std::string why) {
        if (problem.empty()) {
            problem = std::move(why);
        }
        return 0;
    }

    std::uint64_t count(const Json& node) {
        if (!problem.empty() || !node.is_structured()) {
            return 1;
        }
        if (const auto known = counts_.find(&node); known != counts_.end()) {
            return known->second ? *known->second : refuse("a $ref leads back to itself");
        }
        counts_[&node] = std::nullopt; // open
        std::uint64_t total = 1;
        if (const std::string* reference = reference_in(node)) {
            const Json* target = referred(root_, *reference);
            total += target != nullptr ? count(*target)
                                       : refuse("$ref \"" + *reference +
                                                "\" is not in this schema; others are never "
                                                "fetched");
        }
        for (const auto& [key, child] : node.items()) {
            total += count(child);
            if (node.is_object() && (key == "pattern" || key == "patternProperties")) {
                look_at_patterns(child);
            }
        }
        if (total > most_subschemas) {
            return refuse("more than 10,000 subschemas");
        }
        counts_[&node] = total;
        return total;
    }

    void look_at_patterns(const Json& patterns) {
        const auto look = [this](const std::string& pattern) {
            if (pattern.size() > longest_pattern) {
                refuse("a pattern is longer than 256 bytes");
            } else if (repeats_within_repeat(pattern)) {
                refuse("pattern \"" + pattern + "\": a repetition within a repetition");
            }
        };
        if (patterns.is_string()) {
            look(patterns.get_ref<const std::string&>());
        } else if (patterns.is_object()) {
            for (const auto& entry : patterns.items()) {
                look(entry.key());
            }
        }
    }

    const Json& root_;
    std::map<const Json*, std::optional<std::uint64_t>> counts_;
};

} // namespace

std::string fault_of_schema(const Json& schema) {
    if (!schema.is_object() && !schema.is_boolean()) {
        return "expected an object";
    }
    if (weight(schema, most_schema_bytes) > most_schema_bytes) {
        return "larger than 256 KiB";
    }
    return Guard(schema).problem;
}

} // namespace noa::json_schema
