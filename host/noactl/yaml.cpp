#include "noactl/yaml.hpp"

#include <nlohmann/json.hpp>

namespace noa::noactl {

namespace {

using nlohmann::json;

std::string scalar(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// `indent` spaces stand before each line but the first.
void append(std::string& out, const json& value, std::size_t indent) {
    const bool block = value.is_structured() && !value.empty();
    if (!block) {
        out += scalar(value) + "\n";
        return;
    }
    bool first = true;
    for (const auto& [key, child] : value.items()) {
        out += first ? "" : std::string(indent, ' ');
        first = false;
        out += value.is_array() ? "-" : scalar(json(key)) + ":";
        if (!child.is_structured() || child.empty()) {
            out += " ";
            append(out, child, 0);
        } else if (value.is_array()) {
            out += " ";
            append(out, child, indent + 2);
        } else {
            out += "\n" + std::string(indent + 2, ' ');
            append(out, child, indent + 2);
        }
    }
}

} // namespace

std::string yaml_text(const json& value) {
    std::string out;
    append(out, value, 0);
    return out;
}

} // namespace noa::noactl
