// What the frames of the link say: both ends write and read them here.
//
// Views in what was read live as long as the frame's payload.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "link/frame.hpp"
#include "noa/noa.h"
#include "plugin/arena.hpp"

namespace noa::link {

inline constexpr std::size_t name_max = NOA_AGENT_NAME_MAX;
inline constexpr std::size_t log_text_max = 4096;
inline constexpr std::size_t address_max = 256;
inline constexpr std::uint32_t send_many_max = 256; // messages in one frame

[[nodiscard]] constexpr std::string_view view(const noa_str& text) noexcept {
    return {text.data, text.data == nullptr ? 0 : static_cast<std::size_t>(text.size)};
}
[[nodiscard]] constexpr noa_str to_str(std::string_view text) noexcept {
    return {text.data(), text.size()};
}

// A message on its way to the runner. The body of `message` is set when it came inline.
struct Incoming {
    noa_message message{};
    Body body;
};
void write(Writer& out, const noa_message& message);
[[nodiscard]] Incoming read_message(Reader& in);

// A message on its way to the host, and whether it is part of handling another one, as the runner
// says: what `hops` that one had.
struct Outgoing {
    noa_outgoing message{};
    bool has_cause = false;
    std::uint16_t hops = 0;
    Body body;
};
void write(Writer& out, const noa_outgoing& message, std::string_view body, bool has_cause,
           std::uint16_t hops);
[[nodiscard]] Outgoing read_outgoing(Reader& in);

void write(Writer& out, const noa_receipt& receipt);
[[nodiscard]] noa_receipt read_receipt(Reader& in);

// Its memory goes beside the frame.
void write(Writer& out, plugin::ArenaGrant grant);
[[nodiscard]] plugin::ArenaGrant read_grant(Reader& in);

void write(Writer& out, const noa_agent_facts& facts);
[[nodiscard]] noa_agent_facts read_facts(Reader& in);

// An error as the runner tells it: bounded and made valid UTF-8 by the reader.
void write(Writer& out, const Error& error);
[[nodiscard]] Error read_error(Reader& in);

} // namespace noa::link
