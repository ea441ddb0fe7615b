// The audit log: each entry carries a hash over itself and the entry before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "document.hpp"

namespace config {

struct AuditEntry {
    std::int64_t seq = 0; // from 1
    std::string at;
    std::string author;
    std::string action; // set, unset, rollback, import, refused, drifted, healed, fault
    std::string name;
    std::string layer;
    Revision revision = 0; // 0: nothing was changed
    std::string digest;    // of the document's text; may be empty
    std::string reason;
    std::string hash;
};

// SHA-256 in hex.
[[nodiscard]] std::string sha256(std::string_view text);

// Of `entry`, its own hash aside, after one whose hash is `previous`. Every part is preceded by
// its length, so that none can be moved into another.
[[nodiscard]] std::string chained(std::string_view previous, const AuditEntry& entry);

} // namespace config
