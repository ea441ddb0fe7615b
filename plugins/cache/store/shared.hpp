// One object, several threads: who wants it takes it, does what is to be done, and gives it back.
#pragma once

#include <mutex>
#include <utility>

namespace cache {

template <class T>
class Shared {
public:
    template <class... Args>
    explicit Shared(Args&&... args) : object_(std::forward<Args>(args)...) {}

    // Holds it for the length of `use(object)`: a batch rather than a step. Nothing of it may
    // leave.
    template <class Use>
    decltype(auto) with(Use&& use) {
        const std::lock_guard lock(mutex_);
        return std::forward<Use>(use)(object_);
    }

private:
    std::mutex mutex_;
    T object_; // guarded by mutex_
};

} // namespace cache
