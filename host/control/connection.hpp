// One client of the control socket.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "base/unique_fd.hpp"
#include "control/event_queue.hpp"
#include "control/lines.hpp"
#include "control/peer.hpp"
#include "control/protocol.hpp"

namespace noa::control {

class Verbs;

// Used by the one thread that serves it, but for what is tagged otherwise.
class Connection {
public:
    struct Timeouts {
        std::chrono::milliseconds request{300'000}; // for a whole request line to come
        std::chrono::milliseconds answer{30'000};   // for the client to take something of one
    };

    Connection(UniqueFd socket, Peer peer, Timeouts timeouts);
    Connection(UniqueFd socket, Peer peer) : Connection(std::move(socket), std::move(peer), {}) {}

    [[nodiscard]] const Peer& peer() const noexcept { return peer_; }

    // A progress line; a client that is gone is noticed later.  [any thread]
    void progress(const nlohmann::json& step);

    // Writes event lines from `queue` until it is closed, the client leaves or writes, or
    // shut_down(). A slow client is waited for: the queue drops meanwhile, and says so.
    void stream(EventQueue& queue);

    // Wakes whatever blocks on the client, now and later.  [any thread]
    void shut_down() noexcept;

    // Reads and answers requests until the client leaves or breaks the protocol.
    void serve(const Verbs& verbs, const AccessPolicy& policy, Log& log);

private:
    [[nodiscard]] bool write(AnswerKind kind, const nlohmann::json& value,
                             std::chrono::milliseconds timeout);
    [[nodiscard]] bool write_batch(EventQueue::Batch& batch);
    [[nodiscard]] Result<nlohmann::json> run(const std::string& line, const Verbs& verbs,
                                             const AccessPolicy& policy, Log& log);

    const UniqueFd socket_;
    const Peer peer_;
    const Timeouts timeouts_;
    std::mutex write_mutex_; // keeps lines whole
};

} // namespace noa::control
