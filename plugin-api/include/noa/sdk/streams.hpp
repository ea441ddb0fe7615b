// Entries at the end of a stream that the agent communication keeps for whoever reads it. Optional.
//
//     void setup(noa::Setup& setup) override { setup.use(orders_); … }
//     orders_.publish({{"total", 7}}, "order-7", [this](const noa::Result<noa::StreamPosition>& at)
//     {
//         if (at) log(noa::Level::info, "order.told", std::to_string(at->position));
//     });
//     noa::StreamWriter orders_{"orders"};
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "noa/sdk/generation.hpp"
#include "noa/sdk/json.hpp"

namespace noa::sdk {

struct StreamPosition {
    std::int64_t position = 0;   // 1 is the first that the stream ever had
    std::int64_t duplicates = 0; // 1: there is an entry with that id already, and it is that one's
    static constexpr auto fields() {
        return sdk::fields(field("position", &StreamPosition::position),
                           optional_field("duplicates", &StreamPosition::duplicates));
    }
};

// A member of the agent.  [lane] every function.
class StreamWriter final : public Part {
public:
    // A stream begins with its first entry. `agent`: that keeps it.
    explicit StreamWriter(std::string stream, std::string agent = "communication")
        : stream_(std::move(stream)), agent_(std::move(agent)) {}

    Status attach(Generation& generation) override {
        generation_ = &generation;
        return {};
    }
    void quiet() noexcept override {} // what is open is the generation's

    // One entry. `done(const Result<StreamPosition>&)` is told once it is on the disk there, or why
    // it is not: exactly once, on the lane, unless the generation ends first. With an id, by which
    // the stream takes it once, it is tried again for as long as `timeout` while that may help;
    // what was not answered may be there all the same, and is safe to publish again with that id.
    // Errors  NOA_E_INVALID for a stream, an id or a body that breaks a limit, NOA_E_NO_AGENT where
    //         there is no such agent, NOA_E_UNAVAILABLE while its disk takes nothing.
    template <class F>
    void publish(const Json& body, std::string_view id, F done,
                 Duration timeout = std::chrono::seconds(30)) {
        std::string text;
        {
            JsonObject entry(text);
            entry.add("stream", std::string_view(stream_));
            if (!id.empty()) {
                entry.add("id", id);
            }
            entry.member("body") += json_text(body);
        }
        Call call(generation_->requests, Peer(agent_), "stream.append",
                  Body(text, json_content_type));
        Call&& timed = std::move(call).timeout(timeout);
        if (id.empty()) {
            std::move(timed).then(std::move(done));
        } else {
            std::move(timed).retry({.attempts = most_attempts}).then(std::move(done));
        }
    }
    template <class F>
    void publish(const Json& body, F done) {
        publish(body, {}, std::move(done));
    }

private:
    static constexpr unsigned most_attempts = 1000; // the time-out ends it

    std::string stream_;
    std::string agent_;
    Generation* generation_ = nullptr;
};

} // namespace noa::sdk

namespace noa {

using sdk::StreamPosition;
using sdk::StreamWriter;

} // namespace noa
