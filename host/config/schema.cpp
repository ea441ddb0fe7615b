#include "config/schema.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "config/secrets.hpp"

namespace noa::config {

using nlohmann::json;

namespace {

constexpr std::size_t max_schema_bytes = std::size_t{256} * 1024;
constexpr int max_schema_depth = 64;
constexpr std::uint64_t max_subschemas = 10'000;
constexpr std::size_t max_pattern_bytes = 1024;

const std::string* reference_of(const json& schema) {
    const auto found = schema.find("$ref");
    return found != schema.end() && found->is_string() ? &found->get_ref<const std::string&>()
                                                       : nullptr;
}

const json* resolve(const json& root, const std::string& reference) {
    // No percent codes and no empty names: validators disagree about them.
    if (!reference.starts_with('#') || reference.find('%') != std::string::npos ||
        reference.find("//") != std::string::npos || reference.ends_with('/')) {
        return nullptr;
    }
    try {
        const json::json_pointer pointer(reference.substr(1));
        return root.contains(pointer) ? &root[pointer] : nullptr;
    } catch (const json::exception&) {
        return nullptr;
    }
}

// Follows references and counts; the first thing that is wrong is kept.
class Guard {
public:
    explicit Guard(const json& root) : root_(root) { count(root); }
    std::optional<std::string> problem;

private:
    std::uint64_t refuse(std::string why) {
        if (!problem) {
            problem = std::move(why);
        }
        return 0;
    }

    std::uint64_t follow(const std::string& reference) {
        const auto* target = resolve(root_, reference);
        if (target == nullptr) {
            return refuse("$ref \"" + reference +
                          "\" is not in this document (others are never "
                          "fetched)");
        }
        return count(*target);
    }

    std::uint64_t count(const json& node) {
        if (problem || !node.is_structured()) {
            return 1;
        }
        const auto known = counts_.find(&node);
        if (known != counts_.end()) {
            return known->second ? *known->second : refuse("a $ref leads back to itself");
        }
        counts_[&node] = std::nullopt; // open
        std::uint64_t total = 1;
        if (node.is_object()) {
            if (const auto* reference = reference_of(node)) {
                total += follow(*reference);
            }
        }
        for (const auto& [key, child] : node.items()) {
            total += count(child);
            if (node.is_object() && (key == "pattern" || key == "patternProperties")) {
                check_patterns(child);
            }
        }
        if (total > max_subschemas) {
            return refuse("more than 10,000 subschemas");
        }
        counts_[&node] = total;
        return total;
    }

    void check_patterns(const json& patterns) {
        const auto check = [this](const std::string& pattern) {
            if (pattern.size() > max_pattern_bytes) {
                refuse("a pattern is longer than 1 KiB");
            }
        };
        if (patterns.is_string()) {
            check(patterns.get_ref<const std::string&>());
        } else if (patterns.is_object()) {
            for (const auto& entry : patterns.items()) {
                check(entry.key());
            }
        }
    }

    const json& root_;
    std::map<const json*, std::optional<std::uint64_t>> counts_;
};

class Applications {
public:
    Applications(const json& root, const std::function<void(const Application&)>& visit)
        : root_(root), visit_(visit) {}

    void walk(const json& schema, const json& value, const std::string& pointer, bool alternative) {
        if (!schema.is_object()) {
            return;
        }
        if (const auto* reference = reference_of(schema)) {
            if (const auto* target = resolve(root_, *reference)) {
                walk(*target, value, pointer, alternative);
            }
            return; // draft-07: what stands beside $ref does not count
        }
        visit_({schema, value, pointer, alternative});
        same_value(schema, value, pointer, alternative);
        if (value.is_object()) {
            members(schema, value, pointer, alternative);
        } else if (value.is_array()) {
            elements(schema, value, pointer, alternative);
        }
    }

private:
    void same_value(const json& schema, const json& value, const std::string& pointer,
                    bool alternative) {
        for (const auto* key : {"allOf", "anyOf", "oneOf"}) {
            const auto found = schema.find(key);
            if (found != schema.end() && found->is_array()) {
                for (const auto& sub : *found) {
                    walk(sub, value, pointer, alternative || *key != 'a' || key[1] != 'l');
                }
            }
        }
        for (const auto* key : {"then", "else"}) {
            if (const auto found = schema.find(key); found != schema.end()) {
                walk(*found, value, pointer, true);
            }
        }
        if (const auto found = schema.find("dependencies"); found != schema.end()) {
            for (const auto& sub : *found) {
                walk(sub, value, pointer, true);
            }
        }
    }

    void members(const json& schema, const json& value, const std::string& pointer,
                 bool alternative) {
        const auto properties = schema.find("properties");
        const auto patterns = schema.find("patternProperties");
        const auto additional = schema.find("additionalProperties");
        for (const auto& [key, child] : value.items()) {
            const auto below = pointer_child(pointer, key);
            if (properties != schema.end() && properties->is_object() &&
                properties->contains(key)) {
                walk((*properties)[key], child, below, alternative);
            } else if (additional != schema.end()) {
                walk(*additional, child, below, alternative);
            }
            if (patterns != schema.end() && patterns->is_object()) {
                for (const auto& sub : *patterns) {
                    walk(sub, child, below, true);
                }
            }
        }
    }

    void elements(const json& schema, const json& value, const std::string& pointer,
                  bool alternative) {
        const auto items = schema.find("items");
        const auto additional = schema.find("additionalItems");
        const auto contains = schema.find("contains");
        for (std::size_t i = 0; i < value.size(); ++i) {
            const auto below = pointer + '/' + std::to_string(i);
            if (items != schema.end() && items->is_object()) {
                walk(*items, value[i], below, alternative);
            } else if (items != schema.end() && items->is_array() && i < items->size()) {
                walk((*items)[i], value[i], below, alternative);
            } else if (additional != schema.end()) {
                walk(*additional, value[i], below, alternative);
            }
            if (contains != schema.end()) {
                walk(*contains, value[i], below, true);
            }
        }
    }

    const json& root_;
    const std::function<void(const Application&)>& visit_;
};

} // namespace

Result<json> parse_schema(const std::string& text, const std::string& object) {
    const auto refuse = [&object](std::string why) {
        return fail(Errc::refused, "read settings schema", object, std::move(why));
    };
    if (text.size() > max_schema_bytes) {
        return refuse("larger than 256 KiB");
    }
    bool too_deep = false;
    auto schema = json::parse(
        text,
        [&too_deep](int depth, json::parse_event_t, json&) {
            too_deep = too_deep || depth > max_schema_depth;
            return depth <= max_schema_depth;
        },
        false);
    if (too_deep) {
        return refuse("nested deeper than 64 levels");
    }
    if (!schema.is_object() && !schema.is_boolean()) {
        return refuse("not a JSON object");
    }
    if (const auto problem = Guard(schema).problem) {
        return refuse(*problem);
    }
    return schema;
}

void each_application(const json& schema, const json& value,
                      const std::function<void(const Application&)>& visit) {
    Applications(schema, visit).walk(schema, value, "", false);
}

} // namespace noa::config
