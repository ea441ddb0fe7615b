// What `send` is asked, out of its JSON; the body of the message stays as it stands there.
#pragma once

#include <string>
#include <string_view>

#include "../model/json_scan.hpp"
#include "../model/message.hpp"

namespace communication {

struct SendRequest {
    Terms terms;
    std::string group;      // in the place of a recipient; empty: none
    std::string_view json;  // a body as it stands in what was parsed; `made` counts where it is
    std::string made;       // a body that came as something else
    noa::Duration delay{0}; // from now; terms.due counts where it is zero
    noa::Duration ttl{0};   // from now; terms.deadline counts where it is zero

    [[nodiscard]] std::string_view body() const noexcept {
        return made.empty() ? json : std::string_view(made);
    }
};

inline constexpr std::size_t most_in_one = 1000; // messages of send_many

// In quotes: ids are of letters that JSON takes as they are.
inline void append_id(std::string& out, std::string_view id) {
    out.append("\"").append(id).append("\"");
}

// The defaults are what is in `ret_request` before. An error says which member, and what it may be.
[[nodiscard]] noa::Status parse(std::string_view object, SendRequest& ret_request);
// REQUIRES: whole JSON, an object.
[[nodiscard]] noa::Status parse_members(std::string_view object, SendRequest& ret_request);

// As in RFC 4648, line ends between or not; NOA_E_INVALID for another form.
[[nodiscard]] noa::Result<std::string> from_base64(std::string_view text);

// JSON Schema draft-07, for `describe`.
extern const char* const send_schema;
extern const char* const send_many_schema;

// "2026-11-26T08:00:00.250Z"; NOA_E_INVALID for another form.
[[nodiscard]] noa::Result<Millis> parse_date(std::string_view text);
[[nodiscard]] std::string date_text(Millis date);

} // namespace communication
