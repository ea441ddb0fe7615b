// Keys and namespaces of requests, and why a value is refused.
#include "../resp/keyspace.hpp"
#include "agent.hpp"

namespace cache {

noa::Status Cache::check_key(std::string_view key) {
    if (key.empty() || key.size() > longest_bus_key) {
        return noa::invalid("/key: must have 1 to 4096 bytes");
    }
    return {};
}

std::optional<SpaceId> Cache::space_of(const Space& name) {
    return name ? with([&](Store& store) { return store.space(*name); })
                : std::optional<SpaceId>(0);
}

noa::Result<SpaceId> Cache::space_for_writing(const Space& name) {
    if (!name) {
        return SpaceId{0};
    }
    if (name->empty() || name->size() > longest_space_name) {
        return noa::invalid("/namespace: must have 1 to 40 bytes");
    }
    auto space = with([&](Store& store) { return store.make_space(*name); });
    if (!space && drop_empty_space()) {
        space = with([&](Store& store) { return store.make_space(*name); });
    }
    return space ? noa::Result<SpaceId>(*space)
                 : noa::Result<SpaceId>(noa::busy("/namespace: there are 64 already, each with "
                                                  "entries or a quota: flush one of them"));
}

// One that nobody has anything in, and that nobody knows by its number: clients of databases do.
bool Cache::drop_empty_space() {
    return with([&](Store& store) {
        for (std::size_t number = 1; number < most_spaces; ++number) {
            const auto space = static_cast<SpaceId>(number);
            const auto figures = store.figures(space);
            if (!figures || resp::is_database(figures->name) || leases_.any(space)) {
                continue;
            }
            const std::string name(figures->name);
            const auto change = changing_.lower_bound(ReadName(name, std::string()));
            const bool changing = change != changing_.end() && change->first.first == name;
            if (!changing && store.drop_space(space)) {
                return true;
            }
        }
        return false;
    });
}

noa::Error Cache::refused(Stored outcome, const Limits& limits) {
    if (outcome == Stored::too_large) {
        return noa::too_large("the value is larger than a quarter of max_memory, " +
                              std::to_string(limits.bytes / 4) +
                              " bytes, or than the quota of its namespace");
    }
    return noa::busy("there is no memory to be had");
}

} // namespace cache
