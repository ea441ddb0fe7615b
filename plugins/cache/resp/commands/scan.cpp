#include "scan.hpp"

#include <charconv>

#include "../../bus/glob.hpp"

namespace cache::resp {

bool ScanWords::covers(std::string_view name) const noexcept {
    return !pattern || matches(*pattern, name);
}

std::optional<std::uint64_t> scan_cursor(Call& call, std::size_t at) {
    const std::string_view text = call.arg(at);
    std::uint64_t cursor = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), cursor);
    if (fault != std::errc{} || end != text.data() + text.size()) {
        call.reply.error("ERR invalid cursor");
        return std::nullopt;
    }
    return cursor;
}

bool read_scan_words(Call& call, std::size_t from, bool with_type, ScanWords& words) {
    for (std::size_t at = from; at < call.size(); at += 2) {
        if (at + 1 == call.size()) {
            call.syntax_error();
            return false;
        }
        if (call.is(at, "match")) {
            words.pattern = call.arg(at + 1);
        } else if (call.is(at, "count")) {
            const auto count = call.integer(at + 1);
            if (!count) {
                return false;
            }
            if (*count < 1) {
                call.syntax_error();
                return false;
            }
            words.count = std::min<std::int64_t>(*count, 1'000'000);
        } else if (with_type && call.is(at, "type")) {
            words.type = lower_case(call.arg(at + 1));
        } else {
            call.syntax_error();
            return false;
        }
    }
    return true;
}

} // namespace cache::resp
