#include "cache/trace.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <list>
#include <random>
#include <set>
#include <unordered_map>

#include "store/store.hpp"

namespace noa::bench {

namespace {

double percent(std::size_t hits, const Trace& trace) {
    return 100.0 * static_cast<double>(hits) / static_cast<double>(trace.size());
}

} // namespace

std::optional<Trace> read_trace(const std::string& path) {
    std::ifstream file(path);
    Trace trace;
    for (std::string line; std::getline(file, line);) {
        std::uint64_t key = 0;
        const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), key);
        if (error == std::errc()) {
            trace.push_back(key);
        }
    }
    return trace.empty() ? std::nullopt : std::optional(std::move(trace));
}

Trace loop_trace(std::uint64_t keys, std::size_t requests) {
    Trace trace(requests);
    for (std::size_t at = 0; at < requests; ++at) {
        trace[at] = at % keys;
    }
    return trace;
}

Trace zipf_trace(std::uint64_t keys, double skew, std::size_t requests) {
    std::vector<double> sums;
    double sum = 0;
    for (std::uint64_t rank = 1; rank <= keys; ++rank) {
        sums.push_back(sum += std::pow(static_cast<double>(rank), -skew));
    }
    std::mt19937_64 random(1); // the same in each run
    std::uniform_real_distribution<double> uniform(0, sum);
    Trace trace(requests);
    for (std::uint64_t& key : trace) {
        key = static_cast<std::uint64_t>(std::ranges::lower_bound(sums, uniform(random)) -
                                         sums.begin());
    }
    return trace;
}

Trace scanned_trace(std::uint64_t keys, double skew, std::size_t requests) {
    Trace trace = zipf_trace(keys, skew, requests);
    for (std::size_t at = 0; at < trace.size(); at += 2) {
        trace[at] = keys + at;
    }
    return trace;
}

double rate_of_lru(const Trace& trace, std::size_t size) {
    std::list<std::uint64_t> by_use;
    std::unordered_map<std::uint64_t, std::list<std::uint64_t>::iterator> by_key;
    std::size_t hits = 0;
    for (const std::uint64_t key : trace) {
        if (const auto found = by_key.find(key); found != by_key.end()) {
            ++hits;
            by_use.splice(by_use.begin(), by_use, found->second);
            continue;
        }
        if (by_key.size() == size) {
            by_key.erase(by_use.back());
            by_use.pop_back();
        }
        by_use.push_front(key);
        by_key[key] = by_use.begin();
    }
    return percent(hits, trace);
}

// Out goes what is asked for again last.
double rate_of_optimum(const Trace& trace, std::size_t size) {
    std::vector<std::size_t> next(trace.size());
    std::unordered_map<std::uint64_t, std::size_t> seen;
    for (std::size_t at = trace.size(); at-- > 0;) {
        const auto found = seen.find(trace[at]);
        next[at] = found == seen.end() ? trace.size() + at : found->second;
        seen[trace[at]] = at;
    }
    std::set<std::pair<std::size_t, std::uint64_t>> by_next;
    std::unordered_map<std::uint64_t, std::size_t> held;
    std::size_t hits = 0;
    for (std::size_t at = 0; at < trace.size(); ++at) {
        const std::uint64_t key = trace[at];
        if (const auto found = held.find(key); found != held.end()) {
            ++hits;
            by_next.erase({found->second, key});
        } else if (held.size() == size) {
            held.erase(by_next.rbegin()->second);
            by_next.erase(std::prev(by_next.end()));
        }
        held[key] = next[at];
        by_next.emplace(next[at], key);
    }
    return percent(hits, trace);
}

double rate_of_store(const Trace& trace, std::size_t size) {
    const cache::Limits limits{.bytes = 256U << 20U, .entries = size};
    auto region = cache::PrivateRegion::map(cache::Store::region_bytes(limits));
    if (!region) {
        return std::nan("");
    }
    constexpr cache::Instant now{0};
    auto store = cache::Store::format(**region, limits, now);
    if (!store) {
        return std::nan("");
    }
    std::size_t hits = 0;
    for (const std::uint64_t key : trace) {
        const std::string_view name(reinterpret_cast<const char*>(&key), sizeof key);
        if ((*store)->get(0, name, now)) {
            ++hits;
        } else {
            (*store)->set(0, name, "v", {}, now);
        }
    }
    return percent(hits, trace);
}

} // namespace noa::bench
