// The control protocol between noactl and the host, over <runtime_dir>/control.sock.
//
// One JSON object per line, in UTF-8. The client writes a request:
//   {"v":1,"verb":"reload","args":{"agents":["cache"]}}
// The host answers with any number of
//   {"progress":{…}}  a step of a long request
//   {"event":{…}}     an item of a stream; {"event":{"gap":N}}: N items were dropped here
// and then exactly one
//   {"ok":…}  or  {"error":{"code","attempt","object","reason","advice","text"}}
// A connection may carry several requests, one after the other. What the client writes while
// a stream runs ends the stream, and is read as its next request.
//
// Bodies of messages are strings: "body" as it is, or "body_base64" when it is not UTF-8.
//
// Everything here is pure.  [any thread]
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace noa::control {

constexpr int protocol_version = 1;

// A body of 16 MiB in base64, and its request around it.
constexpr std::size_t max_line_bytes = std::size_t{24} * 1024 * 1024;

// How large a JSON text may be once it is parsed.
struct JsonLimits {
    std::size_t depth = 64;
    std::size_t elements = 100'000; // values, about: what takes memory beyond the text itself
};
// Of answers: the host is trusted with its size, not with the stack of the client.
constexpr JsonLimits answer_limits{256, std::size_t{8} * 1024 * 1024};

// Checks the limits before it allocates anything for the value. `what` is named in errors.
[[nodiscard]] Result<nlohmann::json> parse_json(std::string_view text, std::string_view what,
                                                const JsonLimits& limits = {});

struct Request {
    std::string verb;
    nlohmann::json args = nlohmann::json::object(); // always an object
};

// `line` without its newline. Another version, an unknown key and a missing verb are refused.
[[nodiscard]] Result<Request> parse_request(std::string_view line);
// Ends with a newline.
[[nodiscard]] std::string request_line(std::string_view verb, const nlohmann::json& args);

enum class AnswerKind : std::uint8_t { progress, event, ok, error };

struct Answer {
    AnswerKind kind = AnswerKind::ok;
    nlohmann::json value;
    [[nodiscard]] bool last() const noexcept {
        return kind == AnswerKind::ok || kind == AnswerKind::error;
    }
};

[[nodiscard]] Result<Answer> parse_answer(std::string_view line);
// Ends with a newline. Text that is not UTF-8 is replaced, never refused.
[[nodiscard]] std::string answer_line(AnswerKind kind, const nlohmann::json& value);

[[nodiscard]] nlohmann::json error_to_json(const Error& error);
// Missing members become empty, an unknown code becomes `internal`.
[[nodiscard]] Error error_from_json(const nlohmann::json& value);
[[nodiscard]] std::optional<Errc> parse_errc(std::string_view name) noexcept;

[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

// Adds `body` to an object in the shorter of the two forms that can carry it.
void put_body(nlohmann::json& object, std::string_view body);
// Takes it out again; empty when there is none.
[[nodiscard]] Result<std::string> get_body(const nlohmann::json& object);

} // namespace noa::control
