// What a body says, without the form that it is in.
#pragma once

#include <string>
#include <string_view>

#include "json_scan.hpp"

namespace communication {

[[nodiscard]] bool is_json(std::string_view content_type) noexcept;

// The end, behind its quote, of the text that begins with one at `at`. REQUIRES: checked JSON.
[[nodiscard]] std::size_t end_of_text(std::string_view json, std::size_t at) noexcept;

// `take(text)` for each text of it, keys too, in order, without escapes, until it returns false.
// REQUIRES: JSON that JsonScan found good.
template <class Take>
void each_text(std::string_view json, Take&& take) {
    for (std::size_t at = json.find('"'); at < json.size(); at = json.find('"', at)) {
        const std::size_t end = end_of_text(json, at);
        const std::string_view quoted = json.substr(at, end - at);
        const std::string_view plain = quoted.substr(1, quoted.size() - 2);
        const bool on = plain.find('\\') == std::string_view::npos
                            ? take(plain)
                            : take(std::string_view(JsonScan::unescaped(quoted)));
        if (!on) {
            return;
        }
        at = end;
    }
}

// Its first `most` bytes, no character cut in two.
[[nodiscard]] std::string_view cut_text(std::string_view utf8, std::size_t most) noexcept;

// The words of a body, to be searched: the texts and numbers that are values in JSON, or a text as
// it stands; empty for what is neither. `most` bytes at most, of about as many of the body.
[[nodiscard]] std::string plain_text(std::string_view body, std::string_view content_type,
                                     std::size_t most);

} // namespace communication
