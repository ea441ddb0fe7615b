// An agent's sockets: they outlive its generations, which borrow them.
//
// One generation has them at a time, known by its token. It begins with `starting`; then either
// it has taken over, and what it did not ask for is closed, or it has given up, and all is as it
// was: the former one finds its listening sockets and every connection that it had put away.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/listen_socket.hpp"
#include "noa/noa.h"

namespace noa::supervise {

// Every function from any thread; what a generation asks is NOA_E_STATE unless it has the sockets.
class AgentSockets {
public:
    static constexpr std::size_t max_listening = 64; // of a generation
    static constexpr std::size_t max_kept = 16'384;
    static constexpr std::size_t max_state = std::size_t{1024} * 1024;       // of one connection
    static constexpr std::size_t max_states = std::size_t{64} * 1024 * 1024; // of all of them
    using State = std::shared_ptr<const std::string>; // owners: the store, and a start that took it

    // A former start that has not come to its end counts as given up, whenever it ends.
    void starting(noa_context generation);
    void taken_over_by(noa_context generation);
    // `lane_is_stuck`: a thread may still be using the descriptors, so that their numbers must not
    // come to mean something else.
    void given_up_by(noa_context generation, bool lane_is_stuck);
    // Nobody follows.
    void close_all(bool lane_is_stuck);

    // As noa_listener_host. `ret_why` says why it was not NOA_OK.
    [[nodiscard]] noa_status listen(noa_context by, std::string_view address,
                                    const noa_listen_options* options, int& ret_fd,
                                    std::string& ret_why);
    // `ret_closed` is for the caller to let go of, once nothing watches it.
    [[nodiscard]] noa_status unlisten(noa_context by, std::string_view address,
                                      std::unique_ptr<ListenSocket>& ret_closed);
    [[nodiscard]] noa_status keep(noa_context by, int fd, std::string_view state);
    [[nodiscard]] noa_status take(noa_context by, UniqueFd& ret_fd, State& ret_state);

    struct Listening {
        std::string address;
        std::uint16_t port = 0; // as bound; 0 for unix
        int fd = -1;
    };
    [[nodiscard]] std::vector<Listening> listening() const;
    [[nodiscard]] std::size_t kept() const;

private:
    struct Lent {
        std::unique_ptr<ListenSocket> socket;
        bool asked_for = false; // by the generation that has the sockets
        bool of_former = false; // there before it started
    };
    struct Kept {
        UniqueFd fd; // none: given away, there was no other
        State state;
    };

    // [mutex held]
    void end_start(bool lane_is_stuck);
    void forget_kept() noexcept;
    [[nodiscard]] std::size_t asked_for() const;

    mutable std::mutex mutex_;
    // under mutex_
    noa_context holder_ = 0;
    bool starting_ = false;
    std::map<std::string, Lent, std::less<>> listening_; // by canonical address
    std::deque<Kept> kept_;
    std::vector<bool> is_kept_; // by descriptor
    std::size_t states_bytes_ = 0;
    std::size_t taken_ = 0; // of kept_, by a start
};

// Those of every agent. [any thread]
class SocketStore {
public:
    // Made on first mention; lives as long as the store.
    [[nodiscard]] AgentSockets& of(const std::string& agent);

private:
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<AgentSockets>> agents_; // under mutex_
};

} // namespace noa::supervise
