// The table: exceptions stop here.
#include <cstdio>
#include <exception>

#include "agent/agent.hpp"

using noa::bench::Agent;

struct noa_agent {
    Agent agent;
};

namespace {

template <class Call>
noa_status guarded(noa_error* error, Call&& call) noexcept {
    try {
        return call();
    } catch (const std::exception& caught) {
        error->code = NOA_E_INTERNAL;
        (void)std::snprintf(error->text, sizeof error->text, "%s", caught.what());
        return NOA_E_INTERNAL;
    }
}

noa_status create(const noa_host* host, noa_context context, noa_agent** ret_agent,
                  noa_error* error) {
    return guarded(error, [&] {
        *ret_agent = new noa_agent{Agent(*host, context)};
        return NOA_OK;
    });
}

noa_status configure(noa_agent* agent, noa_str settings, uint32_t commit, noa_error* error) {
    return guarded(error, [&] {
        return agent->agent.configure(nlohmann::json::parse(noa::bench::view(settings)),
                                      commit != 0);
    });
}

noa_status start(noa_agent* agent, noa_error* error) {
    return guarded(error, [&] { return agent->agent.start(); });
}

noa_status handle(noa_agent* agent, const noa_message* message, noa_delivery delivery,
                  noa_error* error) {
    return guarded(error, [&] { return agent->agent.handle(*message, delivery); });
}

void on_reply(noa_agent* agent, uint64_t /*tag*/, noa_status status,
              const noa_message* /*message*/) {
    noa_error error{};
    (void)guarded(&error, [&] {
        agent->agent.on_reply(status);
        return NOA_OK;
    });
}

void destroy(noa_agent* agent) {
    delete agent;
}

constexpr noa_plugin table = [] {
    noa_plugin plugin{};
    plugin.struct_size = sizeof plugin;
    plugin.abi_minor = NOA_ABI_MINOR;
    plugin.id = "bench";
    plugin.version = "1.0.0";
    plugin.description = "puts load on the bus and measures it";
    plugin.create = create;
    plugin.configure = configure;
    plugin.start = start;
    plugin.handle = handle;
    plugin.on_reply = on_reply;
    plugin.destroy = destroy;
    return plugin;
}();

} // namespace

NOA_PLUGIN_NOTE(0);

const noa_plugin* noa_plugin_entry_v1(void) {
    return &table;
}
