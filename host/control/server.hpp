// The control socket: a listener, and a thread for each client.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "base/result.hpp"
#include "control/verbs.hpp"

namespace noa::control {

constexpr std::string_view socket_name = "control.sock";

struct ServerOptions {
    std::filesystem::path runtime_dir; // must exist
    std::string group = "noa";         // whose members may do everything; empty: none
    std::size_t max_connections = 64;
    Connection::Timeouts timeouts = {};
};

// Open it after everything that the verbs use, and shut it down before.  [one thread]
class Server {
public:
    // Makes <runtime_dir>/control.sock, mode 0660, of the group if it exists. A socket file
    // that nobody answers on is replaced; one that somebody answers on is Errc::busy.
    // `log` outlives the server.
    [[nodiscard]] static Result<Server> open(const ServerOptions& options, Verbs verbs, Log& log);
    Server(Server&&) noexcept;
    Server& operator=(Server&&) noexcept;
    ~Server(); // shuts down

    // Readable when a client wants in: then accept_one(). Watch it level-triggered.
    [[nodiscard]] int fd() const noexcept;
    // Takes one client, if one waits; never blocks. One too many is told so and sent away.
    void accept_one();
    // Removes the socket file, breaks every connection and joins its thread. A verb that runs
    // is waited for, so stop the agents first: that answers every pending call.
    void shut_down();

private:
    struct State;
    explicit Server(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

} // namespace noa::control
