#include "raw/ipc.hpp"

#include <thread>

#include "harness/process.hpp"
#include "harness/samples.hpp"
#include "raw/socket.hpp"

namespace noa::bench {

namespace {

constexpr int pipelined_high_water_mark = 10'000;
constexpr unsigned outstanding_limit = 1000;
constexpr unsigned drain_limit = 256;
constexpr std::chrono::seconds ready_limit{10};

std::string endpoint_in(const Context& context) {
    return "ipc://" + (context.scratch / "echo.sock").string();
}

Result<void> one_round_trip(void* dealer) {
    if (!send_filled(dealer, small_body, 'x')) {
        return zmq_failure("send");
    }
    Frame reply;
    return reply.receive(dealer) ? Result<void>{} : Result<void>(zmq_failure("receive"));
}

Result<Values> pipelined(const Context& context, void* dealer, const Child& server) {
    StreamWindow window(context.budget, [&] { return own_cpu_ns() + server.cpu_ns(); });
    unsigned outstanding = 0;
    for (;;) {
        for (; outstanding < outstanding_limit; ++outstanding) {
            if (!send_filled(dealer, small_body, 'x')) {
                return zmq_failure("send");
            }
        }
        Frame first;
        if (!first.receive(dealer)) {
            return zmq_failure("receive");
        }
        do {
            --outstanding;
            if (!window.count()) {
                return window.values();
            }
        } while (outstanding > 0 && first.receive(dealer, ZMQ_DONTWAIT));
    }
}

enum class Load : std::uint8_t { one_at_a_time, pipelined };

Result<Values> against(std::string_view server_task, const Context& context, Load load) {
    auto server = Child::spawn_task(server_task, context, {});
    if (!server) {
        return tl::unexpected(server.error());
    }
    if (auto ready = server->read_line(ready_limit); !ready) {
        return tl::unexpected(ready.error());
    }
    const auto zmq = make_context();
    const auto dealer = make_socket(zmq.get(), ZMQ_DEALER, pipelined_high_water_mark);
    if (auto connected = connect_to(dealer.get(), endpoint_in(context)); !connected) {
        return tl::unexpected(connected.error());
    }
    if (load == Load::pipelined) {
        return pipelined(context, dealer.get(), *server);
    }
    return measure_round_trips(
        context.budget, [&] { return one_round_trip(dealer.get()); },
        [&] { return own_cpu_ns() + server->cpu_ns(); });
}

// Moves whole two-frame messages, until there are none or the bound is reached.
bool move_some(void* from, void* to) {
    for (unsigned i = 0; i < drain_limit; ++i) {
        Frame identity;
        if (!identity.receive(from, ZMQ_DONTWAIT)) {
            return true;
        }
        Frame body;
        if (!body.receive(from) || !identity.send(to, ZMQ_SNDMORE) || !body.send(to)) {
            return false;
        }
    }
    return true;
}

void work(void* pair) {
    for (;;) {
        Frame identity;
        Frame body;
        if (!identity.receive(pair) || !body.receive(pair) || body.size() == 0) {
            return;
        }
        (void)(identity.send(pair, ZMQ_SNDMORE) && body.send(pair));
    }
}

} // namespace

Result<Values> serve_ipc_echo(const Context& context) {
    const auto zmq = make_context();
    const auto router = make_socket(zmq.get(), ZMQ_ROUTER, pipelined_high_water_mark);
    if (auto bound = bind_to(router.get(), endpoint_in(context)); !bound) {
        return tl::unexpected(bound.error());
    }
    announce_ready();
    echo_until_stopped(router.get());
    return Values{};
}

Result<Values> serve_gateway(const Context& context) {
    const auto zmq = make_context();
    const auto router = make_socket(zmq.get(), ZMQ_ROUTER, pipelined_high_water_mark);
    const auto front = make_socket(zmq.get(), ZMQ_PAIR, pipelined_high_water_mark);
    const auto back = make_socket(zmq.get(), ZMQ_PAIR, pipelined_high_water_mark);
    if (auto bound = bind_to(router.get(), endpoint_in(context)); !bound) {
        return tl::unexpected(bound.error());
    }
    if (!bind_to(front.get(), "inproc://work") || !connect_to(back.get(), "inproc://work")) {
        return zmq_failure("connect the worker");
    }
    std::thread worker([&] { work(back.get()); });
    announce_ready();
    zmq_pollitem_t items[2] = {{router.get(), 0, ZMQ_POLLIN, 0}, {front.get(), 0, ZMQ_POLLIN, 0}};
    bool going = true;
    while (going && ::zmq_poll(items, 2, 10'000) > 0) {
        if ((items[0].revents & ZMQ_POLLIN) != 0) {
            going = move_some(router.get(), front.get());
        }
        if (going && (items[1].revents & ZMQ_POLLIN) != 0) {
            going = move_some(front.get(), router.get());
        }
    }
    (void)(send_filled(front.get(), 1, 0, ZMQ_SNDMORE) && send_filled(front.get(), 0, 0));
    worker.join();
    return Values{};
}

Result<Values> measure_ipc_round_trip(const Context& context) {
    return against("raw.ipc.server", context, Load::one_at_a_time);
}

Result<Values> measure_ipc_pipelined(const Context& context) {
    return against("raw.ipc.server", context, Load::pipelined);
}

Result<Values> measure_gateway_round_trip(const Context& context) {
    return against("raw.gateway.server", context, Load::one_at_a_time);
}

Result<Values> measure_gateway_pipelined(const Context& context) {
    return against("raw.gateway.server", context, Load::pipelined);
}

} // namespace noa::bench
