// What a server asks of whoever knows the answers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "message.hpp"

namespace console::http {

class Connection;
class Talk;

// Who waits for an answer: copied freely, answered once; what comes later, or too late, is dropped.
// On the server's thread.
class Asker {
public:
    Asker() = default;
    Asker(std::weak_ptr<Connection> connection, std::uint64_t request) noexcept
        : connection_(std::move(connection)), request_(request) {}
    void answer(Response response) const;

private:
    std::weak_ptr<Connection> connection_;
    std::uint64_t request_ = 0;
};

// Every function on the server's thread. Outlives the server's run.
class Site {
public:
    Site() = default;
    Site(const Site&) = delete;
    Site& operator=(const Site&) = delete;
    virtual ~Site() = default;

    // Bytes that a body may have; the head is known, the body is not. 0: none is wanted.
    [[nodiscard]] virtual std::uint64_t body_limit(const Request& head) = 0;
    // The answer, or none: `asker` gets it later.
    virtual std::optional<Response> serve(Request& request, const Asker& asker) = 0;
    // A text message of a WebSocket; and its end.
    virtual void heard(Talk& talk, std::string_view message) = 0;
    virtual void ended(Talk& talk) = 0;
};

} // namespace console::http
