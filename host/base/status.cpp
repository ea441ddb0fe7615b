#include "base/status.hpp"

#include <array>

namespace noa {

namespace {

struct Words {
    noa_status status;
    std::string_view name;
    std::string_view text;
};

constexpr std::array words{
    Words{NOA_OK, "ok", "done"},
    Words{NOA_DEFERRED, "deferred", "will be answered later"},
    Words{NOA_E_INTERNAL, "internal", "a defect in the agent"},
    Words{NOA_E_INVALID, "invalid", "the message breaks the operation's contract"},
    Words{NOA_E_UNSUPPORTED, "unsupported", "the agent does not offer that operation"},
    Words{NOA_E_NO_AGENT, "no_agent", "no agent has that name"},
    Words{NOA_E_BUSY, "busy", "the inbox is full; retry later"},
    Words{NOA_E_RETRY, "retry", "to be delivered again"},
    Words{NOA_E_TOO_LARGE, "too_large", "over the size limit"},
    Words{NOA_E_EXPIRED, "expired", "the deadline passed first"},
    Words{NOA_E_RETIRED, "retired", "this generation or delivery is over"},
    Words{NOA_E_LOOP, "loop", "too many hops: agents call each other in a circle"},
    Words{NOA_E_DENIED, "denied", "not permitted"},
    Words{NOA_E_STATE, "state", "not possible in this phase of life or on this thread"},
    Words{NOA_E_FAILED, "failed", "the agent could not do it"},
    Words{NOA_E_UNAVAILABLE, "unavailable", "the agent is stopped"},
    Words{NOA_E_DEAD, "dead", "given up after max_deliveries attempts"},
    Words{NOA_E_NOT_FOUND, "not_found", "there is no such thing"},
};

const Words* find(noa_status status) noexcept {
    for (const auto& entry : words) {
        if (entry.status == status) {
            return &entry;
        }
    }
    return nullptr;
}

} // namespace

std::string_view status_name(noa_status status) noexcept {
    const auto* entry = find(status);
    return entry != nullptr ? entry->name : "unknown";
}

std::string_view status_text(noa_status status) noexcept {
    const auto* entry = find(status);
    return entry != nullptr ? entry->text : "a status that this host does not know";
}

} // namespace noa
