// "$ref" within a schema.
#pragma once

#include <string>

#include "noa/sdk/json.hpp"
#include "pointer.hpp"

namespace noa::json_schema {

// What the "$ref" of `schema` says; nullptr: it has none.
[[nodiscard]] inline const std::string* reference_in(const Json& schema) {
    const auto found = schema.is_object() ? schema.find("$ref") : schema.end();
    return schema.is_object() && found != schema.end() && found->is_string()
               ? &found->get_ref<const std::string&>()
               : nullptr;
}

// nullptr: not in this document. No percent codes and no empty names: validators disagree on them.
[[nodiscard]] inline const Json* referred(const Json& root, const std::string& reference) {
    if (!reference.starts_with('#') || reference.find('%') != std::string::npos ||
        reference.find("//") != std::string::npos || reference.ends_with('/')) {
        return nullptr;
    }
    return value_at(root, reference.substr(1));
}

} // namespace noa::json_schema
