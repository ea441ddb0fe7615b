// The plugin that is reloaded: keeps account of what it is sent, in a ledger outside and in a
// small state that goes from generation to generation.
//
// Operations   put (a Numbered); barrier: settles what is open, and is answered
// Settings     "ledger": a path; without it nothing is kept
//              "defer": of so many messages of a sender one is kept open until a later one comes,
//              so that every generation leaves some unsettled; 0: none
#include <cerrno>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "noa/noa.h"
#include "reload/ledger.hpp"

using noa::monotonic_ns;
using noa::bench::Ledger;
using noa::bench::LedgerMemory;
using noa::bench::Numbered;

NOA_PLUGIN_NOTE(0);

struct Open {
    noa_delivery delivery = 0;
    Numbered uncounted; // number 0: it counted already
};

struct noa_agent {
    const noa_host* host;
    noa_context context;
    std::string path{};
    std::uint64_t defer = 0;
    LedgerMemory ledger{}; // between start and quiesce
    Ledger::Senders state{};
    std::deque<Open> open{};
};

namespace {

constexpr std::uint32_t state_schema = 1;
constexpr std::size_t open_at_most = 16;

std::string_view view(const noa_str& text) {
    return {text.data, static_cast<std::size_t>(text.size)};
}

noa_status refuse(noa_error* error, noa_status code, const char* why) {
    error->code = code;
    std::strncpy(error->text, why, sizeof error->text - 1);
    return code;
}

noa_status create(const noa_host* host, noa_context context, noa_agent** ret_agent,
                  noa_error* /*error*/) {
    *ret_agent = new noa_agent{host, context};
    return NOA_OK;
}

noa_status configure(noa_agent* agent, noa_str settings, std::uint32_t commit, noa_error* error) {
    const auto text = view(settings);
    const auto value = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
    const auto is = [&](const char* key, auto check) {
        return !value.contains(key) || (value[key].*check)();
    };
    if (!value.is_object() || !is("ledger", &nlohmann::json::is_string) ||
        !is("defer", &nlohmann::json::is_number_unsigned)) {
        return refuse(error, NOA_E_INVALID, "wanted \"ledger\": a path, \"defer\": a number");
    }
    if (commit != 0) {
        agent->path = value.value("ledger", "");
        agent->defer = value.value("defer", std::uint64_t{0});
    }
    return NOA_OK;
}

noa_status start(noa_agent* agent, noa_error* error) {
    if (agent->path.empty()) {
        return NOA_OK;
    }
    agent->ledger = LedgerMemory::open(agent->path);
    if (!agent->ledger) {
        return refuse(error, NOA_E_FAILED, std::strerror(errno)); // NOLINT(concurrency-mt-unsafe)
    }
    auto& ledger = *agent->ledger;
    ++ledger.generations;
    if (agent->state != ledger.senders) {
        ++ledger.forgotten;
        agent->state = ledger.senders;
    }
    return NOA_OK;
}

void settle_oldest(noa_agent& agent) {
    const auto oldest = agent.open.front();
    agent.open.pop_front();
    const auto status = agent.host->settle(agent.context, oldest.delivery, NOA_OK, noa_str{}, 0);
    if (status == NOA_OK && oldest.uncounted.number != 0) {
        agent.ledger->note(oldest.uncounted, true, monotonic_ns());
    }
}

// Keeps a message open, and settles the oldest when enough are. Every other one counts as handled
// when it is settled: left unsettled, it must come again. The rest count at once, and come twice.
noa_status keep_open(noa_agent& agent, const Numbered& numbered, noa_delivery delivery) {
    const bool counts_late = numbered.number / agent.defer % 2 != 0;
    agent.open.push_back({delivery, counts_late ? numbered : Numbered{}});
    if (!counts_late) {
        agent.ledger->note(numbered, false, monotonic_ns());
    }
    if (agent.open.size() > open_at_most) {
        settle_oldest(agent);
    }
    return NOA_DEFERRED;
}

noa_status handle(noa_agent* agent, const noa_message* message, noa_delivery delivery,
                  noa_error* error) {
    if (view(message->subject) == "barrier") {
        while (!agent->open.empty()) {
            settle_oldest(*agent);
        }
        return NOA_OK;
    }
    if (view(message->subject) != "put" || message->body.size != sizeof(Numbered)) {
        return refuse(error, NOA_E_UNSUPPORTED, "wanted put or barrier");
    }
    if (!agent->ledger) {
        return NOA_OK;
    }
    Numbered numbered;
    std::memcpy(&numbered, message->body.data, sizeof numbered);
    const bool redelivered = (message->flags & NOA_MESSAGE_REDELIVERED) != 0;
    if (agent->defer != 0 && !redelivered && numbered.number % agent->defer == 0) {
        return keep_open(*agent, numbered, delivery);
    }
    agent->ledger->note(numbered, redelivered, monotonic_ns());
    return NOA_OK;
}

noa_status quiesce(noa_agent* agent, std::int64_t /*deadline_ns*/, noa_error* /*error*/) {
    if (agent->ledger) {
        agent->state = agent->ledger->senders;
        agent->ledger = LedgerMemory();
    }
    agent->open.clear();
    return NOA_OK;
}

noa_status save(noa_agent* agent, const noa_sink* sink, noa_error* /*error*/) {
    return sink->write(sink, &agent->state, sizeof agent->state);
}

noa_status restore(noa_agent* agent, const noa_source* source, noa_error* error) {
    std::uint64_t got = 0;
    if (source->size != sizeof agent->state ||
        source->read(source, &agent->state, sizeof agent->state, &got) != NOA_OK ||
        got != sizeof agent->state) {
        return refuse(error, NOA_E_UNSUPPORTED, "state: not one of schema 1");
    }
    return NOA_OK;
}

void destroy(noa_agent* agent) {
    delete agent;
}

constexpr noa_plugin table = [] {
    noa_plugin plugin{};
    plugin.struct_size = sizeof plugin;
    plugin.abi_minor = NOA_ABI_MINOR;
    plugin.id = "bench-target";
    plugin.version = "1.0.0";
    plugin.description = "keeps account of what it is sent";
    plugin.state_schema = state_schema;
    plugin.oldest_state_schema = state_schema;
    plugin.create = create;
    plugin.configure = configure;
    plugin.start = start;
    plugin.handle = handle;
    plugin.quiesce = quiesce;
    plugin.save = save;
    plugin.restore = restore;
    plugin.destroy = destroy;
    return plugin;
}();

} // namespace

const noa_plugin* noa_plugin_entry_v1(void) {
    return &table;
}
