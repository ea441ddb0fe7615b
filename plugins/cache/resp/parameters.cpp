#include "parameters.hpp"

#include <utility>

#include "../bus/glob.hpp"
#include "client.hpp"
#include "command.hpp"
#include "number.hpp"

namespace cache::resp {

Parameters::Parameters(Options options) : options_(std::move(options)) {
    const auto fixed = [this](const char* name, std::string value) {
        all_.emplace(name, Parameter{std::move(value)});
    };
    fixed("appendonly", "no");
    fixed("databases", std::to_string(databases));
    fixed("maxclients", std::to_string(options_.max_clients));
    fixed("maxmemory", std::to_string(options_.max_memory));
    fixed("maxmemory-policy", "allkeys-lfu");
    fixed("proto-max-bulk-len", std::to_string(longest_bulk));
    fixed("save", "");
    fixed("timeout", "0");
    // There is one encoding of each type; these are taken, shown, and change nothing.
    for (const auto& [name, value] : std::initializer_list<std::pair<const char*, const char*>>{
             {"hash-max-listpack-entries", "512"},
             {"hash-max-listpack-value", "64"},
             {"hash-max-ziplist-entries", "512"},
             {"hash-max-ziplist-value", "64"},
             {"list-max-listpack-size", "-2"},
             {"list-max-ziplist-size", "-2"},
             {"set-max-intset-entries", "512"}}) {
        all_.emplace(name, Parameter{value, true, true});
    }
}

std::map<std::string, std::string> Parameters::matching(std::string_view pattern) const {
    std::map<std::string, std::string> found;
    const std::string lower = lower_case(pattern);
    for (const auto& [name, parameter] : all_) {
        if (matches(lower, name)) {
            found.emplace(name, parameter.value);
        }
    }
    return found;
}

Parameters::Outcome Parameters::check(std::string_view name, std::string_view value) const {
    const auto found = all_.find(lower_case(name));
    if (found == all_.end()) {
        return Outcome::unknown;
    }
    if (!found->second.settable) {
        return found->second.value == value ? Outcome::done : Outcome::fixed;
    }
    return found->second.numeric && !whole_number(value) ? Outcome::invalid : Outcome::done;
}

void Parameters::set(std::string_view name, std::string_view value) {
    if (const auto found = all_.find(lower_case(name)); found != all_.end()) {
        found->second.value = value;
    }
}

} // namespace cache::resp
