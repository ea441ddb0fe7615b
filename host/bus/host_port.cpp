#include "bus/host_port.hpp"

#include <cstring>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/names.hpp"
#include "base/status.hpp"

namespace noa::bus {

namespace {

constexpr std::string_view json_type = "application/json";
constexpr std::chrono::seconds grace{2}; // for an answer that is on its way at the deadline

noa_outgoing outgoing(std::string_view agent, std::string_view subject, std::string_view body) {
    noa_outgoing message{};
    message.struct_size = sizeof message;
    message.to_name = to_str(agent);
    message.subject = to_str(subject);
    message.content_type = to_str(json_type);
    message.body = {body.data(), body.size()};
    return message;
}

Errc code_of(noa_status status) noexcept {
    switch (status) {
    case NOA_E_NO_AGENT:
    case NOA_E_NOT_FOUND: return Errc::not_found;
    case NOA_E_BUSY: return Errc::busy;
    case NOA_E_UNAVAILABLE: return Errc::unavailable;
    case NOA_E_EXPIRED: return Errc::timed_out;
    case NOA_E_INVALID:
    case NOA_E_TOO_LARGE: return Errc::invalid;
    default: return Errc::refused;
    }
}

Failure not_accepted(std::string_view attempt, std::string_view object, noa_status status,
                     const noa_receipt& receipt) {
    std::string reason(status_text(status));
    if (status == NOA_E_BUSY) {
        reason += " (" + std::to_string(receipt.depth) + " unsettled messages)";
    }
    return fail(code_of(status), std::string(attempt), std::string(object), std::move(reason),
                status == NOA_E_NO_AGENT ? "noactl agents lists those there are" : "");
}

} // namespace

class HostPort::Listener final : public bus::Subscription {
public:
    Listener(HostPort& port, std::uint64_t id) : port_(port), id_(id) {}
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener() override {
        const std::lock_guard lock(port_.listeners_mutex_);
        port_.listeners_.erase(id_);
        port_.bus_.subscriptions().remove_owner(*port_.endpoint_, id_);
    }

private:
    HostPort& port_;
    std::uint64_t id_;
};

Result<std::unique_ptr<HostPort>> HostPort::open(Bus& bus) {
    std::unique_ptr<HostPort> port(new HostPort(bus));
    port->endpoint_ = bus.routes().resolve("host");
    if (auto opened = bus.open_inbox(*port->endpoint_); !opened) {
        return Failure(opened.error());
    }
    auto lane = Lane::open(bus, *port->endpoint_, LaneOptions{}, "noa-host");
    if (!lane) {
        return Failure(lane.error());
    }
    port->lane_ = std::move(*lane);
    port->lane_->post([raw = port.get()] {
        raw->lane_->attach(*raw);
        raw->endpoint_->inbox().set_state(Inbox::State::open);
    });
    return port;
}

HostPort::~HostPort() {
    if (lane_) {
        lane_->post([this] {
            endpoint_->inbox().set_state(Inbox::State::stopped);
            lane_->forget();
            lane_->detach();
        });
        lane_->join();
    }
}

void HostPort::offer(const std::string& operation, const std::string& summary,
                     HostOperation answer) {
    offers_[operation] = {summary, std::move(answer)};
}

Result<Reply> HostPort::call(std::string_view agent, std::string_view operation,
                             std::string_view body, std::chrono::milliseconds timeout,
                             std::string_view traceparent) {
    const auto object = std::string(agent) + "." + std::string(operation);
    std::promise<Reply> promise;
    auto future = promise.get_future();
    std::uint64_t tag = 0;
    {
        const std::lock_guard lock(mutex_);
        tag = ++last_tag_;
        calls_.emplace(tag, std::move(promise));
    }
    auto message = outgoing(agent, operation, body);
    message.traceparent = to_str(traceparent);
    message.deadline_ns = monotonic_ns() + std::chrono::nanoseconds(timeout).count();
    noa_receipt receipt{};
    receipt.struct_size = sizeof receipt;
    const auto status = lane_->request(message, tag, &receipt);
    const auto forget = [&] {
        const std::lock_guard lock(mutex_);
        calls_.erase(tag);
    };
    if (status != NOA_OK) {
        forget();
        return not_accepted("call", object, status, receipt);
    }
    if (future.wait_for(timeout + grace) != std::future_status::ready) {
        forget();
        return fail(Errc::timed_out, "call", object, "no answer within the time-out");
    }
    Reply reply = future.get();
    if (reply.status == NOA_E_EXPIRED) {
        return fail(Errc::timed_out, "call", object,
                    "no answer within " + std::to_string(timeout.count()) + " ms",
                    "raise --timeout, or see `noactl agent " + std::string(agent) + "`");
    }
    return reply;
}

Result<void> HostPort::send(std::string_view agent, std::string_view operation,
                            std::string_view body) {
    noa_receipt receipt{};
    receipt.struct_size = sizeof receipt;
    const auto status = lane_->send(outgoing(agent, operation, body), &receipt);
    if (status != NOA_OK) {
        return not_accepted("send", std::string(agent) + "." + std::string(operation), status,
                            receipt);
    }
    return {};
}

Result<std::uint32_t> HostPort::publish(std::string_view subject, std::string_view body) {
    noa_receipt receipt{};
    receipt.struct_size = sizeof receipt;
    const auto status = lane_->publish(outgoing({}, subject, body), &receipt);
    if (status != NOA_OK) {
        return not_accepted("publish", subject, status, receipt);
    }
    return receipt.accepted;
}

Result<std::unique_ptr<bus::Subscription>> HostPort::subscribe(std::string_view pattern,
                                                               OnEvent on_event) {
    if (!is_pattern(pattern)) {
        return fail(Errc::invalid, "subscribe", std::string(pattern),
                    "not a subject pattern: tokens of [A-Za-z0-9_-] with dots between, \"*\" for "
                    "one token, a last \">\" for the rest");
    }
    const std::lock_guard lock(listeners_mutex_);
    if (listeners_.size() >= max_subscriptions) {
        return fail(Errc::busy, "subscribe", std::string(pattern),
                    "too many subscriptions are open");
    }
    const auto id = ++last_listener_;
    if (const auto status = bus_.subscriptions().add(*endpoint_, id, pattern); status != NOA_OK) {
        return fail(Errc::refused, "subscribe", std::string(pattern),
                    std::string(status_text(status)));
    }
    listeners_.emplace(id, Listening{std::string(pattern), std::move(on_event)});
    return std::make_unique<Listener>(*this, id);
}

void HostPort::spread(const noa_message& message) {
    const auto subject = view(message.subject);
    const std::lock_guard lock(listeners_mutex_);
    for (auto& [id, listening] : listeners_) {
        if (!listening.on_event || !pattern_matches(listening.pattern, subject)) {
            continue;
        }
        const Event event{message.id,
                          std::string(subject),
                          std::string(view(message.from)),
                          std::string(view(message.content_type)),
                          std::string(static_cast<const char*>(message.body.data),
                                      static_cast<std::size_t>(message.body.size)),
                          message.sent_unix_ns};
        if (!listening.on_event(event)) {
            listening.on_event = nullptr;
        }
    }
}

noa_status HostPort::handle(const noa_message& message, noa_delivery delivery,
                            noa_error& error) noexcept {
    if (message.kind == NOA_MESSAGE_EVENT) {
        spread(message);
        return NOA_OK;
    }
    const auto found = offers_.find(view(message.subject));
    if (found == offers_.end()) {
        return NOA_E_UNSUPPORTED;
    }
    auto answer = found->second.answer(
        {static_cast<const char*>(message.body.data), static_cast<std::size_t>(message.body.size)});
    if (!answer) {
        const auto text = answer.error().text();
        std::strncpy(error.text, text.c_str(), sizeof error.text - 1);
        return answer.error().code == Errc::not_found ? NOA_E_NOT_FOUND : NOA_E_FAILED;
    }
    return lane_->reply(delivery, outgoing({}, {}, *answer));
}

void HostPort::on_reply(std::uint64_t tag, noa_status status, const noa_message* message) noexcept {
    std::promise<Reply> promise;
    {
        const std::lock_guard lock(mutex_);
        const auto found = calls_.find(tag);
        if (found == calls_.end()) {
            return;
        }
        promise = std::move(found->second);
        calls_.erase(found);
    }
    Reply reply;
    reply.status = status;
    if (message != nullptr) {
        reply.content_type = view(message->content_type);
        reply.body.assign(static_cast<const char*>(message->body.data),
                          static_cast<std::size_t>(message->body.size));
    } else {
        reply.content_type = "text/plain";
        reply.body = status_text(status);
    }
    promise.set_value(std::move(reply));
}

// NOLINTNEXTLINE(bugprone-exception-escape): JSON of known types throws nothing
Result<std::string> HostPort::inspect(std::string_view operation) noexcept {
    if (operation == "health") {
        return std::string(R"({"status":"healthy","checks":[]})");
    }
    if (operation == "metrics") {
        return std::string("{}");
    }
    nlohmann::json operations = nlohmann::json::object();
    for (const auto& [name, offer] : offers_) {
        operations[name] = {{"summary", offer.summary}};
    }
    return nlohmann::json{{"capabilities", nlohmann::json::array({"host"})},
                          {"operations", std::move(operations)}}
        .dump();
}

} // namespace noa::bus
