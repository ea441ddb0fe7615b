// The bodies of the operations on streams and their consumers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "noa/sdk/json.hpp"

namespace communication {

struct EntryRequest {
    std::optional<noa::Json> body;
    std::string id;
    static constexpr auto fields() {
        return noa::fields(noa::field("body", &EntryRequest::body, "any JSON"),
                           noa::optional_field("id", &EntryRequest::id,
                                               "the same id again is taken once, while the stream "
                                               "has its entry"));
    }
};

struct AppendRequest {
    std::string stream;
    std::optional<noa::Json> body;
    std::string id;
    std::vector<EntryRequest> entries;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("stream", &AppendRequest::stream, "[A-Za-z0-9._:-]"),
            noa::field("body", &AppendRequest::body, "any JSON, of one entry"),
            noa::optional_field("id", &AppendRequest::id, "of one entry: taken once"),
            noa::optional_field("entries", &AppendRequest::entries, "or so many, 1000 at most"));
    }
};

struct StreamRequest {
    std::string stream;
    std::optional<noa::Duration> age;
    std::optional<std::uint64_t> count;
    std::optional<noa::ByteSize> size;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("stream", &StreamRequest::stream, "[A-Za-z0-9._:-]"),
            noa::field("age", &StreamRequest::age, "of entries that are kept; 0s: any"),
            noa::field("count", &StreamRequest::count, "of them; 0: no limit"),
            noa::field("size", &StreamRequest::size, "of their bodies; 0B: no limit"));
    }
};

struct StreamListRequest {
    std::string stream;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("stream", &StreamListRequest::stream,
                                               "with its consumers; absent: all, without"));
    }
};

struct StreamReadRequest {
    std::string stream;
    std::int64_t position = 1;
    std::string since;
    std::int64_t limit = 20;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("stream", &StreamReadRequest::stream),
            noa::optional_field("position", &StreamReadRequest::position, "that it goes on from"),
            noa::optional_field("since", &StreamReadRequest::since, "or a date"),
            noa::optional_field("limit", &StreamReadRequest::limit, "1 to 1000"));
    }
};

struct ConsumerRequest {
    std::string stream;
    std::string consumer;
    std::string from = "first";
    std::int64_t position = 0;
    std::string since;
    noa::Duration ack_wait = std::chrono::seconds(30);
    std::int64_t attempts = 5;
    std::int64_t window = 1000;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("stream", &ConsumerRequest::stream),
            noa::field("consumer", &ConsumerRequest::consumer, "[A-Za-z0-9._:-]"),
            noa::optional_field("from", &ConsumerRequest::from, "first, next"),
            noa::optional_field("position", &ConsumerRequest::position, "or a position"),
            noa::optional_field("since", &ConsumerRequest::since, "or a date"),
            noa::optional_field("ack_wait", &ConsumerRequest::ack_wait,
                                "of set: until an entry is handed out again"),
            noa::optional_field("attempts", &ConsumerRequest::attempts, "of set: of an entry"),
            noa::optional_field("window", &ConsumerRequest::window,
                                "of set: entries that are handed out and not settled"));
    }
};

struct ConsumerNameRequest {
    std::string stream;
    std::string consumer;
    static constexpr auto fields() {
        return noa::fields(noa::field("stream", &ConsumerNameRequest::stream),
                           noa::field("consumer", &ConsumerNameRequest::consumer));
    }
};

struct TakeEntriesRequest {
    std::string stream;
    std::string consumer;
    std::int64_t count = 1;
    double wait_s = 0;
    static constexpr auto fields() {
        return noa::fields(noa::field("stream", &TakeEntriesRequest::stream),
                           noa::field("consumer", &TakeEntriesRequest::consumer),
                           noa::optional_field("count", &TakeEntriesRequest::count, "1 to 1000"),
                           noa::optional_field("wait_s", &TakeEntriesRequest::wait_s, "0 to 600"));
    }
};

struct DeliveryRequest {
    std::int64_t position = 0;
    std::int64_t delivery = 0;
    static constexpr auto fields() {
        return noa::fields(noa::field("position", &DeliveryRequest::position),
                           noa::field("delivery", &DeliveryRequest::delivery, "as take told"));
    }
};

struct SettleRequest {
    std::string stream;
    std::string consumer;
    std::vector<DeliveryRequest> items;
    noa::Duration delay{0};
    static constexpr auto fields() {
        return noa::fields(
            noa::field("stream", &SettleRequest::stream),
            noa::field("consumer", &SettleRequest::consumer),
            noa::field("items", &SettleRequest::items, "1000 at most"),
            noa::optional_field("delay", &SettleRequest::delay, "of nak: not before"));
    }
};

} // namespace communication
