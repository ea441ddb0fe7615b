#include "template.hpp"

#include <string_view>

#include "../store/document.hpp"
#include "../store/edit.hpp"
#include "effective.hpp"

namespace config {

namespace {

using noa::Json;

constexpr std::size_t most_parameters = 64;

// The parameter that `text` from `at`, a "${", names, and where it ends; nullptr: none.
const Json* named(const std::string& text, std::size_t at, const Parameters& parameters,
                  std::size_t& ret_end) {
    const auto close = text.find('}', at);
    if (close == std::string::npos) {
        return nullptr;
    }
    const auto found = parameters.find(text.substr(at + 2, close - at - 2));
    ret_end = close + 1;
    return found != parameters.end() ? &found->second : nullptr;
}

std::string put_in(const std::string& text, const Parameters& parameters) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = 0;
        if (text.compare(at, 3, "$${") == 0) {
            out += "${";
            at += 3;
        } else if (const Json* value = text.compare(at, 2, "${") == 0
                                           ? named(text, at, parameters, end)
                                           : nullptr) {
            out +=
                value->is_string() ? value->get_ref<const std::string&>() : noa::json_text(*value);
            at = end;
        } else {
            out += text[at++];
        }
    }
    return out;
}

// Names in "${…}" that are no parameter; the first.
std::string unknown_name(const Json& value, const Parameters& parameters) {
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        for (auto at = text.find("${"); at != std::string::npos; at = text.find("${", at + 2)) {
            std::size_t end = 0;
            if ((at == 0 || text[at - 1] != '$') && named(text, at, parameters, end) == nullptr) {
                return text.substr(at, end > at ? end - at : 40);
            }
        }
    }
    if (value.is_structured()) {
        for (const Json& child : value) {
            if (std::string name = unknown_name(child, parameters); !name.empty()) {
                return name;
            }
        }
    }
    return {};
}

} // namespace

noa::Result<Parameters> parameters_of(const Json& text, const Json& with) {
    const Json declared = text.value("parameters", Json::object());
    if (!with.is_object()) {
        return noa::invalid("with: expected an object");
    }
    Parameters parameters;
    for (const auto& [name, about] : declared.items()) {
        const auto given = with.find(name);
        if (given == with.end() && !about.contains("default")) {
            return noa::invalid("the parameter " + name + " is missing");
        }
        const Json& value = given != with.end() ? *given : about["default"];
        if (about.contains("default") && !about["default"].is_null() &&
            about["default"].is_number() != value.is_number() &&
            about["default"].type() != value.type()) {
            return noa::invalid("the parameter " + name + ": expected " +
                                about["default"].type_name() + ", found " + value.type_name());
        }
        parameters.emplace(name, value);
    }
    for (const auto& entry : with.items()) {
        if (!declared.contains(entry.key())) {
            return noa::invalid("no parameter " + entry.key().substr(0, longest_name));
        }
    }
    return parameters;
}

bool put_parameters(Json& value, const Parameters& parameters, std::size_t most,
                    std::size_t& ret_bytes) {
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        std::size_t end = 0;
        const Json* whole = text.starts_with("${") ? named(text, 0, parameters, end) : nullptr;
        value = whole != nullptr && end == text.size() ? *whole : Json(put_in(text, parameters));
        ret_bytes += weight(value, most);
    } else if (value.is_structured()) {
        for (Json& child : value) {
            if (!put_parameters(child, parameters, most, ret_bytes)) {
                return false;
            }
        }
    }
    return ret_bytes <= most;
}

std::string fault_of_template(const Json& text) {
    const Json declared = text.value("parameters", Json::object());
    if (!text.contains("value") || !declared.is_object() ||
        text.size() != (text.contains("parameters") ? 2U : 1U)) {
        return R"(expected {"parameters": {…}, "value": …})";
    }
    if (declared.size() > most_parameters) {
        return "more than 64 parameters";
    }
    Parameters names;
    for (const auto& [name, about] : declared.items()) {
        if (!is_name(name) || !about.is_object()) {
            return "/parameters/" + name.substr(0, longest_name) +
                   ": expected a name in lower case and an object";
        }
        names.emplace(name, nullptr);
    }
    const std::string unknown = unknown_name(text["value"], names);
    return unknown.empty() ? "" : "/value: " + unknown + " is not a parameter";
}

} // namespace config
