#include "supervise/leftovers.hpp"

#include "supervise/generation.hpp"

namespace noa::supervise {

Leftovers::Leftovers() = default;

Leftovers::~Leftovers() {
    for (auto& generation : stuck_) {
        static_cast<void>(generation.release());
    }
}

void Leftovers::add_pin(Pin pin) {
    const std::lock_guard lock(mutex_);
    pins_.push_back(std::move(pin));
}

void Leftovers::add_stuck(std::unique_ptr<Generation> generation) {
    const std::lock_guard lock(mutex_);
    stuck_.push_back(std::move(generation));
}

std::vector<Leftovers::Pin> Leftovers::pins() const {
    const std::lock_guard lock(mutex_);
    return pins_;
}

bool Leftovers::any_stuck() const {
    const std::lock_guard lock(mutex_);
    return !stuck_.empty();
}

} // namespace noa::supervise
