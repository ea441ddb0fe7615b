// The built-in agent `host`: noa's own place on the bus.
#pragma once

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "bus/caller.hpp"
#include "bus/lane.hpp"

namespace noa::bus {

// What `host` answers to one operation: JSON in, JSON out. On its lane: must not block long.
using HostOperation = std::function<Result<std::string>(std::string_view body)>;

class HostPort final : public Caller, private Handler {
public:
    static constexpr std::size_t max_subscriptions = 256;

    [[nodiscard]] static Result<std::unique_ptr<HostPort>> open(Bus& bus);
    ~HostPort() override; // no call may be running any more

    // Before traffic; `summary` goes into `describe`.
    void offer(const std::string& operation, const std::string& summary, HostOperation answer);

    // Calls back from its lane, as soon as that turns.
    void pulse(std::function<void()> answer) { lane_->post(std::move(answer)); }

    using Caller::call;
    [[nodiscard]] Result<Reply> call(std::string_view agent, std::string_view operation,
                                     std::string_view body, std::chrono::milliseconds timeout,
                                     std::string_view traceparent) override;
    [[nodiscard]] Result<void> send(std::string_view agent, std::string_view operation,
                                    std::string_view body) override;
    [[nodiscard]] Result<std::uint32_t> publish(std::string_view subject,
                                                std::string_view body) override;
    [[nodiscard]] Result<std::unique_ptr<bus::Subscription>> subscribe(std::string_view pattern,
                                                                       OnEvent on_event) override;

private:
    explicit HostPort(Bus& bus) : bus_(bus) {}

    [[nodiscard]] noa_status handle(const noa_message& message, noa_delivery delivery,
                                    noa_error& error) noexcept override;
    void on_reply(std::uint64_t tag, noa_status status,
                  const noa_message* message) noexcept override;
    void on_wake(std::uint64_t) noexcept override {}
    void on_timer(std::uint64_t) noexcept override {}
    // NOLINTNEXTLINE(bugprone-exception-escape): JSON of known types throws nothing
    [[nodiscard]] Result<std::string> inspect(std::string_view operation) noexcept override;

    void spread(const noa_message& message);

    class Listener;
    struct Offer {
        std::string summary;
        HostOperation answer;
    };
    struct Listening {
        std::string pattern;
        OnEvent on_event;
    };

    Bus& bus_;
    Endpoint* endpoint_ = nullptr;
    std::map<std::string, Offer, std::less<>> offers_;
    std::mutex mutex_;
    // under mutex_
    std::unordered_map<std::uint64_t, std::promise<Reply>> calls_;
    std::uint64_t last_tag_ = 0;
    // held while listeners are called, so that none is called after it has gone
    std::mutex listeners_mutex_;
    std::map<std::uint64_t, Listening> listeners_;
    std::uint64_t last_listener_ = 0;

    std::unique_ptr<Lane> lane_; // last: it calls the rest
};

} // namespace noa::bus
