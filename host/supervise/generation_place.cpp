// Where a generation's plugin is to live, from its configuration.
#include <sys/stat.h>

#include "supervise/generation.hpp"
#include "supervise/host_table.hpp"
#include "supervise/replicated_place.hpp"
#include "supervise/thread_place.hpp"

namespace noa::supervise {

namespace {

// Its state directory is the agent's own, whatever else is closed to it.
link::Confinement confinement_of(const config::AgentConfig& config,
                                 const std::filesystem::path& state_dir) {
    link::Confinement confinement;
    const auto& limits = config.limits;
    confinement.memory = limits.memory;
    confinement.file_size = limits.storage;
    confinement.files = limits.files;
    confinement.processes = limits.processes != 0;
    confinement.sandbox = config.sandbox.enabled;
    confinement.network = config.sandbox.network;
    if (config.sandbox.enabled) {
        ::mkdir(state_dir.c_str(), 0700); // there is a rule for what is there
        confinement.read = config.sandbox.read;
        confinement.write = config.sandbox.write;
        confinement.write.push_back(state_dir.string());
    }
    return confinement;
}

link::GroupLimits group_limits_of(const config::LimitsConfig& limits) {
    link::GroupLimits group;
    group.memory = limits.memory;
    group.memory_request = limits.memory_request;
    group.cpu = limits.cpu;
    group.cpu_request = limits.cpu_request;
    if (limits.processes != config::LimitsConfig::any_processes) {
        group.processes = limits.processes;
    }
    return group;
}

} // namespace

std::unique_ptr<Place> Generation::make_place() {
    if (config().run == "process") {
        link::RemoteOptions options;
        options.runner = around_.runner;
        options.file = blueprint_.file.path;
        options.agent = name_;
        options.plugin = blueprint_.facts.id;
        options.max_message = around_.bus.options().max_message;
        options.max_state = max_state;
        options.has_arena = has_arena();
        options.confinement = confinement_of(config(), around_.agents_dir / name_);
        options.call_timeout = config().start_timeout;
        options.stall_limit = config().stall_limit;
        ProcessListener& listener = *this;
        ProcessPlace::Facts facts{std::move(options),
                                  blueprint_.number,
                                  &host_table(),
                                  context_,
                                  &around_.groups,
                                  group_limits_of(config().limits),
                                  has_arena() ? &lent_arena_ : nullptr};
        if (config().replicas > 1) {
            return std::make_unique<ReplicatedPlace>(facts, config().replicas, *lane_, around_.log,
                                                     listener);
        }
        return std::make_unique<ProcessPlace>(std::move(facts), *lane_, around_.log, listener);
    }
    return std::make_unique<ThreadPlace>(
        ThreadPlace::Facts{name_, blueprint_.file.digest, thread_, blueprint_.number,
                           blueprint_.file.path, blueprint_.facts.pinned, &host_table(), context_,
                           config().limits != config::LimitsConfig() || config().sandbox.enabled});
}

} // namespace noa::supervise
