// What the plugin asks of the host: its optional contracts.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.hpp"
#include "bus/hand_out.hpp"
#include "served_lane.hpp"

namespace noa::runner {

using link::Ask;
using link::view;

noa_status ServedLane::arm(std::uint64_t tag, std::int64_t delay_ns, std::int64_t period_ns) {
    constexpr std::int64_t century_ns = 3'155'760'000'000'000'000; // no sum overflows
    if (!on_lane()) {
        return NOA_E_STATE;
    }
    if (delay_ns < 0 || period_ns < 0 || delay_ns > century_ns || period_ns > century_ns) {
        return NOA_E_INVALID;
    }
    return timers_.arm(tag, monotonic_ns() + delay_ns, period_ns);
}

noa_status ServedLane::cancel(std::uint64_t tag) {
    return on_lane() ? timers_.cancel(tag) : NOA_E_STATE;
}

noa_status ServedLane::state_dir(noa_str& ret_path) {
    if (!on_lane() || phase_ == Phase::created) {
        return NOA_E_STATE;
    }
    if (state_dir_.empty()) {
        LinkEnd::Arrived answer;
        const auto status = link_.ask(Ask::state_dir, answer, [](link::Writer&) {});
        if (status != NOA_OK) {
            return status;
        }
        state_dir_ = link::Reader(answer.payload).text();
    }
    ret_path = link::to_str(state_dir_);
    return NOA_OK;
}

noa_status ServedLane::facts(noa_agent_facts& ret_facts) {
    LinkEnd::Arrived answer;
    const auto status = link_.ask(Ask::facts, answer, [](link::Writer&) {});
    if (status != NOA_OK) {
        return status;
    }
    link::Reader in(answer.payload);
    auto facts = link::read_facts(in);
    facts.name = link::to_str(agent_);
    bus::hand_out(facts, ret_facts);
    return NOA_OK;
}

noa_status ServedLane::listen(std::string_view address, const noa_listen_options* options,
                              std::int32_t& ret_fd, noa_error* error) {
    LinkEnd::Arrived answer;
    const auto status = !on_lane() || address.size() > link::address_max
                            ? (on_lane() ? NOA_E_INVALID : NOA_E_STATE)
                            : link_.ask(Ask::listen, answer, [&](link::Writer& out) {
                                  out.text(address);
                                  out.number(std::uint8_t{options != nullptr});
                                  out.number(options != nullptr ? options->backlog : 0U);
                                  out.number(options != nullptr ? options->mode : 0U);
                              });
    if (status != NOA_OK) {
        const auto why = link::Reader(answer.payload).text();
        if (error != nullptr) {
            const auto size = std::min(why.size(), sizeof error->text - 1);
            std::copy_n(why.data(), size, error->text);
            error->text[size] = '\0';
            error->code = status;
        }
        return status;
    }
    auto& kept = listening_[std::string(address)];
    if (!kept) { // the same socket under the same number, as long as it is listened on
        kept = answer.frame.take_descriptor();
    }
    if (!kept) {
        listening_.erase(std::string(address));
        return NOA_E_FAILED;
    }
    ret_fd = kept.get();
    return NOA_OK;
}

noa_status ServedLane::unlisten(std::string_view address) {
    if (!on_lane()) {
        return NOA_E_STATE;
    }
    const auto status = ask_text(Ask::unlisten, address);
    const auto found = listening_.find(address);
    if (status == NOA_OK && found != listening_.end()) {
        static_cast<void>(readiness_.unwatch(*this, found->second.get()));
        listening_.erase(found);
    }
    return status;
}

noa_status ServedLane::keep(std::int32_t fd, noa_bytes state) {
    if (!on_lane() || (phase_ != Phase::running && phase_ != Phase::leaving)) {
        return NOA_E_STATE;
    }
    UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!copy) {
        return NOA_E_INVALID;
    }
    if (state.size > max_message_) {
        return NOA_E_TOO_LARGE;
    }
    LinkEnd::Arrived answer;
    const auto status = link_.ask(Ask::keep, answer, [&](link::Writer& out) {
        out.descriptor(std::move(copy));
        out.body(state.data, state.data == nullptr ? 0 : static_cast<std::size_t>(state.size));
    });
    if (status == NOA_OK) { // the host's from here on
        static_cast<void>(readiness_.unwatch(*this, fd));
        ::close(fd);
    }
    return status;
}

noa_status ServedLane::take(std::int32_t& ret_fd, noa_bytes& ret_state) {
    if (!on_lane() || phase_ != Phase::starting) {
        return NOA_E_STATE;
    }
    LinkEnd::Arrived answer;
    const auto status = link_.ask(Ask::take, answer, [](link::Writer&) {});
    if (status != NOA_OK) {
        return status;
    }
    auto socket = answer.frame.take_descriptor();
    link::Reader in(answer.payload);
    const auto body = in.body();
    std::string state(body.bytes);
    if (body.sealed) {
        const auto memory = answer.frame.take_descriptor();
        state.resize(static_cast<std::size_t>(body.size));
        if (!link::read_sealed(memory.get(), state.data(), body.size)) {
            return NOA_E_FAILED;
        }
    }
    taken_states_.push_back(std::make_unique<std::string>(std::move(state)));
    ret_fd = socket.release();
    ret_state = {taken_states_.back()->data(), taken_states_.back()->size()};
    return NOA_OK;
}

noa_status ServedLane::watch(std::int32_t fd, std::uint32_t events, std::uint64_t tag) {
    if (!on_lane() || (phase_ != Phase::starting && phase_ != Phase::running)) {
        return NOA_E_STATE;
    }
    return instance_ && instance_->has_on_ready() ? readiness_.watch(*this, fd, events, tag)
                                                  : NOA_E_UNSUPPORTED;
}

noa_status ServedLane::unwatch(std::int32_t fd) {
    return on_lane() ? readiness_.unwatch(*this, fd) : NOA_E_STATE;
}

} // namespace noa::runner
