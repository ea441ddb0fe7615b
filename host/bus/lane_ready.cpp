// The lane and its descriptors: see noa/ext/listener.h.
#include "bus/lane.hpp"

namespace noa::bus {

namespace {

constexpr int ready_a_turn = 16; // then the inbox has its turn

} // namespace

noa_status Lane::watch(int fd, std::uint32_t events, std::uint64_t tag) {
    return bus_.readiness().watch(*this, fd, events, tag);
}

noa_status Lane::unwatch(int fd) {
    return bus_.readiness().unwatch(*this, fd);
}

void Lane::drop_watches() {
    bus_.readiness().drop_all(*this);
}

void Lane::has_ready() noexcept {
    bool attached = false;
    {
        const std::lock_guard lock(mutex_);
        ready_ = true;
        attached = attached_;
    }
    if (attached) {
        inbox_.nudge();
    } // otherwise attach looks
}

void Lane::tell_ready() {
    for (int told = 0; told < ready_a_turn; ++told) {
        const auto ready = bus_.readiness().next(*this);
        if (!ready) {
            return;
        }
        calls_.store(calls_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        handler_->on_ready(ready->tag, ready->events);
    }
    has_ready(); // there may be more
}

} // namespace noa::bus
