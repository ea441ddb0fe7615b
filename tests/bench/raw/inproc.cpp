#include "raw/inproc.hpp"

#include <array>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "harness/samples.hpp"
#include "raw/socket.hpp"

namespace noa::bench {

namespace {

// What noa's inbox holds by default; the two ends add up.
constexpr int stream_high_water_mark = 5'000;
constexpr int large_high_water_mark = 500;

Result<void> one_round_trip(void* dealer) {
    if (!send_filled(dealer, small_body, 'x')) {
        return zmq_failure("send");
    }
    Frame reply;
    return reply.receive(dealer) ? Result<void>{} : Result<void>(zmq_failure("receive"));
}

enum class Body : std::uint8_t { copied, shared };

void send_stream(void* push, std::size_t size, Body body, const std::atomic<bool>& over) {
    const std::vector<char> source(size, 'x');
    Frame shared(size);
    std::memset(shared.data(), 'x', size);
    while (!over.load(std::memory_order_relaxed)) {
        if (body == Body::copied) {
            Frame frame(size);
            std::memcpy(frame.data(), source.data(), size);
            (void)frame.send(push);
        } else {
            Frame frame;
            ::zmq_msg_copy(frame.get(), shared.get());
            (void)frame.send(push);
        }
    }
    (void)send_filled(push, 0, 0);
}

Result<Values> stream(const Context& context, unsigned senders, std::size_t size, Body body) {
    const auto zmq = make_context();
    const int mark = size == small_body ? stream_high_water_mark : large_high_water_mark;
    const auto pull = make_socket(zmq.get(), ZMQ_PULL, mark);
    if (auto bound = bind_to(pull.get(), "inproc://stream"); !bound) {
        return tl::unexpected(bound.error());
    }
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < senders; ++i) {
        threads.emplace_back([&] {
            const auto push = make_socket(zmq.get(), ZMQ_PUSH, mark);
            if (connect_to(push.get(), "inproc://stream")) {
                send_stream(push.get(), size, body, over);
            }
        });
    }
    StreamWindow window(context.budget, own_cpu_ns, size == small_body ? 256 : 16);
    unsigned ended = 0;
    bool failed = false;
    while (ended < senders && !failed) {
        Frame frame;
        failed = !frame.receive(pull.get());
        if (frame.size() == 0) {
            ++ended;
        } else if (!window.count()) {
            over.store(true, std::memory_order_relaxed);
        }
    }
    over = true;
    for (auto& thread : threads) {
        thread.join();
    }
    if (failed) {
        return zmq_failure("receive");
    }
    return window.values();
}

} // namespace

Result<Values> measure_inproc_round_trip(const Context& context) {
    const auto zmq = make_context();
    const auto router = make_socket(zmq.get(), ZMQ_ROUTER);
    const auto dealer = make_socket(zmq.get(), ZMQ_DEALER);
    if (auto bound = bind_to(router.get(), "inproc://echo"); !bound) {
        return tl::unexpected(bound.error());
    }
    if (auto connected = connect_to(dealer.get(), "inproc://echo"); !connected) {
        return tl::unexpected(connected.error());
    }
    std::thread server([&] { echo_until_stopped(router.get()); });
    auto values = measure_round_trips(
        context.budget, [&] { return one_round_trip(dealer.get()); }, own_cpu_ns);
    (void)send_filled(dealer.get(), 0, 0);
    server.join();
    if (values) {
        (*values)["hop_us"] = values->at("p50_us") / 2;
    }
    return values;
}

Result<Values> measure_inproc_stream(const Context& context) {
    return stream(context, 1, small_body, Body::copied);
}

Result<Values> measure_inproc_four_senders(const Context& context) {
    return stream(context, 4, small_body, Body::copied);
}

Result<Values> measure_inproc_large_copied(const Context& context) {
    return stream(context, 1, large_body, Body::copied);
}

Result<Values> measure_inproc_large_shared(const Context& context) {
    return stream(context, 1, large_body, Body::shared);
}

} // namespace noa::bench
