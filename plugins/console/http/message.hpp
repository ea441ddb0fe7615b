// What a client asks and what it is answered, as the rest of the agent sees it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace console::http {

// By which listener it came.
enum class Entrance : std::uint8_t { main, probe };

enum class Method : std::uint8_t { get, head, post, other };

// The headers that anything here looks at.
enum class Field : std::uint8_t {
    accept,
    content_type,
    host,
    if_none_match,
    last_event_id,
    origin,
    fetch_site,
    hook_id,
    hook_timestamp,
    hook_signature,
    traceparent,
    upgrade,
    count,
};

struct Target {
    std::string path;                                       // decoded; starts with '/'
    std::vector<std::pair<std::string, std::string>> query; // decoded
    [[nodiscard]] const std::string* find(std::string_view name) const noexcept;
};

struct Request {
    Entrance entrance = Entrance::main;
    Method method = Method::other;
    Target target;
    std::array<std::string, static_cast<std::size_t>(Field::count)> fields;
    std::string body;

    [[nodiscard]] const std::string& operator[](Field field) const noexcept {
        return fields[static_cast<std::size_t>(field)];
    }
    [[nodiscard]] std::string& operator[](Field field) noexcept {
        return fields[static_cast<std::size_t>(field)];
    }
};

// What streams of events are about; bits.
enum Topic : std::uint8_t { status = 1, alert = 2, reload = 4, event = 8, log = 16 };

// Shared by those that are sent the same at the same time.
using Text = std::shared_ptr<const std::string>;

[[nodiscard]] inline Text text_of(std::string text) {
    return std::make_shared<const std::string>(std::move(text));
}

enum class Then : std::uint8_t {
    next,      // the connection goes on
    stream,    // it becomes a stream of events
    web_socket // it becomes a WebSocket
};

struct Response {
    unsigned status = 200;
    std::string_view type = "application/json"; // of static life
    Text body;
    std::string_view encoding;  // of static life; empty: none
    std::string tag;            // ETag, with its quotes; empty: none, and nobody keeps the body
    unsigned retry_after_s = 0; // 0: not said
    std::string_view allow;     // of static life, with 405
    std::string traceparent;    // one that is_traceparent; empty: none
    Then then = Then::next;
    unsigned topics = 0; // of a stream: bits of Topic
};

[[nodiscard]] Response json_response(unsigned status, std::string body);
// {"error": …}: what was wrong, in words.
[[nodiscard]] Response failure(unsigned status, std::string_view text);

} // namespace console::http
