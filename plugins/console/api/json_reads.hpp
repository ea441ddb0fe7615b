// Looks into JSON that others wrote: what is not as expected is as if it were not there.
#pragma once

#include <optional>
#include <string>

#include "noa/sdk/json.hpp"

namespace console {

[[nodiscard]] inline const noa::Json& member_of(const noa::Json& object, const char* key) {
    static const noa::Json nothing;
    const auto found = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && found != object.end() ? *found : nothing;
}

[[nodiscard]] inline std::string text_in(const noa::Json& object, const char* key) {
    const noa::Json& member = member_of(object, key);
    return member.is_string() ? member.get<std::string>() : std::string();
}

[[nodiscard]] inline std::optional<double> number_in(const noa::Json& object, const char* key) {
    const noa::Json& member = member_of(object, key);
    return member.is_number() ? std::optional(member.get<double>()) : std::nullopt;
}

} // namespace console
