// What one generation of an agent consists of, apart from the agent itself.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "noa/sdk/facts.hpp"
#include "noa/sdk/function.hpp"
#include "noa/sdk/health.hpp"
#include "noa/sdk/host.hpp"
#include "noa/sdk/metrics.hpp"
#include "noa/sdk/operations.hpp"
#include "noa/sdk/part.hpp"
#include "noa/sdk/plugin_info.hpp"
#include "noa/sdk/posts.hpp"
#include "noa/sdk/requests.hpp"
#include "noa/sdk/subjects.hpp"
#include "noa/sdk/tasks.hpp"
#include "noa/sdk/timers.hpp"

namespace noa::sdk {

struct PublishedEvent {
    std::string subject;
    std::string summary;
    std::string body_schema;
};

struct Periodic {
    Duration period;
    Function<void()> run;
};

struct Generation {
    Generation(const noa_host& table, noa_context context, const PluginInfo& plugin)
        : info(plugin), host(table, context), name(name_of(host, plugin)), timers(host),
          requests(host, timers), posts(host), tasks(host, timers) {}

    // Ends what could still call into the agent; before the agent goes.
    void end() noexcept {
        host.set_stopping(true);
        tasks.join();
        for (Part* part : parts) {
            part->quiet();
        }
        operations.clear();
        subscriptions.clear();
        timers.clear();
        requests.clear();
        posts.take().clear();
        metrics.clear();
        checks.clear();
        periodics.clear();
        settings.reset();
        live_settings.reset();
    }

    static std::string_view name_of(const Host& host, const PluginInfo& plugin) {
        const Result<Facts> facts = facts_of(host);
        return facts ? facts->name : std::string_view(plugin.id);
    }

    const PluginInfo& info;
    Host host;
    std::string_view name; // the agent's
    Handling handling;
    Operations operations;
    Subscriptions subscriptions;
    Timers timers;
    Requests requests;
    Posts posts;
    Tasks tasks;
    Metrics metrics;
    Checks checks;
    std::vector<Periodic> periodics; // as they stand after setup: timers point to them
    Duration beat{0};                // 0: none
    std::vector<std::string> capabilities;
    std::vector<PublishedEvent> events;
    std::vector<Part*> parts; // members of the agent
    Part* sockets = nullptr;  // the one among them that on_ready is for
    Function<Status(std::string_view settings, bool commit)> settings;
    Function<Status(std::string_view settings, bool commit)> live_settings;
};

} // namespace noa::sdk
