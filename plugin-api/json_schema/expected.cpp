#include "expected.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "reference.hpp"

namespace noa::json_schema {

namespace {

constexpr std::size_t longest_shown = 40;
constexpr std::size_t most_shown = 8;

bool is_type(const std::string& type, const Json& value) {
    return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
           (type == "string" && value.is_string()) || (type == "boolean" && value.is_boolean()) ||
           (type == "null" && value.is_null()) || (type == "number" && value.is_number()) ||
           (type == "integer" &&
            (value.is_number_integer() ||
             (value.is_number_float() && value.get<double>() == std::floor(value.get<double>()))));
}

std::string type_fault(const Json& schema, const Json& value) {
    const auto found = schema.find("type");
    if (found == schema.end()) {
        return {};
    }
    const Json types = found->is_array() ? *found : Json::array({*found});
    std::string words;
    for (const Json& type : types) {
        if (!type.is_string() || is_type(type.get_ref<const std::string&>(), value)) {
            return {};
        }
        words.append(words.empty() ? "" : " or ").append(type.get_ref<const std::string&>());
    }
    return words;
}

std::string enum_fault(const Json& schema, const Json& value) {
    const auto found = schema.find("enum");
    if (found == schema.end() || !found->is_array() ||
        std::ranges::find(*found, value) != found->end()) {
        return {};
    }
    std::string words;
    for (std::size_t at = 0; at < std::min(found->size(), most_shown); ++at) {
        words.append(words.empty() ? "one of " : ", ").append(noa::json_text((*found)[at]));
    }
    return words.append(found->size() > most_shown ? ", …" : "");
}

struct Bound {
    const char* keyword;
    const char* words;
    bool (*broken)(double limit, double figure);
};

constexpr bool below(double limit, double figure) {
    return figure < limit;
}
constexpr bool above(double limit, double figure) {
    return figure > limit;
}

std::string bound_fault(const Json& schema, double figure, std::initializer_list<Bound> bounds,
                        const char* unit) {
    for (const Bound& bound : bounds) {
        const auto found = schema.find(bound.keyword);
        if (found != schema.end() && found->is_number() &&
            bound.broken(found->get<double>(), figure)) {
            return bound.words + noa::json_text(*found) + unit;
        }
    }
    return {};
}

std::string size_fault(const Json& schema, const Json& value) {
    if (value.is_number()) {
        return bound_fault(schema, value.get<double>(),
                           {{"minimum", "at least ", below},
                            {"maximum", "at most ", above},
                            {"exclusiveMinimum", "more than ",
                             [](double limit, double figure) { return figure <= limit; }},
                            {"exclusiveMaximum", "less than ",
                             [](double limit, double figure) { return figure >= limit; }}},
                           "");
    }
    const auto size = [](std::size_t count) { return static_cast<double>(count); };
    if (value.is_string()) {
        return bound_fault(schema, size(value.get_ref<const std::string&>().size()),
                           {{"minLength", "at least ", below}, {"maxLength", "at most ", above}},
                           " characters");
    }
    if (value.is_array()) {
        return bound_fault(schema, size(value.size()),
                           {{"minItems", "at least ", below}, {"maxItems", "at most ", above}},
                           " elements");
    }
    return value.is_object() ? bound_fault(schema, size(value.size()),
                                           {{"minProperties", "at least ", below},
                                            {"maxProperties", "at most ", above}},
                                           " keys")
                             : std::string();
}

std::string keys_fault(const Json& schema, const Json& value) {
    if (!value.is_object()) {
        return {};
    }
    if (const auto required = schema.find("required");
        required != schema.end() && required->is_array()) {
        for (const Json& key : *required) {
            if (key.is_string() && !value.contains(key.get_ref<const std::string&>())) {
                return "the key " + noa::json_text(key);
            }
        }
    }
    const auto additional = schema.find("additionalProperties");
    if (additional == schema.end() || *additional != false ||
        schema.contains("patternProperties")) {
        return {};
    }
    const Json known = schema.value("properties", Json::object());
    for (const auto& entry : value.items()) {
        if (!known.contains(entry.key())) {
            std::string key = entry.key().substr(0, longest_shown);
            return "no key " + noa::json_text(Json(std::move(key)));
        }
    }
    return {};
}

std::string fault(const Json& schema, const Json& value) {
    for (auto* look : {type_fault, enum_fault, size_fault, keys_fault}) {
        if (std::string words = look(schema, value); !words.empty()) {
            return words;
        }
    }
    if (const auto constant = schema.find("const");
        constant != schema.end() && *constant != value) {
        return noa::json_text(*constant).substr(0, 2 * longest_shown);
    }
    const auto pattern = schema.find("pattern");
    return pattern != schema.end() && value.is_string()
               ? "a text that matches " + noa::json_text(*pattern)
               : std::string();
}

// Follows the pointer through properties, items and references; the first fault at its end.
class Walk {
public:
    Walk(const Json& root, const std::string& pointer) : root_(root), pointer_(pointer) {}

    std::string at(const Json& schema, const Json& value, const std::string& where) {
        if (!schema.is_object() || ++steps_ > most_steps) {
            return {};
        }
        if (const std::string* reference = reference_in(schema)) {
            const Json* target = referred(root_, *reference);
            return target != nullptr ? at(*target, value, where) : std::string();
        }
        std::string words =
            where == pointer_ ? fault(schema, value) : below_of(schema, value, where);
        for (const char* keyword : {"allOf", "anyOf", "oneOf"}) {
            const auto found = schema.find(keyword);
            for (std::size_t one = 0; words.empty() && found != schema.end() && one < found->size();
                 ++one) {
                words = at((*found)[one], value, where);
            }
        }
        return words;
    }

private:
    static constexpr std::size_t most_steps = 2000;

    std::string below_of(const Json& schema, const Json& value, const std::string& where) {
        std::string words;
        const Json properties = schema.value("properties", Json::object());
        const auto items = schema.find("items");
        const auto additional = schema.find("additionalProperties");
        for (std::size_t index = 0; const auto& [key, child] : value.items()) {
            const std::string below =
                child_pointer(where, value.is_array() ? std::to_string(index) : key);
            const std::size_t element = index++;
            if (pointer_ != below && !pointer_.starts_with(below + "/")) {
                continue;
            }
            if (value.is_object() && properties.contains(key)) {
                words = at(schema["properties"][key], child, below);
            } else if (value.is_object() && additional != schema.end()) {
                words = at(*additional, child, below);
            } else if (value.is_array() && items != schema.end()) {
                words = items->is_array()
                            ? (element < items->size() ? at((*items)[element], child, below)
                                                       : std::string())
                            : at(*items, child, below);
            }
        }
        return words;
    }

    const Json& root_;
    const std::string& pointer_;
    std::size_t steps_ = 0;
};

} // namespace

std::string expected_at(const Json& schema, const Json& whole, const std::string& pointer) {
    return Walk(schema, pointer).at(schema, whole, "");
}

std::string found_words(const Json* value) {
    if (value == nullptr) {
        return "nothing";
    }
    if (value->is_string() && value->get_ref<const std::string&>().size() > longest_shown) {
        return "text of " + std::to_string(value->get_ref<const std::string&>().size()) + " bytes";
    }
    if (value->is_primitive()) {
        return noa::json_text(*value);
    }
    return value->is_array() ? "array of " + std::to_string(value->size())
                             : "object of " + std::to_string(value->size()) + " keys";
}

} // namespace noa::json_schema
