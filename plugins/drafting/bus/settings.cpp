#include "settings.hpp"

namespace drafting {

noa::Status Settings::check() const {
    constexpr std::uint64_t largest = 12U << 20U; // of a message's 16 MiB, as JSON has it
    if (quotas.draft.bytes < 1024 || quotas.draft.bytes > largest) {
        return noa::invalid("/quotas/draft: must be 1KiB to 12MiB");
    }
    if (quotas.open.bytes < 2 * quotas.draft.bytes) {
        return noa::invalid("/quotas/open: must be twice quotas.draft at least");
    }
    if (auto_save < std::chrono::milliseconds(100) || auto_save > std::chrono::hours(1)) {
        return noa::invalid("/auto_save: must be 100ms to 1h");
    }
    if (history.size.bytes < (1U << 20U)) {
        return noa::invalid("/history/size: must be 1MiB at least");
    }
    if (idle < std::chrono::seconds(1)) {
        return noa::invalid("/idle: must be 1s at least");
    }
    if (sessions.silent < std::chrono::seconds(1)) {
        return noa::invalid("/sessions/silent: must be 1s at least");
    }
    const bool is_http = model.url.starts_with("http://") || model.url.starts_with("https://");
    if (!model.url.empty() && (!is_http || model.url.ends_with('/'))) {
        return noa::invalid("/model/url: must be http(s)://HOST/…, without a / at the end");
    }
    if (!model.url.empty() && model.name.empty()) {
        return noa::invalid("/model/name: is missing");
    }
    if (model.timeout < std::chrono::seconds(1) || model.timeout > std::chrono::hours(1)) {
        return noa::invalid("/model/timeout: must be 1s to 1h");
    }
    return {};
}

} // namespace drafting
