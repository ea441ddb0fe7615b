// What the cache's store does, without a host: hit rates on traces, and what entries cost. Prints
// JSON: {"hit_rate": {"gli@500": {"lru": …}}, "store": {"get_ns": …}}.
//
//     noa-cache-bench ENTRIES [NAME=FILE@SIZE,SIZE…]…
#include <ctime>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <sstream>

#include <nlohmann/json.hpp>

#include "cache/trace.hpp"
#include "store/store.hpp"

namespace noa::bench {

namespace {

using nlohmann::json;

constexpr unsigned value_bytes = 100;

// Of this process: what else runs here does not count.
double cpu_ns() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

struct Key {
    char text[24];
    explicit Key(unsigned number) { std::snprintf(text, sizeof text, "key:%012u", number); }
    operator std::string_view() const { return {text, 16}; }
};

// CPU time of `calls`, in ns a call, and the longest one.
template <class Call>
json timed(const std::string& name, unsigned calls, Call&& call) {
    double longest = 0;
    const double begin = cpu_ns();
    double last = begin;
    for (unsigned at = 0; at < calls; ++at) {
        call(at);
        if (at % 16 == 15) { // the clock costs as much as a call
            const double now = cpu_ns();
            longest = std::max(longest, now - last);
            last = now;
        }
    }
    return {{name + "_ns", (cpu_ns() - begin) / calls}, {name + "_longest_us", longest / 1000}};
}

json cost_of(unsigned entries, bool ends) {
    const cache::Limits limits{.bytes = 512U << 20U};
    auto region = cache::PrivateRegion::map(cache::Store::region_bytes(limits));
    cache::Instant now{0};
    auto made = region ? cache::Store::format(**region, limits, now) : region.error();
    if (!made) {
        return {{"failed", made.error().text}};
    }
    cache::Store& store = **made;
    const std::string value(value_bytes, 'v');
    cache::SetOptions options;
    if (ends) {
        options.end = now + std::chrono::seconds(60);
    }
    std::vector<Key> keys;
    for (unsigned number = 0; number < entries; ++number) {
        keys.emplace_back(number);
    }
    json result =
        timed("set", entries, [&](unsigned at) { store.set(0, keys[at], value, options, now); });
    result["entry_bytes"] = static_cast<double>(store.bytes()) / entries;
    result.update(timed("get", entries,
                        [&](unsigned at) { store.get(0, keys[at * 7919ULL % entries], now); }));
    std::vector<std::string_view> batch;
    result.update(timed("get_in_batches", entries / 32, [&](unsigned at) {
        batch.clear();
        for (unsigned key = 0; key < 32; ++key) {
            batch.push_back(keys[(at * 32 + key) * 7919ULL % entries]);
        }
        store.warm(0, batch);
        for (const std::string_view key : batch) {
            store.get(0, key, now);
        }
    }));
    result["get_in_batches_ns"] = result["get_in_batches_ns"].get<double>() / 32;
    result.update(timed("get_of_a_thousand", entries,
                        [&](unsigned at) { store.get(0, keys[at % 1000], now); }));
    result.update(
        timed("open", 16, [&](unsigned) { static_cast<void>(cache::Store::open(**region)); }));
    now += std::chrono::seconds(61);
    const bool flushed = !ends;
    if (flushed) {
        store.flush(0, now);
    }
    double longest = 0;
    const double begin = cpu_ns();
    for (bool more = true; more;) {
        const double slice = cpu_ns();
        more = store.upkeep(now, 2000);
        longest = std::max(longest, cpu_ns() - slice);
    }
    result["free_all_ms"] = (cpu_ns() - begin) / 1e6;
    result["free_slice_longest_ms"] = longest / 1e6;
    result["left_bytes"] = store.bytes();
    return result;
}

json rates(const Trace& trace, std::size_t size) {
    return {{"lru", rate_of_lru(trace, size)},
            {"store", rate_of_store(trace, size)},
            {"optimum", rate_of_optimum(trace, size)}};
}

// NAME=FILE@SIZE,SIZE…
bool add_file(json& table, const std::string& argument) {
    const auto equals = argument.find('=');
    const auto at = argument.rfind('@');
    if (equals == std::string::npos || at == std::string::npos || at < equals) {
        return false;
    }
    const auto trace = read_trace(argument.substr(equals + 1, at - equals - 1));
    if (!trace) {
        return false;
    }
    std::istringstream sizes(argument.substr(at + 1));
    for (std::string size; std::getline(sizes, size, ',');) {
        table[argument.substr(0, equals) + "@" + size] = rates(*trace, std::stoul(size));
    }
    return true;
}

} // namespace

int run(int count, char** arguments) {
    const auto entries =
        static_cast<unsigned>(count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 0);
    if (entries == 0) {
        std::cerr << "usage: noa-cache-bench ENTRIES [NAME=FILE@SIZE,SIZE…]…\n";
        return 2;
    }
    json table = json::object();
    for (int at = 2; at < count; ++at) {
        if (!add_file(table, arguments[at])) {
            std::cerr << arguments[at] << ": is not NAME=FILE@SIZE of a trace that can be read\n";
            return 2;
        }
    }
    table["loop@512"] = rates(loop_trace(1000, 100'000), 512);
    const Trace zipf = zipf_trace(100'000, 0.9, 1'000'000);
    table["zipf 0.9@1000"] = rates(zipf, 1000);
    table["zipf 0.9@10000"] = rates(zipf, 10'000);
    table["zipf 0.9 and scans@1000"] = rates(scanned_trace(100'000, 0.9, 1'000'000), 1000);
    const json all{
        {"hit_rate", table},
        {"store", {{"no_ttl", cost_of(entries, false)}, {"ttl", cost_of(entries, true)}}}};
    std::cout << all.dump(1) << '\n';
    return 0;
}

} // namespace noa::bench

int main(int count, char** arguments) {
    try {
        return noa::bench::run(count, arguments);
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
