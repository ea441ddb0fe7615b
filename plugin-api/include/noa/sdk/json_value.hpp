// Between C++ values and JSON values: both ways, and the JSON Schema that describes them.
//
// A struct takes part by naming its members once:
//     struct Get {
//         std::string key;
//         std::optional<double> ttl_s;
//         static constexpr auto fields() {
//             return noa::fields(noa::field("key", &Get::key, "what it was kept under"),
//                                noa::field("ttl_s", &Get::ttl_s, "seconds"));
//         }
//     };
// or by nlohmann's own to_json and from_json, which describe no schema.
#pragma once

#include <concepts>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "noa/sdk/codec.hpp"
#include "noa/sdk/units.hpp"

namespace noa::sdk {

using Json = nlohmann::json;

template <class Class, class T>
struct Field {
    std::string_view name;
    T Class::*member;
    std::string_view help;
    bool required;
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

// A member that must be there, unless it is a std::optional.
template <class Class, class T>
constexpr Field<Class, T> field(std::string_view name, T Class::*member,
                                std::string_view help = {}) {
    return {name, member, help, !is_optional<T>};
}
// A member that keeps its initial value when it is absent.
template <class Class, class T>
constexpr Field<Class, T> optional_field(std::string_view name, T Class::*member,
                                         std::string_view help = {}) {
    return {name, member, help, false};
}
template <class... Fields>
constexpr std::tuple<Fields...> fields(Fields... all) {
    return {all...};
}

template <class T>
concept Fielded = requires {
    T::fields();
};
template <class T>
concept NlohmannReadable = requires(const Json& json, T& value) {
    nlohmann::adl_serializer<T>::from_json(json, value);
};
template <class T>
concept NlohmannWritable = requires(Json& json, const T& value) {
    nlohmann::adl_serializer<T>::to_json(json, value);
};

// One overload of each for a kind of type. Errors are texts that grow a path from the inside
// out: ": must be a string", "/key: must be a string".
template <class T>
struct JsonValue;

template <class T>
Status read_json(const Json& json, T& value, Extra extra) {
    return JsonValue<T>::read(json, value, extra);
}
inline Status mismatch(std::string_view wanted, const Json& found) {
    return invalid(std::string(": must be ").append(wanted) + ", found " + found.type_name());
}
template <class Step>
Status within(const Step& step, Status outcome) {
    if (!outcome) {
        outcome.error().text.insert(0, "/" + std::string(step));
    }
    return outcome;
}

template <>
struct JsonValue<Json> {
    static Status read(const Json& json, Json& value, Extra) {
        value = json;
        return {};
    }
    static Json write(const Json& value) { return value; }
    static Json schema() { return Json::object(); }
};

template <>
struct JsonValue<bool> {
    static Status read(const Json& json, bool& value, Extra) {
        if (!json.is_boolean()) {
            return mismatch("true or false", json);
        }
        value = json.get<bool>();
        return {};
    }
    static Json write(bool value) { return value; }
    static Json schema() { return {{"type", "boolean"}}; }
};

template <std::integral T>
struct JsonValue<T> {
    static Status read(const Json& json, T& value, Extra) {
        if (!json.is_number_integer()) {
            return mismatch("a whole number", json);
        }
        const bool fits = json.is_number_unsigned() ? std::in_range<T>(json.get<std::uint64_t>())
                                                    : std::in_range<T>(json.get<std::int64_t>());
        if (!fits) {
            return invalid(": the number is out of range");
        }
        value = json.get<T>();
        return {};
    }
    static Json write(T value) { return value; }
    static Json schema() {
        Json schema{{"type", "integer"}};
        if (std::is_unsigned_v<T>) {
            schema["minimum"] = 0;
        }
        return schema;
    }
};

template <std::floating_point T>
struct JsonValue<T> {
    static Status read(const Json& json, T& value, Extra) {
        if (!json.is_number()) {
            return mismatch("a number", json);
        }
        value = json.get<T>();
        return {};
    }
    static Json write(T value) { return value; }
    static Json schema() { return {{"type", "number"}}; }
};

template <>
struct JsonValue<std::string> {
    static Status read(const Json& json, std::string& value, Extra) {
        if (!json.is_string()) {
            return mismatch("a string", json);
        }
        value = json.get_ref<const std::string&>();
        return {};
    }
    static Json write(const std::string& value) { return value; }
    static Json schema() { return {{"type", "string"}}; }
};

template <>
struct JsonValue<Duration> {
    static Status read(const Json& json, Duration& value, Extra) {
        if (!json.is_string()) {
            return mismatch("a duration like \"30s\"", json);
        }
        const Result<Duration> parsed = parse_duration(json.get_ref<const std::string&>());
        if (!parsed) {
            return invalid(": " + parsed.error().text);
        }
        value = *parsed;
        return {};
    }
    static Json write(Duration value) { return to_text(value); }
    static Json schema() {
        return {{"type", "string"}, {"pattern", "^([0-9]+(ns|us|ms|s|m|min|h|d))+$"}};
    }
};

template <>
struct JsonValue<ByteSize> {
    static Status read(const Json& json, ByteSize& value, Extra) {
        if (!json.is_string()) {
            return mismatch("a size like \"48MiB\"", json);
        }
        const Result<ByteSize> parsed = parse_size(json.get_ref<const std::string&>());
        if (!parsed) {
            return invalid(": " + parsed.error().text);
        }
        value = *parsed;
        return {};
    }
    static Json write(ByteSize value) { return to_text(value); }
    static Json schema() {
        return {{"type", "string"}, {"pattern", "^([0-9]+(B|KiB|MiB|GiB|kB|MB|GB))+$"}};
    }
};

template <class T>
struct JsonValue<std::optional<T>> {
    static Status read(const Json& json, std::optional<T>& value, Extra extra) {
        if (json.is_null()) {
            value.reset();
            return {};
        }
        return read_json(json, value.emplace(), extra);
    }
    static Json write(const std::optional<T>& value) {
        return value ? JsonValue<T>::write(*value) : Json();
    }
    static Json schema() { return JsonValue<T>::schema(); }
};

template <class T>
struct JsonValue<std::vector<T>> {
    static Status read(const Json& json, std::vector<T>& value, Extra extra) {
        if (!json.is_array()) {
            return mismatch("an array", json);
        }
        value.clear();
        for (const Json& element : json) {
            T one{};
            if (Status read = read_json(element, one, extra); !read) {
                return within(std::to_string(value.size()), std::move(read));
            }
            value.push_back(std::move(one));
        }
        return {};
    }
    static Json write(const std::vector<T>& value) {
        Json array = Json::array();
        for (const T& element : value) {
            array.push_back(JsonValue<T>::write(element));
        }
        return array;
    }
    static Json schema() { return {{"type", "array"}, {"items", JsonValue<T>::schema()}}; }
};

template <class T>
struct JsonValue<std::map<std::string, T>> {
    static Status read(const Json& json, std::map<std::string, T>& value, Extra extra) {
        if (!json.is_object()) {
            return mismatch("an object", json);
        }
        value.clear();
        for (const auto& [name, element] : json.items()) {
            if (Status read = read_json(element, value[name], extra); !read) {
                return within(name, std::move(read));
            }
        }
        return {};
    }
    static Json write(const std::map<std::string, T>& value) {
        Json object = Json::object();
        for (const auto& [name, element] : value) {
            object[name] = JsonValue<T>::write(element);
        }
        return object;
    }
    static Json schema() {
        return {{"type", "object"}, {"additionalProperties", JsonValue<T>::schema()}};
    }
};

template <Fielded T>
struct JsonValue<T> {
    static Status read(const Json& json, T& value, Extra extra) {
        if (!json.is_object()) {
            return mismatch("an object", json);
        }
        Status outcome;
        std::size_t known = 0;
        each([&](const auto& field) {
            if (outcome) {
                outcome = read_field(json, value, field, extra, known);
            }
        });
        if (outcome && extra == Extra::refused && known < json.size()) {
            return unknown(json);
        }
        return outcome;
    }
    static Json write(const T& value) {
        Json object = Json::object();
        each([&](const auto& field) {
            Json member = JsonValue<MemberOf<decltype(field)>>::write(value.*field.member);
            if (!is_optional<MemberOf<decltype(field)>> || !member.is_null()) {
                object[std::string(field.name)] = std::move(member);
            }
        });
        return object;
    }
    static Json schema() {
        Json properties = Json::object();
        Json required = Json::array();
        each([&](const auto& field) {
            Json& property = properties[std::string(field.name)];
            property = JsonValue<MemberOf<decltype(field)>>::schema();
            if (!field.help.empty()) {
                property["description"] = field.help;
            }
            if (field.required) {
                required.push_back(field.name);
            }
        });
        Json schema{{"type", "object"}, {"properties", std::move(properties)}};
        if (!required.empty()) {
            schema["required"] = std::move(required);
        }
        return schema;
    }

private:
    template <class F>
    using MemberOf =
        std::remove_cvref_t<decltype(std::declval<const T&>().*(std::declval<F>().member))>;

    template <class F>
    static void each(F&& visit) {
        std::apply([&](const auto&... field) { (visit(field), ...); }, T::fields());
    }
    template <class F>
    static Status read_field(const Json& json, T& value, const F& field, Extra extra,
                             std::size_t& known) {
        const auto found = json.find(field.name);
        if (found == json.end()) {
            return field.required ? within(field.name, invalid(": is missing")) : Status();
        }
        ++known;
        return within(field.name, read_json(*found, value.*field.member, extra));
    }
    static Status unknown(const Json& json) {
        for (auto member = json.begin(); member != json.end(); ++member) {
            bool known = false;
            std::string names;
            each([&](const auto& field) {
                known = known || field.name == member.key();
                names.append(names.empty() ? "" : ", ").append(field.name);
            });
            if (!known) {
                return within(member.key(), invalid(": is not known here (" + names + ")"));
            }
        }
        return {};
    }
};

template <class T>
concept Foreign =
    !Fielded<T> && !std::is_arithmetic_v<T> && (NlohmannReadable<T> || NlohmannWritable<T>);

// Whatever else nlohmann-json converts.
template <Foreign T>
struct JsonValue<T> {
    template <NlohmannReadable U>
    static Status read(const Json& json, U& value, Extra) {
        try {
            json.get_to(value);
        } catch (const std::exception& failure) {
            return invalid(std::string(": ") + failure.what());
        }
        return {};
    }
    template <NlohmannWritable U>
    static Json write(const U& value) {
        return Json(value);
    }
};

} // namespace noa::sdk
