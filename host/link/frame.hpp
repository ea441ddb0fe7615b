// How what passes between the host and a runner lies on the wire.
//
// A frame is a header of 8 bytes, then its payload. Integers are little-endian, a text is its
// length in 4 bytes and its bytes. A body of more than `inline_max` bytes travels beside the
// frame, in sealed memory whose descriptor comes with it.
//
//   0  4  bytes of the payload, at most payload_max
//   4  1  kind
//   5  1  descriptors that come with the frame, at most descriptors_max
//   6  2  zero
//
// Each side is hostile to the other: what a reader is asked for beyond the payload is answered
// with zeroes, and `complete` says so.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/unique_fd.hpp"

namespace noa::link {

static_assert(std::endian::native == std::endian::little, "the wire is little-endian");

enum class Kind : std::uint8_t {
    // to the runner
    call = 1, // one of the plugin's functions, answered by `returned`
    confirm = 2,
    deliver = 3,
    on_reply = 4,
    answer = 5, // to `ask`
    ping = 6,
    taken_back = 7, // what was delivered and is not settled is no longer the runner's
    // to the host
    returned = 16,
    ask = 17, // one of the host's functions, answered by `answer`
    reply = 18,
    settle = 19,
    log = 20,
    escaped = 21, // an exception left a void function
    pong = 22,
    confined = 24, // once, before the plugin is loaded: what of the limits is in force
    deferred = 23, // handle returned, and will be settled later
    // both ways
    state = 32, // a piece of a saved state; those before a call or its `returned` belong to it
};

// Of `call`.
enum class Call : std::uint8_t {
    load = 1,
    configure,
    start,
    quiesce,
    save,
    restore,
    reconfigure,
    inspect,
    destroy,
};

// Of `ask`.
enum class Ask : std::uint8_t {
    resolve = 1,
    send,
    send_many,
    request,
    publish,
    facts,
    // on the lane
    subscribe,
    unsubscribe,
    state_dir,
    listen,
    unlisten,
    keep,
    take,
    arena_open,
    arena_undo_open,
    arena_grow,
    arena_begin_writing,
    arena_close,
    arena_discard,
};

inline constexpr std::size_t header_bytes = 8;
inline constexpr std::size_t inline_max = std::size_t{64} * 1024;
inline constexpr std::size_t payload_max = inline_max + std::size_t{8} * 1024;
inline constexpr std::size_t descriptors_max = 2;

// Appends one frame to `out`; `descriptors` go with it.
class Writer {
public:
    Writer(std::string& out, std::vector<UniqueFd>& descriptors, Kind kind);
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    template <class Number>
    requires std::is_integral_v<Number>
    void number(Number value) { out_.append(reinterpret_cast<const char*>(&value), sizeof value); }
    template <class Enum>
    requires std::is_enum_v<Enum>
    void number(Enum value) { number(static_cast<std::underlying_type_t<Enum>>(value)); }
    void text(std::string_view value);
    void raw(const void* data, std::size_t size);
    // Inline, or in sealed memory.
    void body(const void* data, std::size_t size);
    void descriptor(UniqueFd fd);

    // False when the frame is too large or the system had no memory to give: it is taken back.
    [[nodiscard]] bool finish();

private:
    std::string& out_;
    std::vector<UniqueFd>& descriptors_;
    const std::size_t start_;
    bool failed_ = false;
};

// A body as it arrived: bytes, or sealed memory.
struct Body {
    std::string_view bytes; // inline
    bool sealed = false;
    std::uint64_t size = 0;
};

class Reader {
public:
    explicit Reader(std::string_view payload) noexcept : left_(payload) {}

    template <class Number>
    [[nodiscard]] Number number() noexcept {
        Number value{};
        if (left_.size() < sizeof value) {
            whole_ = false;
            left_ = {};
            return value;
        }
        std::memcpy(&value, left_.data(), sizeof value);
        left_.remove_prefix(sizeof value);
        return value;
    }
    [[nodiscard]] std::string_view text() noexcept { return raw(number<std::uint32_t>()); }
    [[nodiscard]] std::string_view raw(std::size_t size) noexcept;
    [[nodiscard]] Body body() noexcept;
    [[nodiscard]] std::string_view rest() noexcept { return raw(left_.size()); }
    void refuse() noexcept { whole_ = false; }

    [[nodiscard]] bool whole() const noexcept { return whole_; }
    // Nothing was missing, and nothing is left.
    [[nodiscard]] bool complete() const noexcept { return whole_ && left_.empty(); }

private:
    std::string_view left_;
    bool whole_ = true;
};

} // namespace noa::link
