#include "bus/timers.hpp"

#include <algorithm>

namespace noa::bus {

noa_status Timers::arm(std::uint64_t tag, std::int64_t due_ns, std::int64_t period_ns) {
    if (armed_.size() >= limit && !armed_.contains(tag)) {
        return NOA_E_TOO_LARGE;
    }
    const Armed armed{due_ns, period_ns, ++serial_};
    armed_[tag] = armed;
    push(tag, armed);
    return NOA_OK;
}

noa_status Timers::cancel(std::uint64_t tag) {
    return armed_.erase(tag) != 0 ? NOA_OK : NOA_E_NOT_FOUND;
}

void Timers::clear() {
    armed_.clear();
    heap_.clear();
}

void Timers::push(std::uint64_t tag, const Armed& armed) {
    // Re-arming leaves stale entries; rebuilt before they outnumber the live ones much.
    if (heap_.size() > 2 * armed_.size() + 64) {
        heap_.clear();
        for (const auto& [other, live] : armed_) {
            heap_.push_back({live.due_ns, live.serial, other});
        }
        std::make_heap(heap_.begin(), heap_.end());
        return;
    }
    heap_.push_back({armed.due_ns, armed.serial, tag});
    std::push_heap(heap_.begin(), heap_.end());
}

void Timers::drop_stale() {
    while (!heap_.empty()) {
        const auto found = armed_.find(heap_.front().tag);
        if (found != armed_.end() && found->second.serial == heap_.front().serial) {
            return;
        }
        std::pop_heap(heap_.begin(), heap_.end());
        heap_.pop_back();
    }
}

std::optional<std::uint64_t> Timers::take_due(std::int64_t now_ns) {
    drop_stale();
    if (heap_.empty() || heap_.front().due_ns > now_ns) {
        return std::nullopt;
    }
    const auto tag = heap_.front().tag;
    std::pop_heap(heap_.begin(), heap_.end());
    heap_.pop_back();
    auto& armed = armed_.at(tag);
    if (armed.period_ns == 0) {
        armed_.erase(tag);
        return tag;
    }
    const auto late = (now_ns - armed.due_ns) % armed.period_ns;
    const auto ahead = armed.period_ns - late;
    armed.due_ns = ahead > never - now_ns ? never : now_ns + ahead;
    armed.serial = ++serial_;
    push(tag, armed);
    return tag;
}

std::int64_t Timers::earliest() {
    drop_stale();
    return heap_.empty() ? never : heap_.front().due_ns;
}

} // namespace noa::bus
