#include "config/expectation.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/utf8.hpp"

namespace noa::config {

using nlohmann::json;

namespace {

constexpr std::size_t max_words = 300;

std::string text_of(const json& value) {
    return bounded_utf8(value.dump(-1, ' ', false, json::error_handler_t::replace), max_words);
}

bool has_type(const json& value, const std::string& type) {
    return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
           (type == "string" && value.is_string()) || (type == "boolean" && value.is_boolean()) ||
           (type == "null" && value.is_null()) || (type == "number" && value.is_number()) ||
           (type == "integer" && value.is_number_integer());
}

// A table is what TOML has, an object what JSON has.
std::string word_for(const std::string& type) {
    return type == "object" ? "table" : type == "array" ? "list" : type;
}

bool breaks_type(const json& type, const json& value) {
    if (type.is_string()) {
        return !has_type(value, type.get_ref<const std::string&>());
    }
    return type.is_array() && std::none_of(type.begin(), type.end(), [&value](const json& one) {
               return one.is_string() && has_type(value, one.get_ref<const std::string&>());
           });
}

std::size_t characters(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

struct Bound {
    const char* keyword;
    const char* before;
    const char* after;
    bool (*breaks)(double measure, double bound);
};

bool below(double measure, double bound) {
    return measure < bound;
}
bool above(double measure, double bound) {
    return measure > bound;
}
bool not_above(double measure, double bound) {
    return measure <= bound;
}
bool not_below(double measure, double bound) {
    return measure >= bound;
}
bool not_multiple(double measure, double bound) {
    return bound > 0 && std::abs(std::remainder(measure, bound)) > 1e-9;
}

constexpr std::array number_bounds{
    Bound{"minimum", "at least ", "", below},
    Bound{"maximum", "at most ", "", above},
    Bound{"exclusiveMinimum", "more than ", "", not_above},
    Bound{"exclusiveMaximum", "less than ", "", not_below},
    Bound{"multipleOf", "a multiple of ", "", not_multiple},
};
constexpr std::array string_bounds{
    Bound{"minLength", "at least ", " characters", below},
    Bound{"maxLength", "at most ", " characters", above},
};
constexpr std::array array_bounds{
    Bound{"minItems", "at least ", " items", below},
    Bound{"maxItems", "at most ", " items", above},
};
constexpr std::array object_bounds{
    Bound{"minProperties", "at least ", " keys", below},
    Bound{"maxProperties", "at most ", " keys", above},
};

template <std::size_t N>
std::optional<std::string> broken(const std::array<Bound, N>& bounds, const json& schema,
                                  double measure) {
    for (const auto& bound : bounds) {
        const auto found = schema.find(bound.keyword);
        if (found != schema.end() && found->is_number() &&
            bound.breaks(measure, found->template get<double>())) {
            return std::string("expected ") + bound.before + found->dump() + bound.after;
        }
    }
    return std::nullopt;
}

std::optional<std::string> broken_bound(const json& schema, const json& value) {
    if (value.is_number()) {
        return broken(number_bounds, schema, value.get<double>());
    }
    if (value.is_string()) {
        return broken(string_bounds, schema,
                      static_cast<double>(characters(value.get_ref<const std::string&>())));
    }
    const auto size = static_cast<double>(value.size());
    return value.is_array()    ? broken(array_bounds, schema, size)
           : value.is_object() ? broken(object_bounds, schema, size)
                               : std::nullopt;
}

std::string one_of(const json& choices) {
    std::string out = "expected ";
    out += choices.size() == 1 ? "" : "one of ";
    const char* separator = "";
    for (const auto& choice : choices) {
        out += separator + text_of(choice);
        separator = ", ";
        if (out.size() > max_words) {
            return out + ", …";
        }
    }
    return out;
}

} // namespace

std::string type_words(const json& schema) {
    const auto type = schema.is_object() ? schema.find("type") : schema.end();
    if (type == schema.end()) {
        return {};
    }
    if (type->is_string()) {
        return word_for(type->get<std::string>());
    }
    std::string out;
    for (const auto& one : *type) {
        if (one.is_string()) {
            out += (out.empty() ? "" : " or ") + word_for(one.get<std::string>());
        }
    }
    return out;
}

std::optional<std::string> expectation(const json& schema, const json& value) {
    if (const auto type = schema.find("type"); type != schema.end() && breaks_type(*type, value)) {
        return "expected " + type_words(schema);
    }
    if (const auto choices = schema.find("enum");
        choices != schema.end() && choices->is_array() &&
        std::find(choices->begin(), choices->end(), value) == choices->end()) {
        return one_of(*choices);
    }
    if (const auto only = schema.find("const"); only != schema.end() && *only != value) {
        return "expected " + text_of(*only);
    }
    return broken_bound(schema, value);
}

} // namespace noa::config
