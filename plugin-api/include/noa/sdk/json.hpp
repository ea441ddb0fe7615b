// JSON bodies for typed operations, events, replies and settings, on nlohmann-json.
#pragma once

#include <algorithm>
#include <concepts>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "noa/sdk.hpp"
#include "noa/sdk/json_body.hpp"
#include "noa/sdk/json_value.hpp"

namespace noa::sdk {

// Deeper nesting is refused before it is parsed: writing such a value again would recurse
// as deep.
inline constexpr unsigned json_depth_limit = 64;

[[nodiscard]] inline bool json_nests_within(std::string_view text, unsigned limit) noexcept {
    unsigned depth = 0;
    bool quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char letter = text[at];
        if (quoted) {
            at += letter == '\\' ? 1U : 0U;
            quoted = letter != '"';
        } else if (letter == '"') {
            quoted = true;
        } else if (letter == '[' || letter == '{') {
            if (++depth > limit) {
                return false;
            }
        } else if ((letter == ']' || letter == '}') && depth > 0) {
            --depth;
        }
    }
    return true;
}

// "[json.exception.parse_error.101] parse error at line 1, …" without the first word, and short.
[[nodiscard]] inline Error json_error(const std::exception& failure) {
    constexpr std::size_t longest = 200;
    std::string_view why = failure.what();
    if (why.starts_with("[json.exception")) {
        why.remove_prefix(std::min(why.find("] ") + 2, why.size()));
    }
    return invalid("body: " + std::string(why.substr(0, longest)));
}

// NOA_E_INVALID with line and column.
[[nodiscard]] inline Result<Json> parse_json(std::string_view text) {
    if (!json_nests_within(text, json_depth_limit)) {
        return invalid("body: nested deeper than " + std::to_string(json_depth_limit));
    }
    try {
        return Json::parse(text);
    } catch (const std::exception& failure) { // a number beyond all bounds as well
        return json_error(failure);
    }
}

// As parse_json, of what others say: a key that comes twice in an object and an integer beyond 64
// bits are refused, because what was meant would not be kept.
[[nodiscard]] inline Result<Json> parse_json_body(std::string_view text) {
    constexpr std::size_t longest_shown = 40;
    const JsonSeen seen = look_at_json(text);
    if (!seen.too_large.empty()) {
        return invalid("body: the number " + std::string(seen.too_large.substr(0, longest_shown)) +
                       " has more than 64 bits: write it as text");
    }
    Result<Json> json = parse_json(text);
    if (!json) {
        return json;
    }
    if (seen.members != count_members(*json)) {
        return invalid("body: the key \"" + twice_in(text).substr(0, longest_shown) +
                       "\" comes twice");
    }
    return json;
}

// Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] inline std::string json_text(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <class T>
concept JsonReadable = std::default_initializable<T> && requires(const Json& json, T& value) {
    JsonValue<T>::read(json, value, Extra::ignored);
};
template <class T>
concept JsonWritable = requires(const T& value) {
    JsonValue<T>::write(value);
};
template <class T>
concept JsonDescribed = requires {
    JsonValue<T>::schema();
};

template <class T>
concept JsonBody = !std::convertible_to<const T&, Body> && !std::derived_from<T, Message> &&
                   !std::same_as<T, Reply> && !std::same_as<T, Responder> && !is_result<T> &&
                   (JsonReadable<T> || JsonWritable<T>);

template <JsonBody T>
struct Codec<T> {
    template <JsonReadable U = T>
    static Result<U> decode(std::string_view body, Extra extra) {
        // A request without a body asks with nothing but defaults.
        const Result<Json> json = parse_json_body(Fielded<U> && body.empty() ? "{}" : body);
        if (!json) {
            return json.error();
        }
        U value{};
        if (Status read = JsonValue<U>::read(*json, value, extra); !read) {
            std::string& text = read.error().text;
            if (text.starts_with(':')) {
                text.insert(0, "body");
            }
            return std::move(read).error();
        }
        return value;
    }
    template <JsonWritable U = T>
    static Result<OwnedBody> encode(const U& value) {
        return OwnedBody{json_text(JsonValue<U>::write(value)), json_content_type};
    }
    template <JsonDescribed U = T>
    static std::string schema() {
        return json_text(JsonValue<U>::schema());
    }
};

// A value as a body: publish("cache.cleared", noa::json_body(cleared)).
template <JsonBody T>
[[nodiscard]] OwnedBody json_body(const T& value) {
    return {json_text(JsonValue<T>::write(value)), json_content_type};
}

} // namespace noa::sdk

namespace noa {

using sdk::field;
using sdk::fields;
using sdk::Json;
using sdk::json_body;
using sdk::json_text;
using sdk::optional_field;
using sdk::parse_json;

} // namespace noa
