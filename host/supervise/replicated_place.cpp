#include "supervise/replicated_place.hpp"

namespace noa::supervise {

ReplicatedPlace::ReplicatedPlace(const ProcessPlace::Facts& facts, std::size_t replicas,
                                 bus::Lane& lane, Log& log, ProcessListener& listener)
    : lane_(lane) {
    for (std::size_t i = 0; i < replicas; ++i) {
        auto own = facts;
        own.options.replica = static_cast<std::uint8_t>(i);
        own.hold = [this](bool full) { hold(full); };
        places_.push_back(std::make_unique<ProcessPlace>(std::move(own), lane, log, listener));
    }
}

// The lane waits only when nobody has room.
void ReplicatedPlace::hold(bool full) {
    const std::lock_guard lock(mutex_);
    full_ += full ? 1 : 0;
    full_ -= full ? 0 : 1;
    lane_.hold(full_ == places_.size());
}

Result<plugin::Instance*> ReplicatedPlace::load() {
    std::vector<link::RemoteInstance*> all;
    for (auto& place : places_) {
        if (auto loaded = place->load(); !loaded) {
            return loaded;
        }
        all.push_back(place->remote());
    }
    instance_.emplace(std::move(all));
    return &*instance_;
}

void ReplicatedPlace::destroy() {
    for (auto& place : places_) {
        place->destroy();
    }
}

bool ReplicatedPlace::end_now(const std::string& why) {
    bool any = false;
    for (auto& place : places_) {
        any = place->end_now(why) || any;
    }
    return any;
}

Usage ReplicatedPlace::usage() const {
    Usage sum;
    const auto add = [](auto& to, const auto& more) {
        if (more) {
            to = to.value_or(0) + *more;
        }
    };
    for (const auto& place : places_) {
        const auto one = place->usage();
        add(sum.memory, one.memory);
        add(sum.cpu_ns, one.cpu_ns);
        add(sum.tasks, one.tasks);
    }
    return sum;
}

void ReplicatedPlace::tell(nlohmann::json& out) const {
    auto list = nlohmann::json::array();
    for (const auto& place : places_) {
        nlohmann::json one;
        place->tell(one);
        if (list.empty()) {
            out.update(one);
        }
        list.push_back({{"pid", one.value("pid", nlohmann::json())},
                        {"usage", one.value("usage", nlohmann::json::object())}});
    }
    out["replicas"] = std::move(list);
}

} // namespace noa::supervise
