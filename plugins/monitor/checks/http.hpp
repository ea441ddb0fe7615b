// One answer of an HTTP/1 server, read as far as a check needs it. Pure; what comes is hostile.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "terms.hpp"

namespace monitor {

// "GET PATH HTTP/1.0": a server answers with a body in one piece, and closes.
[[nodiscard]] std::string http_request(const Endpoint& endpoint);

// "POST PATH HTTP/1.0", with a JSON body.
[[nodiscard]] std::string http_post(const Endpoint& endpoint, const std::string& body);

class HttpAnswer {
public:
    // Beyond it the head is refused, and of a body no more is looked at.
    static constexpr std::size_t max_head = std::size_t{16} << 10U;
    static constexpr std::size_t max_body = std::size_t{64} << 10U;

    // `body`: a text that is wanted in it; empty: the status line will do.
    explicit HttpAnswer(std::string body) : wanted_(std::move(body)) {}

    enum class State { more, done, broken };
    // What has come. As soon as it is done or broken nothing more is looked at.
    State feed(std::string_view bytes);
    // The connection has ended.
    State end();

    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] std::uint32_t status() const noexcept { return status_; }
    [[nodiscard]] bool has_body() const noexcept { return found_; }

private:
    State read_head();
    State look();

    std::string wanted_;
    std::string bytes_;
    std::size_t body_ = 0; // where it begins; 0: not yet
    std::uint32_t status_ = 0;
    bool found_ = false;
    State state_ = State::more;
};

} // namespace monitor
