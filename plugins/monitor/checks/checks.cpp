#include "checks.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace monitor {

namespace {

constexpr noa::Duration longest_pause = std::chrono::minutes(1);
constexpr std::uint32_t most_doublings = 16;

std::string error_text(int error) {
    return std::generic_category().message(error);
}

noa::Duration pause_after(const CheckSetting& setting, std::uint32_t made) {
    const auto factor = std::int64_t{1} << std::min(made - 1, most_doublings);
    return std::min(setting.pause * factor, std::max(longest_pause, setting.pause));
}

} // namespace

std::string_view name_of(CheckStatus status) noexcept {
    switch (status) {
    case CheckStatus::unknown: return "unknown";
    case CheckStatus::healthy: return "healthy";
    case CheckStatus::unhealthy: return "unhealthy";
    case CheckStatus::error: return "error";
    }
    return "";
}

void Checks::set(const std::vector<CheckSetting>& settings) {
    stop();
    checks_.clear();
    for (const CheckSetting& setting : settings) {
        checks_.push_back(std::make_unique<Check>());
        checks_.back()->state.setting = setting;
    }
}

void Checks::start() {
    for (std::size_t at = 0; at < checks_.size(); ++at) {
        begin(at);
    }
}

// Timers and watches end with the generation; who waits for a run asks the next one.
void Checks::stop() {
    for (const auto& check : checks_) {
        close(*check);
        ++check->attempt;
        check->running = false;
        check->next = 0;
        check->waiting.clear();
    }
}

bool Checks::run(std::string_view name, Done done) {
    const auto found = std::ranges::find_if(
        checks_, [&](const auto& check) { return check->state.setting.name == name; });
    if (found == checks_.end()) {
        return false;
    }
    (*found)->waiting.push_back(std::move(done));
    if (!(*found)->running) {
        begin(static_cast<std::size_t>(found - checks_.begin()));
    }
    return true;
}

std::vector<const CheckState*> Checks::all() const {
    std::vector<const CheckState*> all;
    for (const auto& check : checks_) {
        all.push_back(&check->state);
    }
    return all;
}

void Checks::begin(std::size_t at) {
    Check& check = *checks_[at];
    port_->check_cancel(std::exchange(check.next, 0));
    check.running = true;
    check.made = 0;
    check.began = port_->check_now();
    attempt(at);
}

void Checks::attempt(std::size_t at) {
    Check& check = *checks_[at];
    const CheckSetting& setting = check.state.setting;
    check.next = 0;
    ++check.made;
    const std::uint64_t number = ++check.attempt;
    check.deadline = port_->check_after(setting.timeout, [this, at] {
        checks_[at]->deadline = 0;
        end(at, {CheckStatus::error,
                 "no answer within " + noa::sdk::to_text(checks_[at]->state.setting.timeout)});
    });
    const CheckKind kind = setting.kind();
    if (kind != CheckKind::http && kind != CheckKind::tcp) {
        port_->look(setting, [this, at, number](Verdict verdict) {
            if (checks_[at]->attempt == number) {
                end(at, std::move(verdict));
            }
        });
        return;
    }
    port_->resolve(setting.endpoint(), setting.timeout,
                   [this, at, number](noa::Result<Address> address) {
                       if (checks_[at]->attempt != number) {
                           return;
                       }
                       if (address) {
                           connect(at, *address);
                       } else {
                           end(at, {CheckStatus::error, address.error().text});
                       }
                   });
}

void Checks::connect(std::size_t at, const Address& address) {
    Check& check = *checks_[at];
    check.connection =
        noa::Fd(::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): so is the interface
    const auto* to = reinterpret_cast<const sockaddr*>(&address.bytes);
    if (!check.connection ||
        (::connect(check.connection.get(), to, address.size) != 0 && errno != EINPROGRESS)) {
        end(at, {CheckStatus::error, "cannot connect: " + error_text(errno)});
        return;
    }
    watch(at, noa::ready_write);
}

void Checks::watch(std::size_t at, noa::Ready events) {
    const auto watched =
        sockets_->watch(checks_[at]->connection.get(), events,
                        [this, at, number = checks_[at]->attempt](noa::Ready found) {
                            if (checks_[at]->attempt == number) {
                                ready(at, found);
                            }
                        });
    if (!watched) {
        end(at, {CheckStatus::error, watched.error().text});
    }
}

void Checks::ready(std::size_t at, noa::Ready /*events*/) {
    Check& check = *checks_[at];
    if (check.answer) {
        check.unsent.empty() ? receive(at) : send(at);
    } else {
        connected(at);
    }
}

void Checks::connected(std::size_t at) {
    Check& check = *checks_[at];
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(check.connection.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        end(at, {CheckStatus::error, "cannot connect: " + error_text(error)});
    } else if (check.state.setting.kind() == CheckKind::tcp) {
        end(at, {CheckStatus::healthy, {}});
    } else {
        check.answer = std::make_unique<HttpAnswer>(check.state.setting.body);
        check.unsent = http_request(check.state.setting.endpoint());
        send(at);
    }
}

void Checks::send(std::size_t at) {
    Check& check = *checks_[at];
    const ssize_t size = ::send(check.connection.get(), check.unsent.data(), check.unsent.size(),
                                MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0 && errno != EAGAIN && errno != EINTR) {
        end(at, {CheckStatus::error, "cannot ask: " + error_text(errno)});
        return;
    }
    check.unsent.erase(0, size > 0 ? static_cast<std::size_t>(size) : 0);
    if (check.unsent.empty()) {
        watch(at, noa::ready_read);
    }
}

// One piece for each call: an endless answer has its turn as others have theirs.
void Checks::receive(std::size_t at) {
    Check& check = *checks_[at];
    char piece[8192];
    const ssize_t size = ::recv(check.connection.get(), piece, sizeof piece, MSG_DONTWAIT);
    if (size < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            end(at, {CheckStatus::error, "cannot read the answer: " + error_text(errno)});
        }
        return;
    }
    const auto state = size == 0 ? check.answer->end()
                                 : check.answer->feed({piece, static_cast<std::size_t>(size)});
    if (state == HttpAnswer::State::broken) {
        end(at, {CheckStatus::unhealthy, "the answer is not HTTP, or its head is too long"});
    } else if (state == HttpAnswer::State::done) {
        judge(at);
    }
}

void Checks::judge(std::size_t at) {
    const Check& check = *checks_[at];
    const CheckSetting& setting = check.state.setting;
    if (std::ranges::find(setting.status, check.answer->status()) == setting.status.end()) {
        end(at, {CheckStatus::unhealthy, "status " + std::to_string(check.answer->status())});
    } else if (!setting.body.empty() && !check.answer->has_body()) {
        end(at, {CheckStatus::unhealthy, "the body does not have the text that is wanted"});
    } else {
        end(at, {CheckStatus::healthy, {}});
    }
}

void Checks::close(Check& check) {
    port_->check_cancel(std::exchange(check.deadline, 0));
    if (check.connection) {
        sockets_->unwatch(check.connection.get());
        check.connection.reset();
    }
    check.unsent.clear();
    check.answer.reset();
}

void Checks::end(std::size_t at, Verdict verdict) {
    Check& check = *checks_[at];
    close(check);
    ++check.attempt;
    if (verdict.status == CheckStatus::healthy || check.made > check.state.setting.retries) {
        settle(at, std::move(verdict));
        return;
    }
    check.next = port_->check_after(pause_after(check.state.setting, check.made),
                                    [this, at] { attempt(at); });
}

void Checks::settle(std::size_t at, Verdict verdict) {
    Check& check = *checks_[at];
    CheckState& state = check.state;
    const bool changed = state.verdict.status != verdict.status;
    state.last = port_->check_now();
    state.took = state.last - check.began;
    state.since = changed ? state.last : state.since;
    state.verdict = std::move(verdict);
    ++state.runs;
    check.running = false;
    const noa::Duration left = state.setting.interval - state.took;
    check.next =
        port_->check_after(std::max(left, noa::Duration::zero()), [this, at] { begin(at); });
    if (changed) {
        port_->changed(state.setting, state.verdict);
    }
    for (Done& done : std::exchange(check.waiting, {})) {
        done(state);
    }
}

} // namespace monitor
