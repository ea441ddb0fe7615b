#include "supervise/agent_sockets.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace noa::supervise {

namespace {

constexpr mode_t permissions = 0777;

bool read_options(const noa_listen_options* given, ListenOptions& options) noexcept {
    if (given == nullptr) {
        return true;
    }
    if (given->struct_size < sizeof *given || (given->mode & ~permissions) != 0) {
        return false;
    }
    options.backlog = given->backlog != 0 ? given->backlog : options.backlog;
    options.mode = given->mode != 0 ? given->mode : options.mode;
    return true;
}

int option_of(int fd, int option) noexcept {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

// Not the standard streams, not a file, not a listening socket, not one whose peer has gone.
bool is_connection(int fd) noexcept {
    if (fd <= STDERR_FILENO || option_of(fd, SO_ACCEPTCONN) != 0) {
        return false;
    }
    const int type = option_of(fd, SO_TYPE);
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    return (type == SOCK_STREAM || type == SOCK_SEQPACKET) &&
           ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
}

} // namespace

void AgentSockets::starting(noa_context generation) {
    const std::lock_guard lock(mutex_);
    end_start(true);
    holder_ = generation;
    starting_ = true;
    for (auto& [address, lent] : listening_) {
        lent.asked_for = false;
        lent.of_former = true;
    }
}

void AgentSockets::taken_over_by(noa_context generation) {
    const std::lock_guard lock(mutex_);
    if (holder_ != generation || !starting_) {
        return;
    }
    starting_ = false;
    std::erase_if(listening_, [](const auto& entry) { return !entry.second.asked_for; });
    forget_kept();
}

void AgentSockets::given_up_by(noa_context generation, bool lane_is_stuck) {
    const std::lock_guard lock(mutex_);
    if (holder_ == generation) {
        end_start(lane_is_stuck);
    }
}

// What was there before stays; what the start has opened goes.
void AgentSockets::end_start(bool lane_is_stuck) {
    if (!starting_) {
        return;
    }
    starting_ = false;
    holder_ = 0;
    taken_ = 0;
    std::erase_if(kept_, [&](const Kept& kept) {
        states_bytes_ -= kept.fd ? 0 : kept.state->size();
        return !kept.fd;
    });
    std::erase_if(listening_, [&](auto& entry) {
        if (!entry.second.of_former && lane_is_stuck) {
            entry.second.socket->abandon();
        }
        return !entry.second.of_former;
    });
}

void AgentSockets::close_all(bool lane_is_stuck) {
    const std::lock_guard lock(mutex_);
    holder_ = 0;
    starting_ = false;
    for (auto& [address, lent] : listening_) {
        if (lane_is_stuck) {
            lent.socket->abandon();
        }
    }
    listening_.clear();
    forget_kept();
}

void AgentSockets::forget_kept() noexcept {
    kept_.clear();
    is_kept_.clear();
    states_bytes_ = 0;
    taken_ = 0;
}

std::size_t AgentSockets::asked_for() const {
    return static_cast<std::size_t>(
        std::count_if(listening_.begin(), listening_.end(),
                      [](const auto& entry) { return entry.second.asked_for; }));
}

noa_status AgentSockets::listen(noa_context by, std::string_view address,
                                const noa_listen_options* options, int& ret_fd,
                                std::string& ret_why) {
    const auto parsed = ListenAddress::parse(address);
    if (!parsed) {
        ret_why = parsed.error().reason;
        return NOA_E_INVALID;
    }
    ListenOptions wanted;
    if (!read_options(options, wanted)) {
        ret_why = "the options break their contract";
        return NOA_E_INVALID;
    }
    const std::lock_guard lock(mutex_);
    if (holder_ != by) {
        ret_why = "another generation has the sockets";
        return NOA_E_STATE;
    }
    auto found = listening_.find(parsed->text());
    const bool asked_already = found != listening_.end() && found->second.asked_for;
    if (!asked_already && asked_for() >= max_listening) {
        ret_why = "more than " + std::to_string(max_listening) + " addresses";
        return NOA_E_TOO_LARGE;
    }
    if (found == listening_.end()) {
        auto opened = ListenSocket::open(*parsed, wanted);
        if (!opened) {
            ret_why = opened.error().reason;
            return NOA_E_FAILED;
        }
        Lent lent{std::make_unique<ListenSocket>(std::move(*opened)), false, false};
        found = listening_.emplace(parsed->text(), std::move(lent)).first;
    }
    found->second.asked_for = true;
    ret_fd = found->second.socket->fd();
    return NOA_OK;
}

noa_status AgentSockets::unlisten(noa_context by, std::string_view address,
                                  std::unique_ptr<ListenSocket>& ret_closed) {
    const auto parsed = ListenAddress::parse(address);
    const std::lock_guard lock(mutex_);
    if (holder_ != by) {
        return NOA_E_STATE;
    }
    const auto found = parsed ? listening_.find(parsed->text()) : listening_.end();
    if (found == listening_.end()) {
        return NOA_E_NOT_FOUND;
    }
    if (starting_ && found->second.of_former) {
        found->second.asked_for = false;
        return NOA_OK;
    }
    ret_closed = std::move(found->second.socket);
    listening_.erase(found);
    return NOA_OK;
}

noa_status AgentSockets::keep(noa_context by, int fd, std::string_view state) {
    const std::lock_guard lock(mutex_);
    if (holder_ != by || starting_) {
        return NOA_E_STATE;
    }
    if (!is_connection(fd)) {
        return NOA_E_INVALID;
    }
    const auto index = static_cast<std::size_t>(fd);
    if (index < is_kept_.size() && is_kept_[index]) {
        return NOA_E_INVALID;
    }
    if (kept_.size() >= max_kept || state.size() > max_state ||
        state.size() > max_states - states_bytes_) {
        return NOA_E_TOO_LARGE;
    }
    is_kept_.resize(std::max(is_kept_.size(), index + 1));
    kept_.push_back({UniqueFd(), std::make_shared<const std::string>(state)});
    // What can throw has not: from here on the descriptor is ours.
    kept_.back().fd = UniqueFd(fd);
    is_kept_[index] = true;
    states_bytes_ += state.size();
    // No child of the host may hold it open.
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    return NOA_OK;
}

noa_status AgentSockets::take(noa_context by, UniqueFd& ret_fd, State& ret_state) {
    const std::lock_guard lock(mutex_);
    if (holder_ != by || !starting_) {
        return NOA_E_STATE;
    }
    if (taken_ == kept_.size()) {
        return NOA_E_NOT_FOUND;
    }
    auto& kept = kept_[taken_++];
    ret_state = kept.state;
    ret_fd = UniqueFd(::fcntl(kept.fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!ret_fd) {
        is_kept_[static_cast<std::size_t>(kept.fd.get())] = false;
        ret_fd = std::move(kept.fd);
    }
    return NOA_OK;
}

std::vector<AgentSockets::Listening> AgentSockets::listening() const {
    const std::lock_guard lock(mutex_);
    std::vector<Listening> out;
    out.reserve(listening_.size());
    for (const auto& [address, lent] : listening_) {
        out.push_back({address, lent.socket->port(), lent.socket->fd()});
    }
    return out;
}

std::size_t AgentSockets::kept() const {
    const std::lock_guard lock(mutex_);
    return kept_.size();
}

AgentSockets& SocketStore::of(const std::string& agent) {
    const std::lock_guard lock(mutex_);
    auto& sockets = agents_[agent];
    if (!sockets) {
        sockets = std::make_unique<AgentSockets>();
    }
    return *sockets;
}

} // namespace noa::supervise
