// The bodies of the operations on tasks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "noa/sdk/json.hpp"

namespace communication {

struct SubmitRequest {
    std::string type;
    std::optional<noa::Json> payload;
    std::optional<std::string> id;
    std::string priority = "normal";
    std::optional<noa::Duration> timeout;
    std::int64_t attempts = 0;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("type", &SubmitRequest::type, "[A-Za-z0-9._-]"),
            noa::field("payload", &SubmitRequest::payload, "any JSON"),
            noa::field("id", &SubmitRequest::id, "the same id again is taken once"),
            noa::optional_field("priority", &SubmitRequest::priority, "high, normal, low"),
            noa::field("timeout", &SubmitRequest::timeout, "until a worker renews or ends it"),
            noa::optional_field("attempts", &SubmitRequest::attempts, "in all"));
    }
};

struct TakeRequest {
    std::vector<std::string> types;
    double wait_s = 0;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("types", &TakeRequest::types, "none: any"),
                           noa::optional_field("wait_s", &TakeRequest::wait_s, "0 to 600"));
    }
};

struct EndRequest {
    std::string id;
    std::int64_t attempt = 0;
    std::optional<noa::Json> result;
    std::string error;
    bool retry = true;
    static constexpr auto fields() {
        return noa::fields(noa::field("id", &EndRequest::id),
                           noa::field("attempt", &EndRequest::attempt, "as take told"),
                           noa::field("result", &EndRequest::result, "of complete"),
                           noa::optional_field("error", &EndRequest::error, "of fail"),
                           noa::optional_field("retry", &EndRequest::retry,
                                               "of fail: another attempt may fare better"));
    }
};

struct TaskListRequest {
    std::string type;
    std::string status;
    bool stuck = false;
    std::int64_t limit = 20;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("type", &TaskListRequest::type),
                           noa::optional_field("status", &TaskListRequest::status,
                                               "pending, processing, completed, failed"),
                           noa::optional_field("stuck", &TaskListRequest::stuck, "only those"),
                           noa::optional_field("limit", &TaskListRequest::limit, "1 to 1000"));
    }
};

} // namespace communication
