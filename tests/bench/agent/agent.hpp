// The plugin behind every figure of noa: an agent that answers, counts, and puts load on others,
// against the bare header, and measures it where a plugin would feel it.
//
// Operations; orders and results are JSON objects
//   echo         the same body back
//   sink         one message of a stream: counted
//   sink.begin   {"budget_ms"}: a new window
//   sink.result  the figures of the window, empty while it is not over
//   run.rtt      {"target","budget_ms"}: closed loop of 64 B requests, with a "traceparent" if one
//                is said, as in run.stream
//   run.stream   {"target","duration_ms","size","body": "copied"|"in_place"|"many"}
//   run.lookup   {"target","names","repeat"}: what a lookup and a send cost
// Settings: {"cpu": N} binds the lane to a core.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/samples.hpp"
#include "noa/noa.h"

namespace noa::bench {

[[nodiscard]] inline std::string_view view(const noa_str& text) {
    return {text.data, static_cast<std::size_t>(text.size)};
}
[[nodiscard]] inline noa_str str(std::string_view text) {
    return {text.data(), text.size()};
}

class Agent {
public:
    Agent(const noa_host& host, noa_context context) : host_(host), context_(context) {}

    noa_status configure(const nlohmann::json& settings, bool commit);
    noa_status start() const;
    noa_status handle(const noa_message& message, noa_delivery delivery);
    void on_reply(noa_status status);

private:
    noa_status echo(const noa_message& message, noa_delivery delivery) const;
    noa_status count(const noa_message& message);
    noa_status begin_round_trips(const nlohmann::json& order, noa_delivery delivery);
    void end_round_trips(noa_status status);
    noa_status stream(const nlohmann::json& order, noa_delivery delivery);
    noa_status look_up(const nlohmann::json& order, noa_delivery delivery);

    [[nodiscard]] noa_outgoing message_to(noa_address to, std::string_view subject) const;
    noa_status request_one();
    noa_status send_one(noa_outgoing& message, std::string_view body, bool in_place) const;
    noa_status answer(noa_delivery delivery, const Values& values) const;

    const noa_host& host_;
    const noa_context context_;
    int cpu_ = -1;
    std::string body_ = std::string(64, 'x');
    std::string traceparent_; // of what is sent

    std::optional<StreamWindow> window_;
    std::uint64_t checksum_ = 0; // so that reading a body is not optimised away

    // of run.rtt
    noa_address target_ = 0;
    noa_delivery asker_ = 0;
    std::int64_t warm_until_ns_ = 0;
    std::int64_t end_ns_ = 0;
    std::int64_t budget_ns_ = 0;
    std::int64_t sent_ns_ = 0;
    std::int64_t cpu_begin_ns_ = 0;
    std::vector<std::uint32_t> samples_;
};

} // namespace noa::bench
