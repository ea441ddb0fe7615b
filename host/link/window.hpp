// What a runner has been handed and has not begun with, or not been done with, yet: what it put off
// is not in it.
//
// It is full at its limit of messages or bytes, and open again once half of both is free: a lane
// that was told to wait then has enough to do at once.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <unordered_map>

namespace noa::link {

// [any thread], its own mutex.
class Window {
public:
    struct Limits {
        std::size_t messages = 256;
        std::size_t bytes = std::size_t{4} * 1024 * 1024;
    };
    // `full` is told each change, in order, with the mutex held.
    Window(Limits limits, std::function<void(bool)> full)
        : limits_(limits), full_(std::move(full)) {}

    void add(std::uint64_t delivery, std::size_t bytes) {
        const std::lock_guard lock(mutex_);
        if (open_.emplace(delivery, bytes).second) {
            bytes_ += bytes;
        }
        if (!is_full_ && (open_.size() >= limits_.messages || bytes_ >= limits_.bytes)) {
            is_full_ = true;
            full_(true);
        }
    }
    // False when there is no such delivery (any more).
    bool remove(std::uint64_t delivery) {
        const std::lock_guard lock(mutex_);
        const auto found = open_.find(delivery);
        if (found == open_.end()) {
            return false;
        }
        bytes_ -= found->second;
        open_.erase(found);
        if (is_full_ && open_.size() <= limits_.messages / 2 && bytes_ <= limits_.bytes / 2) {
            is_full_ = false;
            full_(false);
        }
        return true;
    }
    // Nothing is in it any more: all of it was taken back.
    void clear() {
        const std::lock_guard lock(mutex_);
        open_.clear();
        bytes_ = 0;
        if (is_full_) {
            is_full_ = false;
            full_(false);
        }
    }
    [[nodiscard]] bool contains(std::uint64_t delivery) const {
        const std::lock_guard lock(mutex_);
        return open_.contains(delivery);
    }
    [[nodiscard]] std::size_t count() const {
        const std::lock_guard lock(mutex_);
        return open_.size();
    }

private:
    const Limits limits_;
    const std::function<void(bool)> full_;
    mutable std::mutex mutex_;
    // under mutex_
    std::unordered_map<std::uint64_t, std::size_t> open_;
    std::size_t bytes_ = 0;
    bool is_full_ = false;
};

} // namespace noa::link
