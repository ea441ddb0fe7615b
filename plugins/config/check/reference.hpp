// "$ref" within a schema.
#pragma once

#include <string>

#include "../store/edit.hpp"
#include "noa/sdk/json.hpp"

namespace config {

// What the "$ref" of `schema` says; nullptr: it has none.
[[nodiscard]] inline const std::string* reference_in(const noa::Json& schema) {
    const auto found = schema.is_object() ? schema.find("$ref") : schema.end();
    return schema.is_object() && found != schema.end() && found->is_string()
               ? &found->get_ref<const std::string&>()
               : nullptr;
}

// nullptr: not in this document. No percent codes and no empty names: validators disagree on them.
[[nodiscard]] inline const noa::Json* referred(const noa::Json& root,
                                               const std::string& reference) {
    if (!reference.starts_with('#') || reference.find('%') != std::string::npos ||
        reference.find("//") != std::string::npos || reference.ends_with('/')) {
        return nullptr;
    }
    return value_at(root, reference.substr(1));
}

} // namespace config
