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
    return {};
}

} // namespace drafting
