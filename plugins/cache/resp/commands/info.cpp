// INFO, in Redis's form.
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <sys/resource.h>

#include "server_facts.hpp"

namespace cache::resp {

namespace {

class Lines {
public:
    void section(std::string_view name) {
        text_.append(text_.empty() ? "# " : "\r\n# ").append(name).append("\r\n");
    }
    void add(std::string_view name, std::string_view value) {
        text_.append(name).append(":").append(value).append("\r\n");
    }
    void add(std::string_view name, std::uint64_t value) { add(name, std::to_string(value)); }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string text_;
};

std::string human_bytes(std::uint64_t bytes) {
    constexpr const char* units = "BKMGT";
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1024 && unit < 4; ++unit) {
        value /= 1024;
    }
    std::array<char, 32> text{};
    const int size = std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f%c" : "%.2f%c", value,
                                   units[unit]);
    return {text.data(), static_cast<std::size_t>(size)};
}

std::string seconds_of(const timeval& time) {
    std::string micro = std::to_string(time.tv_usec);
    return std::to_string(time.tv_sec) + "." + std::string(6 - micro.size(), '0') + micro;
}

// Of the first listening tcp socket; 0: there is none.
std::string port_of(const Options& options) {
    for (const std::string& address : options.listen) {
        if (address.starts_with("tcp:")) {
            return address.substr(address.rfind(':') + 1);
        }
    }
    return "0";
}

void tell_server(Call& call, Lines& out) {
    const std::int64_t seconds = (call.keys.now() - call.hub.started).count() / 1000;
    out.section("Server");
    out.add("redis_version", redis_version);
    out.add("redis_mode", "standalone");
    out.add("server_name", "noa-cache");
    out.add("arch_bits", 64);
    out.add("multiplexing_api", "epoll");
    out.add("process_id", static_cast<std::uint64_t>(::getpid()));
    out.add("tcp_port", port_of(call.hub.parameters.options()));
    out.add("server_time_usec", std::to_string(call.hub.clock.wall_ms() * 1000));
    out.add("uptime_in_seconds", static_cast<std::uint64_t>(seconds));
    out.add("uptime_in_days", static_cast<std::uint64_t>(seconds / 86'400));
}

void tell_clients(Call& call, Lines& out) {
    std::size_t subscribed_ones = 0;
    std::size_t longest_input = 0;
    std::size_t longest_output = 0;
    for (const auto& [number, client] : call.hub.clients) {
        subscribed_ones += client->subscriptions() > 0 ? 1 : 0;
        longest_input = std::max(longest_input, client->input.size());
        longest_output = std::max(longest_output, client->pending());
    }
    out.section("Clients");
    out.add("connected_clients", call.hub.clients.size());
    out.add("cluster_connections", std::uint64_t{0});
    out.add("maxclients", call.hub.parameters.options().max_clients);
    out.add("client_recent_max_input_buffer", longest_input);
    out.add("client_recent_max_output_buffer", longest_output);
    out.add("blocked_clients", std::uint64_t{0});
    out.add("pubsub_clients", subscribed_ones);
}

void tell_memory(Call& call, Lines& out) {
    const Store& store = call.keys.store();
    out.section("Memory");
    out.add("used_memory", store.bytes());
    out.add("used_memory_human", human_bytes(store.bytes()));
    out.add("maxmemory", store.limits().bytes);
    out.add("maxmemory_human", human_bytes(store.limits().bytes));
    out.add("maxmemory_policy", "allkeys-lfu");
    out.add("mem_allocator", "noa");
}

void tell_persistence(Call& /*call*/, Lines& out) {
    out.section("Persistence");
    out.add("loading", std::uint64_t{0});
    out.add("rdb_changes_since_last_save", std::uint64_t{0});
    out.add("rdb_bgsave_in_progress", std::uint64_t{0});
    out.add("aof_enabled", std::uint64_t{0});
}

void tell_stats(Call& call, Lines& out) {
    const Figures& figures = call.keys.store().figures();
    const Tally& tally = call.hub.tally;
    out.section("Stats");
    out.add("total_connections_received", tally.accepted.value());
    out.add("total_commands_processed", tally.commands.value());
    out.add("total_net_input_bytes", tally.input_bytes.value());
    out.add("total_net_output_bytes", tally.output_bytes.value());
    out.add("rejected_connections", tally.refused.value());
    out.add("expired_keys", figures.expirations);
    out.add("evicted_keys", figures.evictions);
    out.add("evicted_clients", tally.cut_off.value());
    out.add("keyspace_hits", figures.hits);
    out.add("keyspace_misses", figures.misses);
    out.add("pubsub_channels", call.hub.channels.active({}).size());
    out.add("pubsub_patterns", call.hub.channels.patterns());
    out.add("total_error_replies", tally.errors.value());
}

void tell_replication(Call& /*call*/, Lines& out) {
    out.section("Replication");
    out.add("role", "master");
    out.add("connected_slaves", std::uint64_t{0});
}

// Of all of the process.
void tell_cpu(Call& /*call*/, Lines& out) {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    out.section("CPU");
    out.add("used_cpu_sys", seconds_of(usage.ru_stime));
    out.add("used_cpu_user", seconds_of(usage.ru_utime));
}

void tell_calls(Call& call, Lines& out) {
    out.section("Commandstats");
    const auto all = call.hub.commands.all();
    for (std::size_t number = 0; number < all.size(); ++number) {
        if (call.hub.calls[number] > 0) {
            out.add(std::string("cmdstat_").append(all[number]->name),
                    "calls=" + std::to_string(call.hub.calls[number]));
        }
    }
}

void tell_cluster(Call& /*call*/, Lines& out) {
    out.section("Cluster");
    out.add("cluster_enabled", std::uint64_t{0});
}

void tell_keyspace(Call& call, Lines& out) {
    out.section("Keyspace");
    const Store& store = call.keys.store();
    for (int database = 0; database < databases; ++database) {
        const std::string name = "db" + std::to_string(database);
        const auto space = store.space(database == 0 ? "default" : name);
        if (space && store.entries(*space) > 0) {
            out.add(name, "keys=" + std::to_string(store.entries(*space)));
        }
    }
}

struct Section {
    std::string_view name; // lower case
    bool usual;
    void (*tell)(Call&, Lines&);
};

constexpr Section sections_there_are[] = {
    {"server", true, tell_server},   {"clients", true, tell_clients},
    {"memory", true, tell_memory},   {"persistence", true, tell_persistence},
    {"stats", true, tell_stats},     {"replication", true, tell_replication},
    {"cpu", true, tell_cpu},         {"commandstats", false, tell_calls},
    {"cluster", true, tell_cluster}, {"keyspace", true, tell_keyspace},
};

} // namespace

std::string describe_server(Call& call, Args sections) {
    Lines out;
    const auto asked_for = [&](std::string_view lower) {
        return std::any_of(sections.begin(), sections.end(),
                           [&](std::string_view name) { return same_word(name, lower); });
    };
    const bool usual = sections.empty() || asked_for("default");
    const bool all = asked_for("all") || asked_for("everything");
    for (const Section& section : sections_there_are) {
        if (all || (usual && section.usual) || asked_for(section.name)) {
            section.tell(call, out);
        }
    }
    return out.take();
}

} // namespace cache::resp
