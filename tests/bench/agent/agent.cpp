#include "agent/agent.hpp"

#include <sched.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace noa::bench {

namespace {

using nlohmann::json;

constexpr std::uint32_t chunk = 32; // messages of one send_many

std::int64_t ms_of(const json& order, const char* key, std::int64_t otherwise) {
    return order.value(key, otherwise) * 1'000'000;
}

} // namespace

noa_status Agent::configure(const json& settings, bool commit) {
    const int cpu = settings.value("cpu", -1);
    if (cpu >= CPU_SETSIZE) {
        return NOA_E_INVALID;
    }
    if (commit) {
        cpu_ = cpu;
    }
    return NOA_OK;
}

noa_status Agent::start() const {
    if (cpu_ < 0) {
        return NOA_OK;
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu_, &one);
    return ::sched_setaffinity(0, sizeof one, &one) == 0 ? NOA_OK : NOA_E_FAILED;
}

noa_status Agent::handle(const noa_message& message, noa_delivery delivery) {
    const auto operation = view(message.subject);
    if (operation == "sink") {
        return count(message);
    }
    if (operation == "echo") {
        return echo(message, delivery);
    }
    const auto order = json::parse(static_cast<const char*>(message.body.data),
                                   static_cast<const char*>(message.body.data) + message.body.size,
                                   nullptr, false);
    if (!order.is_object()) {
        return NOA_E_INVALID;
    }
    if (operation == "sink.begin") {
        window_.emplace(std::chrono::milliseconds(order.value("budget_ms", 500)), own_cpu_ns,
                        order.value("stride", 256U));
        return NOA_OK;
    }
    if (operation == "sink.result") {
        return answer(delivery, window_ ? window_->values() : Values{});
    }
    if (operation == "run.rtt") {
        return begin_round_trips(order, delivery);
    }
    if (operation == "run.stream") {
        return stream(order, delivery);
    }
    return operation == "run.lookup" ? look_up(order, delivery) : NOA_E_UNSUPPORTED;
}

noa_status Agent::echo(const noa_message& message, noa_delivery delivery) const {
    noa_outgoing reply{};
    reply.struct_size = sizeof reply;
    reply.body = message.body;
    return host_.reply(context_, delivery, &reply);
}

noa_status Agent::count(const noa_message& message) {
    const auto* bytes = static_cast<const unsigned char*>(message.body.data);
    if (message.body.size != 0) {
        checksum_ += bytes[message.body.size - 1];
    }
    if (window_) {
        (void)window_->count();
    }
    return NOA_OK;
}

noa_status Agent::answer(noa_delivery delivery, const Values& values) const {
    const auto text = json(values).dump();
    noa_outgoing reply{};
    reply.struct_size = sizeof reply;
    reply.content_type = str("application/json");
    reply.body = {text.data(), text.size()};
    return host_.reply(context_, delivery, &reply);
}

noa_outgoing Agent::message_to(noa_address to, std::string_view subject) const {
    noa_outgoing message{};
    message.struct_size = sizeof message;
    message.to = to;
    message.subject = str(subject);
    message.body = {body_.data(), body_.size()};
    message.traceparent = str(traceparent_);
    return message;
}

noa_status Agent::begin_round_trips(const json& order, noa_delivery delivery) {
    const auto target = order.value("target", "");
    if (const auto status = host_.resolve(context_, str(target), &target_); status != NOA_OK) {
        return status;
    }
    asker_ = delivery;
    traceparent_ = order.value("traceparent", "");
    budget_ns_ = ms_of(order, "budget_ms", 500);
    warm_until_ns_ = monotonic_ns() + budget_ns_ / 5;
    end_ns_ = 0;
    samples_.clear();
    samples_.reserve(static_cast<std::size_t>(budget_ns_ / 1000));
    const auto status = request_one();
    return status == NOA_OK ? NOA_DEFERRED : status;
}

noa_status Agent::request_one() {
    const auto message = message_to(target_, "echo");
    sent_ns_ = monotonic_ns();
    return host_.request(context_, &message, 1, nullptr);
}

void Agent::on_reply(noa_status status) {
    const auto now = monotonic_ns();
    if (status != NOA_OK) {
        end_round_trips(status);
        return;
    }
    if (end_ns_ == 0) {
        if (now >= warm_until_ns_) {
            end_ns_ = now + budget_ns_;
            cpu_begin_ns_ = own_cpu_ns();
        }
    } else {
        samples_.push_back(static_cast<std::uint32_t>(
            std::min<std::int64_t>(now - sent_ns_, std::numeric_limits<std::uint32_t>::max())));
        if (now >= end_ns_) {
            end_round_trips(NOA_OK);
            return;
        }
    }
    if (const auto sent = request_one(); sent != NOA_OK) {
        end_round_trips(sent);
    }
}

void Agent::end_round_trips(noa_status status) {
    if (status != NOA_OK) {
        (void)host_.settle(context_, asker_, status, str("a round trip failed"), 0);
        return;
    }
    Values values;
    const auto count = static_cast<double>(samples_.size());
    values["count"] = count;
    values["cpu_us"] = static_cast<double>(own_cpu_ns() - cpu_begin_ns_) / 1000.0 / count;
    put_percentiles(values, samples_);
    (void)answer(asker_, values);
}

noa_status Agent::send_one(noa_outgoing& message, std::string_view body, bool in_place) const {
    noa_buffer buffer{};
    buffer.struct_size = sizeof buffer;
    if (in_place) {
        const auto status = host_.msg_alloc(context_, body.size(), &buffer);
        if (status != NOA_OK) {
            return status;
        }
        // What a producer does: write. One word stands for it, so that only noa is measured.
        std::memcpy(buffer.data, body.data(), sizeof(std::uint64_t));
        message.buffer = &buffer;
        message.buffer_used = body.size();
    }
    auto status = host_.send(context_, &message, nullptr);
    while (status == NOA_E_BUSY) {
        ::sched_yield();
        status = host_.send(context_, &message, nullptr);
    }
    if (status != NOA_OK && in_place) {
        (void)host_.msg_free(context_, &buffer);
    }
    return status;
}

noa_status Agent::stream(const json& order, noa_delivery delivery) {
    const auto target = order.value("target", "");
    const auto kind = order.value("body", "copied");
    const bool in_chunks = kind == "many";
    const bool in_place = kind == "in_place";
    const auto body = std::string(order.value("size", 64U), 'x');
    noa_address to = 0;
    if (const auto status = host_.resolve(context_, str(target), &to); status != NOA_OK) {
        return status;
    }
    traceparent_ = order.value("traceparent", "");
    auto message = message_to(to, "sink");
    message.body = {body.data(), body.size()};
    const std::vector<noa_outgoing> many(chunk, message);
    const auto end = monotonic_ns() + ms_of(order, "duration_ms", 700);
    std::uint64_t sent = 0;
    for (std::int64_t turn = 0; turn % chunk != 0 || monotonic_ns() < end; ++turn) {
        noa_status status = NOA_OK;
        if (in_chunks) {
            noa_receipt receipt{};
            receipt.struct_size = sizeof receipt;
            for (std::uint32_t done = 0; done < chunk; done += receipt.accepted) {
                status = host_.send_many(context_, many.data() + done, sizeof message, chunk - done,
                                         &receipt);
                if (status == NOA_E_BUSY) {
                    ::sched_yield();
                }
            }
            turn += chunk - 1;
            sent += chunk;
        } else {
            status = send_one(message, body, in_place);
            ++sent;
        }
        if (status != NOA_OK && status != NOA_E_BUSY) {
            return status;
        }
    }
    return answer(delivery, {{"sent", static_cast<double>(sent)}});
}

noa_status Agent::look_up(const json& order, noa_delivery delivery) {
    const auto target = order.value("target", "");
    const auto names = order.value("names", std::vector<std::string>{});
    const auto repeat = order.value("repeat", 100'000U);
    if (names.empty()) {
        return NOA_E_INVALID;
    }
    noa_address address = 0;
    const auto begin = read_clock(CLOCK_THREAD_CPUTIME_ID);
    for (std::uint32_t i = 0; i < repeat; ++i) {
        (void)host_.resolve(context_, str(names[i % names.size()]), &address);
    }
    const auto looked_up = read_clock(CLOCK_THREAD_CPUTIME_ID);
    auto message = message_to(0, "sink");
    message.to_name = str(target);
    for (std::uint32_t i = 0; i < repeat; ++i) {
        if (const auto status = send_one(message, body_, false); status != NOA_OK) {
            return status;
        }
    }
    const auto sent = read_clock(CLOCK_THREAD_CPUTIME_ID);
    return answer(delivery, {{"lookup_ns", static_cast<double>(looked_up - begin) / repeat},
                             {"send_ns", static_cast<double>(sent - looked_up) / repeat}});
}

} // namespace noa::bench
