#include "value.hpp"

#include <utility>

#include "../bus/json_value.hpp"
#include "noa/sdk/json.hpp"

namespace cache::tier {

std::string to_tier(std::string_view bytes, Type type) {
    if (type != Type::string) {
        return std::string(bytes);
    }
    std::string text;
    append_text(text, bytes);
    if (text.front() != '"') {
        text.assign(1, '\0').append(bytes);
    }
    return text;
}

Bytes from_tier(std::string text) {
    if (text.starts_with('\0')) {
        text.erase(0, 1);
        return {std::move(text), Type::string};
    }
    if (text.starts_with('"')) {
        const auto value = noa::parse_json(text);
        if (value && value->is_string()) {
            return {value->get<std::string>(), Type::string};
        }
    } else if (noa::sdk::json_nests_within(text, noa::sdk::json_depth_limit) &&
               noa::Json::accept(text)) {
        return {std::move(text), Type::json};
    }
    return {std::move(text), Type::string};
}

} // namespace cache::tier
