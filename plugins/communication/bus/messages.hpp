// The bodies of the agent's operations, but for `send`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "noa/sdk/json.hpp"

namespace communication {

using Text = std::optional<std::string>;

struct IdRequest {
    std::string id;
    static constexpr auto fields() {
        return noa::fields(noa::field("id", &IdRequest::id, "of a message"));
    }
};

struct WaitRequest {
    std::string id;
    std::optional<std::uint32_t> attempts;
    double wait_s = 30;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("id", &WaitRequest::id, "of a message"),
            noa::field("attempts", &WaitRequest::attempts, "answered when there is another, too"),
            noa::optional_field("wait_s", &WaitRequest::wait_s, "0 to 600"));
    }
};

struct ListRequest {
    Text to;
    Text sender;
    Text conversation;
    Text state;
    std::int64_t before = 0;
    std::int64_t limit = 20;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("to", &ListRequest::to, "agent, subject or endpoint"),
            noa::field("sender", &ListRequest::sender),
            noa::field("conversation", &ListRequest::conversation),
            noa::field("state", &ListRequest::state,
                       "queued, failed, acked, dead, expired, cancelled"),
            noa::optional_field("before", &ListRequest::before, "seq that a page goes on from"),
            noa::optional_field("limit", &ListRequest::limit, "1 to 1000"));
    }
};

// Of messages that were given up.
struct DeadRequest {
    std::vector<std::string> ids;
    Text to;
    bool all = false;
    std::int64_t limit = 1000;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("ids", &DeadRequest::ids),
                           noa::field("to", &DeadRequest::to, "all for this recipient"),
                           noa::optional_field("all", &DeadRequest::all, "whomever they were for"),
                           noa::optional_field("limit", &DeadRequest::limit, "1 to 10000"));
    }
};

struct BreakerRequest {
    std::string to;
    Text kind;
    static constexpr auto fields() {
        return noa::fields(noa::field("to", &BreakerRequest::to, "agent, subject or endpoint"),
                           noa::field("kind", &BreakerRequest::kind,
                                      "request, event or webhook; absent: request"));
    }
};

struct CheckRequest {
    noa::Json body;
    static constexpr auto fields() {
        return noa::fields(noa::field("body", &CheckRequest::body, "any JSON"));
    }
};

// What was posted, as it came; hostile.
struct ReceiveRequest {
    std::string name;
    std::string id;
    std::string timestamp;
    std::string signature;
    Text content_type;
    std::string base64;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("name", &ReceiveRequest::name, "of the hook, in the settings"),
            noa::field("id", &ReceiveRequest::id, "webhook-id"),
            noa::field("timestamp", &ReceiveRequest::timestamp, "webhook-timestamp"),
            noa::field("signature", &ReceiveRequest::signature, "webhook-signature"),
            noa::field("content_type", &ReceiveRequest::content_type),
            noa::field("base64", &ReceiveRequest::base64, "the body"));
    }
};

struct GroupRequest {
    std::string name;
    std::vector<std::string> members;
    static constexpr auto fields() {
        return noa::fields(noa::field("name", &GroupRequest::name),
                           noa::field("members", &GroupRequest::members, "agents, 256 at most"));
    }
};
struct NameRequest {
    std::string name;
    static constexpr auto fields() { return noa::fields(noa::field("name", &NameRequest::name)); }
};

// What has commas between.
[[nodiscard]] inline noa::Json list_of(std::string_view text) {
    noa::Json all = noa::Json::array();
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        all.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return all;
}

} // namespace communication
