// What a target saw of its senders, in memory that outlives it: generations come and go, hosts
// too, and the account goes on. One target writes at a time; the bench reads.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <string>

#include "base/unique_fd.hpp"

namespace noa::bench {

// The body of a message to a target.
struct Numbered {
    std::uint32_t sender = 0;
    std::uint32_t reserved = 0;
    std::uint64_t number = 0; // from 1, one more for each accepted message of the sender
    std::int64_t sent_ns = 0; // just before it was handed over
    std::uint8_t padding[40]{};
};
static_assert(sizeof(Numbered) == 64);

// Counts of values, to about 3 %.
class Histogram {
public:
    void add(std::uint64_t value) noexcept { ++counts_[bucket_of(value)]; }
    // The value that `percent` of them do not exceed, about; 0 for none.
    [[nodiscard]] double percentile(double percent) const noexcept;
    [[nodiscard]] std::uint64_t count() const noexcept;

private:
    static constexpr unsigned fine_bits = 5; // 32 steps for each doubling
    static constexpr unsigned fine = 1U << fine_bits;
    static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
        if (value < fine) {
            return value;
        }
        const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - fine_bits;
        return (std::size_t{shift} + 1) * fine + ((value >> shift) - fine);
    }
    static constexpr double middle_of(std::size_t bucket) noexcept;
    std::array<std::uint64_t, std::size_t{60} * fine> counts_;
};

// Read by supervise/ledger.py too, by the same layout.
struct Ledger {
    static constexpr std::uint32_t senders_max = 4;
    static constexpr std::uint64_t numbers_max = std::uint64_t{1} << 25; // of each sender
    static constexpr std::int64_t slot_ns = 100'000;
    static constexpr std::size_t slots_max = 2'400'000; // four minutes

    // Also the target's saved state: it knows from it whether something was forgotten.
    struct Sender {
        std::uint64_t handled = 0; // different numbers
        std::uint64_t highest = 0; // of first deliveries
        std::uint64_t reordered = 0;
        std::uint64_t duplicates_flagged = 0;
        std::uint64_t duplicates_unflagged = 0;
        friend bool operator==(const Sender&, const Sender&) = default;
    };
    using Senders = std::array<Sender, senders_max>;

    std::int64_t epoch_ns;             // begin of the first slot
    std::atomic<std::uint32_t> steady; // written by the bench: 1 while `delays` shall be counted
    std::uint32_t generations;
    std::uint32_t forgotten; // generations that began with another state than the last one's
    std::uint32_t malformed;
    std::int64_t last_handled_ns;
    Senders senders;
    Histogram delays; // accepted to handled, ns, while steady
    // by the time of sending: the longest delay, ns
    std::array<std::uint32_t, slots_max> delay_ns;
    // by the time of handling: the longest time since the message before, ns
    std::array<std::uint32_t, slots_max> silence_ns;
    std::array<std::array<std::uint8_t, numbers_max / 8>, senders_max> seen;

    void note(const Numbered& message, bool redelivered, std::int64_t now_ns) noexcept;

private:
    bool is_new(const Numbered& message) noexcept;
    void note_delay(std::int64_t sent_ns, std::int64_t delay) noexcept;
    void raise(std::array<std::uint32_t, slots_max>& slots, std::int64_t at_ns,
               std::int64_t value_ns) const noexcept;
};

// The memory of a ledger, mapped. Empty when that failed; errno says why.
class LedgerMemory {
public:
    // A new one, of this process; others find it at `path` while this lives.
    [[nodiscard]] static LedgerMemory make();
    [[nodiscard]] static LedgerMemory open(const std::string& path);
    LedgerMemory() = default;
    LedgerMemory(LedgerMemory&& other) noexcept;
    LedgerMemory& operator=(LedgerMemory&& other) noexcept;
    ~LedgerMemory();

    [[nodiscard]] std::string path() const;
    [[nodiscard]] Ledger& operator*() const noexcept { return *ledger_; }
    [[nodiscard]] Ledger* operator->() const noexcept { return ledger_; }
    [[nodiscard]] explicit operator bool() const noexcept { return ledger_ != nullptr; }

private:
    static LedgerMemory map(UniqueFd fd);

    UniqueFd fd_;
    Ledger* ledger_ = nullptr;
};

} // namespace noa::bench
