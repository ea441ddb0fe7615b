// The timers of one generation. [lane]
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <unordered_map>
#include <vector>

#include "noa/status.h"

namespace noa::bus {

class Timers {
public:
    static constexpr std::size_t limit = 4096;
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    [[nodiscard]] noa_status arm(std::uint64_t tag, std::int64_t due_ns, std::int64_t period_ns);
    [[nodiscard]] noa_status cancel(std::uint64_t tag);
    void clear();
    // The tag of a timer that is due, once; its next period is counted from `now_ns`.
    [[nodiscard]] std::optional<std::uint64_t> take_due(std::int64_t now_ns);
    [[nodiscard]] std::int64_t earliest();
    [[nodiscard]] std::size_t count() const noexcept { return armed_.size(); }

private:
    struct Armed {
        std::int64_t due_ns = 0;
        std::int64_t period_ns = 0;
        std::uint64_t serial = 0;
    };
    struct Entry { // of a heap, the earliest on top; stale when the serial differs
        std::int64_t due_ns = 0;
        std::uint64_t serial = 0;
        std::uint64_t tag = 0;
        friend bool operator<(const Entry& a, const Entry& b) noexcept {
            return a.due_ns > b.due_ns;
        }
    };
    void push(std::uint64_t tag, const Armed& armed);
    void drop_stale();

    std::unordered_map<std::uint64_t, Armed> armed_;
    std::vector<Entry> heap_;
    std::uint64_t serial_ = 0;
};

} // namespace noa::bus
