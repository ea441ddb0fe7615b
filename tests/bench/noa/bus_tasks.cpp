#include "noa/bus_tasks.hpp"

#include <string>
#include <thread>

#include "noa/loads.hpp"
#include "noa/rig.hpp"

namespace noa::bench {

namespace {

using nlohmann::json;

struct Wanted {
    std::string name;
    json settings = json::object();
};

Result<std::unique_ptr<Rig>> rig_with(const Context& context, const std::vector<Wanted>& agents,
                                      std::chrono::nanoseconds spin = {}) {
    if (context.programs.agent.empty()) {
        return fail(Errc::unavailable, "open the rig", "--agent", "not given");
    }
    auto rig = Rig::open(context.programs.agent.string(), spin);
    if (!rig) {
        return rig;
    }
    for (const auto& wanted : agents) {
        if (auto added = (*rig)->add(wanted.name, wanted.settings); !added) {
            return tl::unexpected(added.error());
        }
    }
    return rig;
}

Ask ask_through(Rig& rig) {
    return [&rig](const std::string& agent, const std::string& operation, const json& order) {
        return rig.ask(agent, operation, order);
    };
}

unsigned number_at(const Context& context, std::size_t index) {
    return index < context.arguments.size()
               ? static_cast<unsigned>(std::stoul(context.arguments[index]))
               : 0U;
}

} // namespace

Result<Values> measure_bus_round_trip(const Context& context) {
    auto rig = rig_with(context, {{"a"}, {"b"}});
    if (!rig) {
        return tl::unexpected(rig.error());
    }
    return load_round_trips(ask_through(**rig), context, traceparent_for(context, 0));
}

Result<Values> measure_bus_two_cores(const Context& context) {
    if (std::thread::hardware_concurrency() < 2) {
        return fail(Errc::unavailable, "bind two lanes", "cores", "this machine has one");
    }
    auto rig = rig_with(context, {{"a", {{"cpu", 0}}}, {"b", {{"cpu", 1}}}},
                        std::chrono::microseconds(number_at(context, 0)));
    if (!rig) {
        return tl::unexpected(rig.error());
    }
    return load_round_trips(ask_through(**rig), context);
}

Result<Values> measure_bus_stream(const Context& context) {
    const auto senders = number_at(context, 0);
    std::vector<Wanted> agents{{"b"}};
    for (unsigned i = 0; i < senders; ++i) {
        agents.push_back({"s" + std::to_string(i)});
    }
    auto rig = rig_with(context, agents);
    if (!rig) {
        return tl::unexpected(rig.error());
    }
    return load_stream(ask_through(**rig), context, senders, number_at(context, 1),
                       context.arguments.at(2), traceparent_for(context, 3));
}

Result<Values> measure_bus_lookup(const Context& context) {
    auto rig = rig_with(context, {{"a"}, {"b"}});
    if (!rig) {
        return tl::unexpected(rig.error());
    }
    std::vector<std::string> names;
    for (unsigned i = 0; i < number_at(context, 0); ++i) {
        names.push_back("idle-" + std::to_string(i));
        if (auto added = (*rig)->add_name(names.back()); !added) {
            return tl::unexpected(added.error());
        }
    }
    return load_lookups(ask_through(**rig), names);
}

} // namespace noa::bench
