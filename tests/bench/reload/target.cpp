// The plugin that is reloaded: keeps account of what it is sent, in a ledger outside and in a
// small state that goes from generation to generation.
//
// Operations   put (a Numbered), barrier (an empty answer)
// Settings     {"ledger": PATH}; without it nothing is kept
#include <cerrno>
#include <cstring>
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

struct noa_agent {
    std::string path;
    LedgerMemory ledger; // between start and quiesce
    Ledger::Senders state{};
};

namespace {

constexpr std::uint32_t state_schema = 1;

std::string_view view(const noa_str& text) {
    return {text.data, static_cast<std::size_t>(text.size)};
}

noa_status refuse(noa_error* error, noa_status code, const char* why) {
    error->code = code;
    std::strncpy(error->text, why, sizeof error->text - 1);
    return code;
}

noa_status create(const noa_host* /*host*/, noa_context /*context*/, noa_agent** ret_agent,
                  noa_error* /*error*/) {
    *ret_agent = new noa_agent;
    return NOA_OK;
}

noa_status configure(noa_agent* agent, noa_str settings, std::uint32_t commit, noa_error* error) {
    const auto text = view(settings);
    const auto value = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
    const auto path = value.is_object() ? value.find("ledger") : value.end();
    if (!value.is_object() || (path != value.end() && !path->is_string())) {
        return refuse(error, NOA_E_INVALID, "ledger: wanted a path");
    }
    if (commit != 0 && path != value.end()) {
        agent->path = path->get<std::string>();
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

noa_status handle(noa_agent* agent, const noa_message* message, noa_delivery /*delivery*/,
                  noa_error* error) {
    if (view(message->subject) == "barrier") {
        return NOA_OK;
    }
    if (view(message->subject) != "put" || message->body.size != sizeof(Numbered)) {
        return refuse(error, NOA_E_UNSUPPORTED, "wanted put or barrier");
    }
    if (agent->ledger) {
        Numbered numbered;
        std::memcpy(&numbered, message->body.data, sizeof numbered);
        agent->ledger->note(numbered, (message->flags & NOA_MESSAGE_REDELIVERED) != 0,
                            monotonic_ns());
    }
    return NOA_OK;
}

noa_status quiesce(noa_agent* agent, std::int64_t /*deadline_ns*/, noa_error* /*error*/) {
    if (agent->ledger) {
        agent->state = agent->ledger->senders;
        agent->ledger = LedgerMemory();
    }
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
