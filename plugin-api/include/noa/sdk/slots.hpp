// Things under 64-bit tags that are never used twice: what waits for a reply, a timer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace noa::sdk {

// Insert, find and take are constant; a tag that was taken finds nothing, ever again.
template <class T>
class Slots {
public:
    std::uint64_t insert(T value) {
        std::uint32_t index = 0;
        if (free_.empty()) {
            index = static_cast<std::uint32_t>(slots_.size());
            slots_.emplace_back();
            free_.reserve(slots_.size());
        } else {
            index = free_.back();
            free_.pop_back();
        }
        Slot& slot = slots_[index];
        slot.value = std::move(value);
        slot.used = true;
        ++size_;
        return (std::uint64_t{slot.turn} << 32U) | index;
    }

    [[nodiscard]] T* find(std::uint64_t tag) noexcept {
        const auto index = static_cast<std::uint32_t>(tag);
        const auto turn = static_cast<std::uint32_t>(tag >> 32U);
        if (index >= slots_.size() || slots_[index].turn != turn || !slots_[index].used) {
            return nullptr;
        }
        return &slots_[index].value;
    }

    // What was there, or an empty T.
    T take(std::uint64_t tag) noexcept {
        T* found = find(tag);
        if (found == nullptr) {
            return T();
        }
        Slot& slot = slots_[static_cast<std::uint32_t>(tag)];
        T value = std::exchange(slot.value, T());
        slot.used = false;
        ++slot.turn;
        free_.push_back(static_cast<std::uint32_t>(tag)); // within what insert reserved
        --size_;
        return value;
    }

    template <class Visit>
    void each_tag(Visit&& visit) {
        for (std::uint32_t index = 0; index < slots_.size(); ++index) {
            if (slots_[index].used) {
                visit((std::uint64_t{slots_[index].turn} << 32U) | index);
            }
        }
    }

    // Each is out of reach before it is destroyed: a destructor may insert.
    void clear() noexcept {
        each_tag([this](std::uint64_t tag) { const T gone = take(tag); });
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    struct Slot {
        std::uint32_t turn = 1;
        bool used = false;
        T value;
    };
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::size_t size_ = 0;
};

} // namespace noa::sdk
