#include "ends.hpp"

#include <limits>

namespace cache::resp {

std::optional<EndForm> end_form(std::string_view word) noexcept {
    if (same_word(word, "ex")) {
        return in_seconds;
    }
    if (same_word(word, "px")) {
        return in_milliseconds;
    }
    if (same_word(word, "exat")) {
        return at_seconds;
    }
    if (same_word(word, "pxat")) {
        return at_milliseconds;
    }
    return std::nullopt;
}

std::optional<std::int64_t> wall_end(const Clock& clock, std::int64_t number,
                                     EndForm form) noexcept {
    std::int64_t end = 0;
    if (__builtin_mul_overflow(number, form.unit_ms, &end) ||
        (!form.absolute && __builtin_add_overflow(end, clock.wall_ms(), &end))) {
        return std::nullopt;
    }
    return end;
}

void invalid_end(Call& call) {
    call.reply.error(
        std::string("ERR invalid expire time in '").append(call.command.name).append("' command"));
}

std::optional<Instant> end_argument(Call& call, std::size_t at, EndForm form) {
    const auto number = call.integer(at);
    if (!number) {
        return std::nullopt;
    }
    const auto end = *number > 0 ? wall_end(call.hub.clock, *number, form) : std::nullopt;
    if (!end) {
        invalid_end(call);
        return std::nullopt;
    }
    return call.hub.clock.from_wall_ms(*end);
}

} // namespace cache::resp
