#include "noa/wire.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "noa/status.h"

namespace noa::bench {

namespace {

constexpr int high_water_mark = 100'000;

Result<std::string> answer_of(const WireMessage& message) {
    if (message.header.kind == wire_error) {
        const auto code = message.header.status == NOA_E_BUSY ? Errc::busy : Errc::internal;
        return fail(code, "ask through the gateway", std::to_string(message.header.status),
                    std::string(message.body));
    }
    return std::string(message.body);
}

} // namespace

Result<WireClient> WireClient::connect(const std::string& runtime_dir) {
    WireClient client;
    client.context_ = make_context();
    client.socket_ = make_socket(client.context_.get(), ZMQ_DEALER, high_water_mark);
    client.frame_ = std::make_unique<Frame>();
    client.second_ = std::make_unique<Frame>();
    const auto endpoint = "ipc://" + runtime_dir + "/bus.sock";
    if (auto connected = connect_to(client.socket_.get(), endpoint); !connected) {
        return tl::unexpected(connected.error());
    }
    return client;
}

Result<std::uint64_t> WireClient::send(const Outgoing& message) {
    WireHeader header{};
    std::memcpy(header.magic, "NOA1", sizeof header.magic);
    header.kind = message.kind;
    header.flags = message.flags;
    header.id[1] = ++last_id_;
    if (message.settles != nullptr) {
        std::memcpy(header.correlation, message.settles->id, sizeof header.correlation);
    }
    header.timeout_ms = message.timeout_ms;
    header.number = message.number;
    header.to_len = static_cast<std::uint8_t>(message.to.size());
    header.subject_len = static_cast<std::uint8_t>(message.subject.size());
    Frame frame(sizeof header + message.to.size() + message.subject.size() + message.body.size());
    char* at = frame.data();
    std::memcpy(at, &header, sizeof header);
    at = std::copy(message.to.begin(), message.to.end(), at + sizeof header);
    at = std::copy(message.subject.begin(), message.subject.end(), at);
    std::copy(message.body.begin(), message.body.end(), at);
    if (!frame.send(socket_.get())) {
        return zmq_failure("send to the gateway");
    }
    return last_id_;
}

Result<bool> WireClient::receive(WireMessage& message, int flags) {
    if (!frame_->receive(socket_.get(), flags)) {
        return ::zmq_errno() == EAGAIN ? Result<bool>(false)
                                       : Result<bool>(zmq_failure("receive from the gateway"));
    }
    const bool more = ::zmq_msg_more(frame_->get()) != 0;
    if (more && !second_->receive(socket_.get())) {
        return zmq_failure("receive from the gateway");
    }
    if (frame_->size() < sizeof message.header) {
        return fail(Errc::invalid, "receive from the gateway", "header", "too short");
    }
    std::memcpy(&message.header, frame_->data(), sizeof message.header);
    const auto& header = message.header;
    const std::size_t strings = std::size_t{header.to_len} + header.from_len + header.subject_len +
                                header.content_type_len + header.traceparent_len;
    if (frame_->size() < sizeof header + strings) {
        return fail(Errc::invalid, "receive from the gateway", "strings", "too short");
    }
    message.body =
        more ? std::string_view(second_->data(), second_->size())
             : std::string_view(frame_->data(), frame_->size()).substr(sizeof header + strings);
    return true;
}

void WireClient::set_timeout(std::chrono::milliseconds timeout) {
    const int value = static_cast<int>(timeout.count());
    ::zmq_setsockopt(socket_.get(), ZMQ_RCVTIMEO, &value, sizeof value);
}

Result<std::string> WireClient::call(const Outgoing& message) {
    auto id = send(message);
    return id ? answer_to(*id) : Result<std::string>(tl::unexpected(id.error()));
}

Result<std::string> WireClient::answer_to(std::uint64_t id) {
    const auto kept = std::find_if(kept_.begin(), kept_.end(),
                                   [&](const Kept& candidate) { return candidate.id == id; });
    if (kept != kept_.end()) {
        auto answer = std::move(kept->answer);
        kept_.erase(kept);
        return answer;
    }
    for (WireMessage message;;) {
        auto received = receive(message);
        if (!received) {
            return tl::unexpected(received.error());
        }
        if (!*received) {
            return fail(Errc::timed_out, "ask through the gateway", "noad", "no answer");
        }
        const auto answered = message.header.correlation[1];
        if (answered == id) {
            return answer_of(message);
        }
        if (answered != 0) {
            kept_.push_back({answered, answer_of(message)});
        }
    }
}

} // namespace noa::bench
