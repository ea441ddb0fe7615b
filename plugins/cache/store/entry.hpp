// How an entry lies in its slot:
//
//     head        12  links of the policy, flags, domain, size of the key, bytes to spare
//     timer       13  with an end: links of the wheel, the end
//     size         4  in slots over 4 KiB: of the value
//     key size     2  of keys over 254 bytes
//     key
//     extras          with tags or grace or a time to load: see Extras
//     value
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "layout.hpp"

namespace cache {

struct EntryHead {
    Loc prev;
    Loc next;
    std::uint8_t flags;
    std::uint8_t domain;
    std::uint8_t key_size; // long_key: it follows
    std::uint8_t spare;    // of the slot's bytes
};
static_assert(sizeof(EntryHead) == 12);

inline constexpr std::uint8_t flag_type = 0x07U;
inline constexpr std::uint8_t flag_timer = 0x08U;
inline constexpr std::uint8_t flag_wide = 0x10U;
inline constexpr std::uint8_t flag_extras = 0x20U;
inline constexpr unsigned segment_shift = 6;
inline constexpr std::uint8_t free_slot = 0xffU; // no entry has these flags
inline constexpr std::uint8_t long_key = 0xffU;

inline constexpr std::uint32_t wide_above = 4096; // bytes of a slot

// Links of the wheel: `prev` of a slot's first is the number of the slot and `first_in_slot`.
struct TimerPart {
    Loc prev;
    Loc next;
    std::uint32_t end_low; // milliseconds since the store was made
    std::uint8_t end_high;

    [[nodiscard]] std::uint64_t end() const noexcept {
        return std::uint64_t{end_high} << 32U | end_low;
    }
};
inline constexpr std::size_t timer_bytes = 13;
inline constexpr std::uint64_t last_end = (std::uint64_t{1} << 40U) - 1;
inline constexpr Loc first_in_slot = 0x80000000U;

// Behind the key: `tags` times {slot, generation}, then the times.
struct ExtrasHead {
    std::uint8_t tags;
    std::uint8_t times; // 1: load_ms and grace_ms follow the tags
};
inline constexpr std::size_t tag_bytes = 6;
inline constexpr std::size_t times_bytes = 8;

inline EntryHead& head_of(std::byte* at) noexcept {
    return *reinterpret_cast<EntryHead*>(at);
}
inline TimerPart& timer_of(std::byte* at) noexcept {
    return *reinterpret_cast<TimerPart*>(at + sizeof(EntryHead));
}
inline Segment segment_of(const EntryHead& head) noexcept {
    return static_cast<Segment>(head.flags >> segment_shift);
}
inline void set_segment(EntryHead& head, Segment segment) noexcept {
    head.flags = static_cast<std::uint8_t>((head.flags & 0x3fU) |
                                           (static_cast<unsigned>(segment) << segment_shift));
}

template <class T>
T read_at(const std::byte* at) noexcept {
    T value; // NOLINT(cppcoreguidelines-init-variables)
    std::memcpy(&value, at, sizeof value);
    return value;
}
template <class T>
void write_at(std::byte* at, T value) noexcept {
    std::memcpy(at, &value, sizeof value);
}

// The key alone, for comparisons: nothing of the slot's size is needed.
inline std::string_view key_of(std::byte* at) noexcept {
    const EntryHead& head = head_of(at);
    std::byte* next = at + sizeof(EntryHead) + ((head.flags & flag_timer) != 0 ? timer_bytes : 0) +
                      ((head.flags & flag_wide) != 0 ? 4 : 0);
    std::size_t size = head.key_size;
    if (head.key_size == long_key) {
        size = read_at<std::uint16_t>(next);
        next += 2;
    }
    return {reinterpret_cast<const char*>(next), size};
}

// All of one.
struct EntryView {
    std::byte* at;
    std::string_view key;
    std::byte* extras; // null: none
    std::byte* value;
    std::uint32_t value_size;

    [[nodiscard]] EntryHead& head() const noexcept { return head_of(at); }
    [[nodiscard]] std::string_view value_text() const noexcept {
        return {reinterpret_cast<const char*>(value), value_size};
    }
};

inline std::size_t extras_bytes(const std::byte* extras) noexcept {
    const auto head = read_at<ExtrasHead>(extras);
    return sizeof head + head.tags * tag_bytes + (head.times != 0 ? times_bytes : 0);
}

inline EntryView view_entry(std::byte* at, std::uint32_t slot_bytes) noexcept {
    const EntryHead& head = head_of(at);
    EntryView view{at, key_of(at), nullptr, nullptr, 0};
    auto* next = at + (view.key.data() - reinterpret_cast<const char*>(at)) + view.key.size();
    if ((head.flags & flag_extras) != 0) {
        view.extras = next;
        next += extras_bytes(next);
    }
    view.value = next;
    view.value_size =
        (head.flags & flag_wide) != 0
            ? read_at<std::uint32_t>(at + sizeof(EntryHead) +
                                     ((head.flags & flag_timer) != 0 ? timer_bytes : 0))
            : slot_bytes - head.spare - static_cast<std::uint32_t>(next - at);
    return view;
}

} // namespace cache
