#include "validated_settings.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "plugin/text.hpp"

namespace noa::runner {

namespace {

using nlohmann::json;

constexpr int levels_max = 5;
constexpr std::size_t odd_max = 400;
constexpr std::size_t sample_text_max = 4096;
constexpr std::size_t array_max = 64;

const json& member_of(const json& schema, const char* key) {
    static const json none;
    const auto found = schema.is_object() ? schema.find(key) : schema.end();
    return schema.is_object() && found != schema.end() ? *found : none;
}

std::size_t bound_of(const json& schema, const char* key, std::size_t otherwise, std::size_t most) {
    const auto& value = member_of(schema, key);
    return value.is_number_unsigned() ? std::min(value.get<std::size_t>(), most) : otherwise;
}

class Values {
public:
    explicit Values(const json& root) : root_(root) {}

    // One value as somebody would write it; `all`: with the members that are not required.
    [[nodiscard]] json usual(const json& given, bool all, int level = 0) const {
        const auto& schema = resolved(given);
        for (const char* key : {"default", "const"}) {
            if (schema.is_object() && schema.contains(key)) {
                return schema.at(key);
            }
        }
        for (const char* key : {"examples", "enum"}) {
            if (const auto& list = member_of(schema, key); list.is_array() && !list.empty()) {
                return list.front();
            }
        }
        for (const char* key : {"anyOf", "oneOf", "allOf"}) {
            if (const auto& list = member_of(schema, key);
                list.is_array() && !list.empty() && level < levels_max) {
                return usual(list.front(), all, level + 1);
            }
        }
        return of_type(schema, type_of(schema), all, level);
    }
    [[nodiscard]] const json& resolved(const json& schema) const {
        const json* found = &schema;
        for (int hops = 0; hops < levels_max; ++hops) {
            const auto& reference = member_of(*found, "$ref");
            const auto text = reference.is_string() ? reference.get<std::string>() : "";
            if (!text.starts_with('#')) {
                break;
            }
            try {
                found = &root_.at(json::json_pointer(text.substr(1)));
            } catch (const json::exception&) {
                break;
            }
        }
        return *found;
    }
    [[nodiscard]] static std::string type_of(const json& schema) {
        const auto& type = member_of(schema, "type");
        if (type.is_array() && !type.empty() && type.front().is_string()) {
            return type.front().get<std::string>();
        }
        if (type.is_string()) {
            return type.get<std::string>();
        }
        return member_of(schema, "properties").is_object() ? "object" : "string";
    }
    // At and beyond the bounds, and of every other type.
    [[nodiscard]] std::vector<json> odd(const json& given) const {
        const auto& schema = resolved(given);
        std::vector<json> out{nullptr,
                              true,
                              false,
                              0,
                              -1,
                              0.5,
                              1e300,
                              INT64_MAX,
                              UINT64_MAX,
                              "",
                              "text",
                              "-1s",
                              json::array(),
                              json::object(),
                              json::array({nullptr}),
                              std::string(sample_text_max, 'x'),
                              "\xC3\xA9\n\\\""};
        for (const char* key : {"enum", "examples"}) {
            if (const auto& list = member_of(schema, key); list.is_array()) {
                out.insert(out.end(), list.begin(), list.end());
            }
        }
        for (const char* key : {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}) {
            if (const auto& bound = member_of(schema, key); bound.is_number_integer()) {
                const auto at = bound.get<std::int64_t>();
                out.insert(out.end(),
                           {at, at > INT64_MIN ? at - 1 : at, at < INT64_MAX ? at + 1 : at});
            }
        }
        for (const char* key : {"minLength", "maxLength"}) {
            const auto size = bound_of(schema, key, 0, sample_text_max);
            out.insert(out.end(), {std::string(size, 'a'), std::string(size + 1, 'a')});
        }
        return out;
    }

private:
    [[nodiscard]] json of_type(const json& schema, const std::string& type, bool all,
                               int level) const {
        if (type == "object") {
            json out = json::object();
            const auto& required = member_of(schema, "required");
            const auto& members = member_of(schema, "properties");
            const json named = members.is_object() ? members : json::object();
            for (const auto& [name, below] : named.items()) {
                const bool wanted =
                    required.is_array() &&
                    std::find(required.begin(), required.end(), name) != required.end();
                if ((all || wanted) && level < levels_max) {
                    out[name] = usual(below, all, level + 1);
                }
            }
            return out;
        }
        if (type == "array") {
            json out = json::array();
            const auto count = bound_of(schema, "minItems", 0, array_max);
            while (out.size() < count && level < levels_max) {
                out.push_back(usual(member_of(schema, "items"), all, level + 1));
            }
            return out;
        }
        if (type == "integer" || type == "number") {
            const auto& least = member_of(schema, "minimum");
            return least.is_number() ? least : json(1);
        }
        if (type == "boolean") {
            return true;
        }
        return type == "null"
                   ? json()
                   : json(std::string(bound_of(schema, "minLength", 1, sample_text_max), 'a'));
    }

    const json& root_;
};

json parsed_schema(const char* schema) {
    return schema == nullptr ? json::object() : plugin::parse_json(schema).value_or(json::object());
}

} // namespace

std::vector<json> usual_settings(const char* schema) {
    const json root = parsed_schema(schema);
    const Values values(root);
    return {values.usual(root, false), values.usual(root, true)};
}

std::vector<json> odd_values(const json& root) {
    const Values values(root);
    const json base = values.usual(root, true);
    std::vector<json> out{values.usual(root, false), base};
    const auto& named = member_of(values.resolved(root), "properties");
    if (!base.is_object() || !named.is_object()) {
        const auto odd = values.odd(root);
        out.insert(out.end(), odd.begin(), odd.end());
        return out;
    }
    json stranger = base;
    stranger["no-such-member"] = 1;
    out.push_back(std::move(stranger));
    for (const auto& [name, below] : named.items()) {
        for (auto& value : values.odd(below)) {
            if (out.size() < odd_max) {
                json changed = base;
                changed[name] = std::move(value);
                out.push_back(std::move(changed));
            }
        }
    }
    return out;
}

std::vector<json> odd_settings(const char* schema) {
    auto out = odd_values(parsed_schema(schema));
    std::erase_if(out, [](const json& value) { return !value.is_object(); });
    return out;
}

} // namespace noa::runner
