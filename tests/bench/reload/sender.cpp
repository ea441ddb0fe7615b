// The plugin that keeps a target busy: numbered messages at a rate, or as many as are accepted.
//
// Operations
//   begin  {"target", "sender": 0…, "rate": PER_SECOND}; rate 0: without a pause
//   end    {"accepted", "busy", "refused"}
// A number is used up only when its message was accepted. The schedule is an open loop: what is
// late is sent with the next tick.
#include <sched.h>

#include <cstring>
#include <exception>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "noa/ext/timer.h"
#include "noa/noa.h"
#include "reload/ledger.hpp"

using nlohmann::json;
using noa::monotonic_ns;
using noa::bench::Numbered;

NOA_PLUGIN_NOTE(0);

struct noa_agent {
    const noa_host* host;
    const noa_timer_host* timers;
    noa_context context;
    noa_address to = 0;
    std::uint64_t rate = 0;
    std::int64_t begun_ns = 0;
    bool sending = false;
    Numbered next{};
    std::uint64_t busy = 0;
    std::uint64_t refused = 0;
};

namespace {

constexpr std::int64_t tick_ns = 1'000'000;
constexpr std::uint64_t tick_tag = 1;
constexpr unsigned burst = 64; // of a sender without a rate, between two looks at its inbox

std::string_view view(const noa_str& text) {
    return {text.data, static_cast<std::size_t>(text.size)};
}
noa_str str(std::string_view text) {
    return {text.data(), text.size()};
}

bool send_next(noa_agent& agent) {
    agent.next.sent_ns = monotonic_ns();
    noa_outgoing message{};
    message.struct_size = sizeof message;
    message.to = agent.to;
    message.subject = str("put");
    message.body = {&agent.next, sizeof agent.next};
    const auto status = agent.host->send(agent.context, &message, nullptr);
    if (status == NOA_OK) {
        ++agent.next.number;
        return true;
    }
    ++(status == NOA_E_BUSY ? agent.busy : agent.refused);
    return false;
}

noa_status begin(noa_agent& agent, const json& order) {
    agent.next = Numbered{};
    agent.next.sender = order.value("sender", 0U);
    agent.next.number = 1;
    agent.rate = order.value("rate", 0U);
    agent.begun_ns = monotonic_ns();
    agent.sending = true;
    const auto target = order.value("target", "");
    const auto status = agent.host->resolve(agent.context, str(target), &agent.to);
    if (status != NOA_OK) {
        return status;
    }
    if (agent.rate == 0) {
        return agent.host->wake(agent.context, 0);
    }
    // Senders take turns within the tick.
    const auto offset = tick_ns / noa::bench::Ledger::senders_max * agent.next.sender;
    return agent.timers->arm(agent.context, tick_tag, tick_ns + offset, tick_ns);
}

noa_status end(noa_agent& agent, noa_delivery delivery) {
    agent.sending = false;
    static_cast<void>(agent.timers->cancel(agent.context, tick_tag));
    const auto text =
        json{{"accepted", agent.next.number - 1}, {"busy", agent.busy}, {"refused", agent.refused}}
            .dump();
    noa_outgoing reply{};
    reply.struct_size = sizeof reply;
    reply.content_type = str("application/json");
    reply.body = {text.data(), text.size()};
    return agent.host->reply(agent.context, delivery, &reply);
}

void on_timer(noa_agent* agent, std::uint64_t /*tag*/) {
    const auto elapsed = static_cast<std::uint64_t>(monotonic_ns() - agent->begun_ns);
    const auto due = elapsed / 1000 * agent->rate / 1'000'000;
    while (agent->sending && agent->next.number <= due && send_next(*agent)) {}
}

void on_wake(noa_agent* agent, std::uint64_t tag) {
    if (!agent->sending) {
        return;
    }
    for (unsigned i = 0; i < burst; ++i) {
        if (!send_next(*agent)) {
            ::sched_yield();
        }
    }
    static_cast<void>(agent->host->wake(agent->context, tag));
}

noa_status create(const noa_host* host, noa_context context, noa_agent** ret_agent,
                  noa_error* /*error*/) {
    const auto* timers = static_cast<const noa_timer_host*>(host->extension(context, NOA_TIMER_ID));
    *ret_agent = new noa_agent{.host = host, .timers = timers, .context = context};
    return NOA_OK;
}

noa_status handle(noa_agent* agent, const noa_message* message, noa_delivery delivery,
                  noa_error* error) {
    try {
        if (view(message->subject) == "end") {
            return end(*agent, delivery);
        }
        const auto* body = static_cast<const char*>(message->body.data);
        const auto order = json::parse(body, body + message->body.size, nullptr, false);
        if (view(message->subject) != "begin" || !order.is_object()) {
            return NOA_E_UNSUPPORTED;
        }
        return begin(*agent, order);
    } catch (const std::exception& caught) {
        error->code = NOA_E_INTERNAL;
        std::strncpy(error->text, caught.what(), sizeof error->text - 1);
        return NOA_E_INTERNAL;
    }
}

const void* extension(const char* id) {
    static constexpr noa_timer_plugin timers{sizeof timers, 0, on_timer};
    return std::string_view(id) == NOA_TIMER_ID ? &timers : nullptr;
}

void destroy(noa_agent* agent) {
    delete agent;
}

constexpr noa_plugin table = [] {
    noa_plugin plugin{};
    plugin.struct_size = sizeof plugin;
    plugin.abi_minor = NOA_ABI_MINOR;
    plugin.id = "bench-sender";
    plugin.version = "1.0.0";
    plugin.description = "sends numbered messages";
    plugin.create = create;
    plugin.handle = handle;
    plugin.on_wake = on_wake;
    plugin.destroy = destroy;
    plugin.extension = extension;
    return plugin;
}();

} // namespace

const noa_plugin* noa_plugin_entry_v1(void) {
    return &table;
}
