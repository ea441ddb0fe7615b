// A generation and its agent's sockets: see noa/ext/listener.h.
#include "supervise/generation.hpp"

namespace noa::supervise {

// The former generation's sockets stay as they are until taken_over_by.
Result<void> Generation::start_plugin(Arena arena) {
    sockets_.starting(context_);
    agent_arena_.starting(context_, arena == Arena::anew);
    lease_ = Lease::starting;
    auto started = start_with_arena();
    taken_states_.clear();
    if (!started) {
        lease_ = Lease::none;
        lane_->drop_watches(); // before the descriptors close
        sockets_.given_up_by(context_, false);
        leave_arena();
        return started;
    }
    lease_ = Lease::running;
    agent_arena_.started(context_);
    return started;
}

Result<void> Generation::quiesce_plugin(std::int64_t deadline_ns) {
    lease_ = Lease::leaving;
    auto quiesced = instance_->quiesce(deadline_ns);
    lease_ = Lease::none;
    lane_->drop_watches();
    if (quiesced) { // else it goes on with what it has open
        leave_arena();
    }
    return quiesced;
}

noa_status Generation::listen(std::string_view address, const noa_listen_options* options,
                              int& ret_fd, std::string& ret_why) {
    if (!lane_->on_lane() || lease_ == Lease::none) {
        ret_why = "only on the lane, from start to the return of quiesce";
        return NOA_E_STATE;
    }
    return sockets_.listen(context_, address, options, ret_fd, ret_why);
}

noa_status Generation::unlisten(std::string_view address) {
    if (!lane_->on_lane() || lease_ == Lease::none) {
        return NOA_E_STATE;
    }
    std::unique_ptr<ListenSocket> closed;
    const auto status = sockets_.unlisten(context_, address, closed);
    if (closed) {
        static_cast<void>(lane_->unwatch(closed->fd()));
    }
    return status;
}

noa_status Generation::keep(int fd, std::string_view state) {
    if (!lane_->on_lane() || (lease_ != Lease::running && lease_ != Lease::leaving)) {
        return NOA_E_STATE;
    }
    const auto status = sockets_.keep(context_, fd, state);
    if (status == NOA_OK) {
        static_cast<void>(lane_->unwatch(fd));
    }
    return status;
}

noa_status Generation::take(int& ret_fd, std::string_view& ret_state) {
    if (!lane_->on_lane() || lease_ != Lease::starting) {
        return NOA_E_STATE;
    }
    taken_states_.reserve(taken_states_.size() + 1); // what may throw does so before
    UniqueFd fd;
    AgentSockets::State state;
    const auto status = sockets_.take(context_, fd, state);
    if (status == NOA_OK) {
        ret_fd = fd.release();
        ret_state = *state;
        taken_states_.push_back(std::move(state));
    }
    return status;
}

noa_status Generation::watch(int fd, std::uint32_t events, std::uint64_t tag) {
    if (!lane_->on_lane() || (lease_ != Lease::starting && lease_ != Lease::running)) {
        return NOA_E_STATE;
    }
    return instance_->has_on_ready() ? lane_->watch(fd, events, tag) : NOA_E_UNSUPPORTED;
}

noa_status Generation::unwatch(int fd) {
    return lane_->on_lane() ? lane_->unwatch(fd) : NOA_E_STATE;
}

} // namespace noa::supervise
