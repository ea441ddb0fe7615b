#include "pointer.hpp"

#include <charconv>

namespace noa::json_schema {

namespace {

constexpr std::size_t longest_pointer = 4096;

} // namespace

std::size_t weight(const Json& value, std::size_t most) {
    std::size_t sum = 8;
    if (value.is_string()) {
        return sum + value.get_ref<const std::string&>().size();
    }
    if (value.is_structured()) {
        for (const auto& [key, child] : value.items()) {
            sum += (value.is_object() ? key.size() + 3 : 1) + weight(child, most);
            if (sum > most) {
                break;
            }
        }
    }
    return sum;
}

Result<std::vector<std::string>> tokens_of(const std::string& pointer) {
    if (pointer.size() > longest_pointer || (!pointer.empty() && pointer.front() != '/')) {
        return invalid("pointer: expected a JSON pointer like \"/a/b\" of at most 4096 bytes");
    }
    std::vector<std::string> tokens;
    for (std::size_t at = 0; at < pointer.size(); ++at) {
        const char c = pointer[at];
        if (c == '/') {
            tokens.emplace_back();
        } else if (c == '~') {
            const char next = ++at < pointer.size() ? pointer[at] : '\0';
            if (next != '0' && next != '1') {
                return invalid("pointer: expected ~0 or ~1 after each ~");
            }
            tokens.back() += next == '0' ? '~' : '/';
        } else {
            tokens.back() += c;
        }
    }
    return tokens;
}

std::optional<std::size_t> index_of(const std::string& token, std::size_t size) {
    if (token == "-") {
        return size;
    }
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
    const bool whole = error == std::errc() && end == token.data() + token.size();
    const bool plain = token.size() == 1 || token.front() != '0';
    return whole && plain && index <= size ? std::optional(index) : std::nullopt;
}

std::string child_pointer(std::string_view pointer, std::string_view key) {
    std::string out(pointer);
    out += '/';
    for (const char c : key) {
        if (c == '~' || c == '/') {
            out += c == '~' ? "~0" : "~1";
        } else {
            out += c;
        }
    }
    return out;
}

const Json* value_at(const Json& whole, const std::string& pointer) {
    const auto tokens = tokens_of(pointer);
    if (!tokens) {
        return nullptr;
    }
    const Json* at = &whole;
    for (const std::string& token : *tokens) {
        if (at->is_object()) {
            const auto found = at->find(token);
            at = found != at->end() ? &*found : nullptr;
        } else if (at->is_array()) {
            const auto index = index_of(token, at->size());
            at = index && *index < at->size() ? &(*at)[*index] : nullptr;
        } else {
            at = nullptr;
        }
        if (at == nullptr) {
            return nullptr;
        }
    }
    return at;
}

} // namespace noa::json_schema
