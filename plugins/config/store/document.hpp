// A document as it stands: one layer of what is known under a name.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "noa/sdk/json.hpp"

namespace config {

// Of the whole store; each change has the next one.
using Revision = std::int64_t;

inline constexpr std::size_t longest_name = 63;
inline constexpr unsigned deepest_value = 32;

// [a-z0-9], then [a-z0-9_-], at most 63 bytes: a token of a subject, and of a dotted key.
[[nodiscard]] bool is_name(std::string_view text) noexcept;

// Layers that are not documents of an application: their names are none that anybody may give.
inline constexpr std::string_view schema_layer = "_schema";
inline constexpr std::string_view template_layer = "_template";
inline constexpr std::string_view policy_layer = "_policy";
inline constexpr std::string_view base_layer = "base";
inline constexpr std::string_view host_layer = "host";
inline constexpr std::string_view override_layer = "override";

[[nodiscard]] inline bool is_reserved(std::string_view layer) noexcept {
    return layer.starts_with('_');
}

struct Key {
    std::string name;
    std::string layer; // the table's "environment"
    // NOLINTNEXTLINE(modernize-use-nullptr): what it takes for one is the comparison with 0
    friend auto operator<=>(const Key&, const Key&) = default;
    [[nodiscard]] std::string text() const { return name + " (" + layer + ")"; }
};

// Immutable.
struct Document { // NOLINT(bugprone-exception-escape): the json type moves without throwing
    Key key;
    std::int64_t version = 0; // from 1, of this key
    Revision revision = 0;
    std::string updated_at; // RFC 3339, UTC
    std::string updated_by;
    std::string reason;
    bool deleted = false; // what is left of one that was unset, so that its versions go on
    std::string text;     // canonical: sorted keys, no blanks
    noa::Json value;
    std::vector<std::string> references; // documents that `value` refers to, by name
};

// Owners: the agent's tables, changes on their way to the disk, and whoever reads at the moment.
using DocumentPtr = std::shared_ptr<const Document>;
using Documents = std::map<Key, DocumentPtr>;

// One step from revision to revision, as it is kept and as watchers get it.
struct Change {
    DocumentPtr after;
    std::string kind;   // set, unset, rollback, import, heal
    std::string patch;  // JSON Patch from the version before; of one that is unset: empty
    std::string digest; // SHA-256 of the text
    std::string cause;  // id of the message that asked for it; may be empty
    Revision first = 0; // of its transaction
    Revision last = 0;  // of its transaction
};

} // namespace config
