// The tokens that plugins hold: numbers, so that one used too late is refused, not followed.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "noa/types.h"

namespace noa::supervise {

class Generation;

class ContextTable {
public:
    static constexpr std::size_t slots = 4096; // generations alive at a time, pinned included

    ContextTable();

    // 0 when the table is full.
    [[nodiscard]] noa_context issue(Generation& generation);
    // From then on `enter` refuses; returns when nobody is inside any more.
    void revoke(noa_context context);

    // The generation behind a token, held until `leave`; null when it is revoked.  [any thread]
    [[nodiscard]] Generation* enter(noa_context context) noexcept;
    void leave(noa_context context) noexcept;

private:
    // serial << user_bits | how many are inside. Serial 0: revoked or never issued.
    static constexpr unsigned user_bits = 16;
    static constexpr unsigned slot_bits = 12;
    struct Slot {
        std::atomic<std::uint64_t> state{0};
        std::atomic<Generation*> generation{nullptr};
    };
    std::array<Slot, slots> table_;
    std::mutex mutex_;
    std::vector<std::uint16_t> free_; // under mutex_
    std::uint64_t last_serial_ = 0;   // under mutex_
};

// The generation of a token for the length of one call.
class Entered {
public:
    Entered(ContextTable& table, noa_context context) noexcept;
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;
    ~Entered();
    Generation* operator->() const noexcept { return generation_; }
    [[nodiscard]] Generation* get() const noexcept { return generation_; }
    [[nodiscard]] explicit operator bool() const noexcept { return generation_ != nullptr; }

private:
    ContextTable& table_;
    noa_context context_;
    Generation* generation_;
    bool counted_ = false;
};

// A lane's own calls need no counting: the lane ends before the generation does.
void set_generation_of_this_thread(Generation* generation) noexcept;

} // namespace noa::supervise
