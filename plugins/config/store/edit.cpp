#include "edit.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace config {

namespace {

using noa::Json;
using noa::json_schema::index_of;
using noa::json_schema::tokens_of;

constexpr std::size_t most_steps = 1000;
constexpr std::size_t most_copies = 100;

// "[json.exception.out_of_range.403] key 'a' not found" → "key 'a' not found"
std::string words_of(const Json::exception& failure) {
    const std::string_view text = failure.what();
    const auto from = text.find("] ");
    return std::string(from == std::string_view::npos ? text : text.substr(from + 2));
}

std::string kind_of(const Json& value) {
    return value.is_number_integer() ? "integer" : value.type_name();
}

} // namespace

unsigned depth_of(const Json& value) {
    unsigned deepest = 0;
    if (value.is_structured()) {
        for (const Json& child : value) {
            deepest = std::max(deepest, depth_of(child));
        }
        ++deepest;
    }
    return deepest;
}

noa::Result<Json> with_value(Json whole, const std::string& pointer, Json value) {
    auto tokens = tokens_of(pointer);
    if (!tokens) {
        return tokens.error();
    }
    Json* at = &whole;
    std::string where;
    for (const std::string& token : *tokens) {
        if (at->is_null()) {
            *at = Json::object();
        }
        if (at->is_object()) {
            at = &(*at)[token];
        } else if (at->is_array()) {
            const auto index = index_of(token, at->size());
            if (!index) {
                return noa::invalid(where.append(": expected an index up to ")
                                        .append(std::to_string(at->size()))
                                        .append(", found \"" + token + "\""));
            }
            at = &(*at)[*index];
        } else {
            return noa::invalid(where + ": expected an object or array, found " + kind_of(*at));
        }
        where = child_pointer(where, token);
    }
    *at = std::move(value);
    return whole;
}

noa::Result<Json> without(Json whole, const std::string& pointer) {
    auto tokens = tokens_of(pointer);
    if (!tokens) {
        return tokens.error();
    }
    Json* at = &whole;
    for (std::size_t step = 0; step < tokens->size(); ++step) {
        const std::string& token = (*tokens)[step];
        const bool last = step + 1 == tokens->size();
        if (at->is_object() && at->contains(token)) {
            if (last) {
                at->erase(token);
                return whole;
            }
            at = &(*at)[token];
            continue;
        }
        const auto index = at->is_array() ? index_of(token, at->size()) : std::nullopt;
        if (!index || *index == at->size()) {
            break;
        }
        if (last) {
            at->erase(*index);
            return whole;
        }
        at = &(*at)[*index];
    }
    return noa::not_found(pointer + ": there is nothing");
}

noa::Result<Json> patched(Json whole, const Json& patch, std::size_t most) {
    if (!patch.is_array() || patch.size() > most_steps) {
        return noa::invalid("patch: expected an array of at most 1000 steps");
    }
    std::size_t copies = 0;
    for (std::size_t step = 0; step < patch.size(); ++step) {
        const std::string where = "patch/" + std::to_string(step) + ": ";
        try {
            whole.patch_inplace(Json::array({patch[step]}));
        } catch (const Json::exception& failure) {
            return noa::invalid(where + words_of(failure));
        }
        if (patch[step].value("op", "") == "copy") {
            if (++copies > most_copies || weight(whole, most) > most) {
                return noa::too_large(where + "more than 100 copies, or more than " +
                                      std::to_string(most) + " bytes");
            }
        }
    }
    return whole;
}

std::string difference(const Json& before, const Json& after, std::string_view after_text) {
    const Json steps = Json::diff(before, after);
    if (steps.empty()) {
        return {};
    }
    std::string text = noa::json_text(steps);
    if (text.size() > after_text.size() + 64) {
        text = R"([{"op":"replace","path":"","value":)";
        text.append(after_text).append("}]");
    }
    return text;
}

noa::Result<std::string> pointer_of(std::string_view dotted) {
    std::string pointer;
    while (!dotted.empty()) {
        std::string_view key;
        if (dotted.front() == '"') {
            const auto end = dotted.find('"', 1);
            if (end == std::string_view::npos) {
                return noa::invalid("key: a quote is not closed");
            }
            key = dotted.substr(1, end - 1);
            dotted.remove_prefix(end + 1);
        } else {
            key = dotted.substr(0, dotted.find('.'));
            dotted.remove_prefix(key.size());
        }
        if (key.empty() || (!dotted.empty() && dotted.front() != '.') || dotted == ".") {
            return noa::invalid("key: expected names with dots between");
        }
        dotted.remove_prefix(dotted.empty() ? 0 : 1);
        pointer = child_pointer(pointer, key);
    }
    return pointer;
}

} // namespace config
