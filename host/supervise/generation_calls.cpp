// Between the lane and the plugin: what is handed to it, and what it asks of its generation.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <nlohmann/json.hpp>

#include "base/core_hint.hpp"
#include "base/names.hpp"
#include "base/stack_probe.hpp"
#include "supervise/generation.hpp"

namespace noa::supervise {

noa_status Generation::handle(const noa_message& message, noa_delivery delivery,
                              noa_error& error) noexcept {
    if (!refusal_.empty() && refuses(message)) {
        error.code = NOA_E_UNAVAILABLE;
        const auto size = std::min(refusal_.size(), sizeof error.text - 1);
        std::copy_n(refusal_.data(), size, error.text);
        error.text[size] = '\0';
        return NOA_E_UNAVAILABLE;
    }
    const auto status = instance_->handle(message, delivery, error);
    if (status == NOA_E_INTERNAL) {
        note_defect(error.text);
    }
    return status;
}

// Requests alone: events and what is asked of every agent pass.
bool Generation::refuses(const noa_message& message) const noexcept {
    const std::string_view operation(message.subject.data, message.subject.size);
    return message.kind == NOA_MESSAGE_REQUEST &&
           std::find(answers_only_.begin(), answers_only_.end(), operation) == answers_only_.end();
}

bool Generation::has_operation(const char* name) {
    const auto said = inspect("describe");
    const auto described = said ? nlohmann::json::parse(*said, nullptr, false) : nlohmann::json();
    const auto operations =
        described.is_object() ? described.value("operations", nlohmann::json()) : nlohmann::json();
    return operations.is_object() && operations.contains(name);
}

void Generation::degrade(std::vector<std::string> critical, std::string reason,
                         std::function<void(bool)> told) {
    lane_->post(
        [this, critical = std::move(critical), reason = std::move(reason), told = std::move(told)] {
            if (has_operation("read_only")) {
                told(true);
            } else if (!critical.empty()) {
                answers_only_ = critical;
                refusal_ = "degraded: " + reason;
                told(false);
            }
        });
}

void Generation::end_degradation(std::function<void()> read_only) {
    lane_->post([this, read_only = std::move(read_only)] {
        refusal_.clear();
        if (has_operation("read_only")) {
            read_only();
        }
    });
}

void Generation::on_reply(std::uint64_t tag, noa_status status,
                          const noa_message* message) noexcept {
    instance_->on_reply(tag, status, message);
    look_for_escaped("on_reply");
}

void Generation::on_wake(std::uint64_t tag) noexcept {
    instance_->on_wake(tag);
    look_for_escaped("on_wake");
}

void Generation::on_timer(std::uint64_t tag) noexcept {
    instance_->on_timer(tag);
    look_for_escaped("on_timer");
}

void Generation::on_ready(std::uint64_t tag, std::uint32_t events) noexcept {
    instance_->on_ready(tag, events);
    look_for_escaped("on_ready");
}

// A void function has no asker to tell: the log is, for the first and then ever more rarely.
void Generation::look_for_escaped(std::string_view function) noexcept {
    const auto escaped = instance_->escaped();
    if (escaped == escaped_seen_) {
        return;
    }
    escaped_seen_ = escaped;
    on_escaped(function, instance_->escaped_text(), escaped);
}

void Generation::on_escaped(std::string_view function, std::string_view text,
                            std::uint64_t so_far) noexcept {
    if ((so_far & (so_far - 1)) == 0) {
        around_.log.write(Level::warning, "agent.exception",
                          {{"agent", name_},
                           {"generation", blueprint_.number},
                           {"function", function},
                           {"text", std::string(text)},
                           {"so_far", so_far}});
    }
    note_defect(text);
}

// NOLINTNEXTLINE(bugprone-exception-escape): only memory that is at an end would throw
void Generation::on_call_denied(const std::string& call, const std::string& path,
                                std::uint64_t so_far) noexcept {
    if ((so_far & (so_far - 1)) != 0) {
        return; // ever more rarely
    }
    around_.log.write(Level::warning, "agent.call_denied",
                      {{"agent", name_},
                       {"generation", blueprint_.number},
                       {"call", call},
                       {"path", path},
                       {"so_far", so_far}});
    const nlohmann::json event{{"agent", name_},
                               {"action", "call_denied"},
                               {"generation", blueprint_.number},
                               {"text", path.empty() ? call : call + " " + path}};
    around_.bus.announce("host.agent." + name_,
                         event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

// [the link's thread] A step on the lane that waits for the plugin has failed already.
void Generation::on_ended(const link::RunnerEnd& end) {
    around_.log.write(
        Level::error, "agent.process_ended",
        {{"agent", name_},
         {"generation", blueprint_.number},
         {"reason", end.reason},
         {"end", end.end.text()},
         {"stack", joined(end.stack)},
         {"core", end.end.signal == 0 || end.end.signal == SIGKILL ? std::string() : core_hint()}});
    nlohmann::json event{{"agent", name_},
                         {"action", "process_ended"},
                         {"generation", blueprint_.number},
                         {"text", end.reason}};
    if (!end.stack.empty()) {
        event["stack"] = end.stack;
    }
    around_.bus.announce("host.agent." + name_, event.dump());
    lane_->post([this, reason = end.reason] {
        lane_->end_drain(); // whoever waits for it to come to rest learns that it is lost
        lose({});
        around_.on_fault({name_, blueprint_.number, "its process ended: " + reason});
    });
}

void Generation::note_defect(std::string_view text) noexcept {
    auto left = defects_left_.load(std::memory_order_relaxed);
    if (left == 0) {
        return;
    }
    // Somebody may end the trial meanwhile: then it is no fault any more.
    if (defects_left_.compare_exchange_strong(left, left - 1) && left == 1) {
        around_.on_fault({name_, blueprint_.number,
                          "internal errors in its probation, the last one: " + std::string(text)});
    }
}

void Generation::plugin_log(std::uint32_t level, std::string_view event, std::string_view text) {
    const auto known = level >= NOA_LOG_DEBUG && level <= NOA_LOG_ERROR;
    around_.log.write(known ? static_cast<Level>(level) : Level::info, event,
                      {{"agent", name_},
                       {"generation", blueprint_.number},
                       {"text", std::string(text.substr(0, 4096))}});
}

noa_status Generation::subscribe(std::string_view pattern) {
    if (!lane_->on_lane()) {
        return NOA_E_STATE;
    }
    if (!is_pattern(pattern)) {
        return NOA_E_INVALID;
    }
    if (patterns_.size() >= bus::Subscriptions::max_per_endpoint && !patterns_.contains(pattern)) {
        return NOA_E_TOO_LARGE;
    }
    if (routes_) {
        const auto status = around_.bus.subscriptions().add(lane_->endpoint(), context_, pattern);
        if (status != NOA_OK) {
            return status;
        }
    }
    patterns_.emplace(pattern);
    return NOA_OK;
}

noa_status Generation::unsubscribe(std::string_view pattern) {
    if (!lane_->on_lane()) {
        return NOA_E_STATE;
    }
    const auto found = patterns_.find(pattern);
    if (found == patterns_.end()) {
        return NOA_E_NOT_FOUND;
    }
    patterns_.erase(found);
    return routes_ ? around_.bus.subscriptions().remove(lane_->endpoint(), context_, pattern)
                   : NOA_OK;
}

noa_status Generation::state_dir(std::string_view& ret_path) {
    if (!lane_->on_lane() || lease_ == Lease::none) {
        return NOA_E_STATE;
    }
    if (state_dir_.empty()) {
        const auto path = around_.agents_dir / name_;
        if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
            return NOA_E_FAILED;
        }
        state_dir_ = path.string();
    }
    ret_path = state_dir_;
    return NOA_OK;
}

} // namespace noa::supervise
