#include "settings.hpp"

namespace config {

noa::Status Settings::check() const {
    if (!is_name(environment)) {
        return noa::invalid("/environment: must be a name in lower case");
    }
    if (max_document.bytes < 1024 || max_document.bytes > (4ULL << 20U)) {
        return noa::invalid("/max_document: must be 1KiB to 4MiB");
    }
    if (version_bytes.bytes < max_document.bytes || event_bytes.bytes < max_document.bytes ||
        max_bytes.bytes < max_document.bytes) {
        return noa::invalid("/max_document: must not be larger than version_bytes, event_bytes "
                            "and max_bytes");
    }
    if (validate_timeout < std::chrono::milliseconds(10) ||
        validate_timeout > std::chrono::minutes(5)) {
        return noa::invalid("/validate_timeout: must be 10ms to 5min");
    }
    if (drift_every < std::chrono::milliseconds(100) || drift_every > std::chrono::hours(24)) {
        return noa::invalid("/drift_every: must be 100ms to 24h");
    }
    return {};
}

} // namespace config
