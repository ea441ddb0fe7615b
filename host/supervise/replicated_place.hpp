// A plugin in several processes: each a ProcessPlace, behind one instance.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "link/replicas.hpp"
#include "supervise/process_place.hpp"

namespace noa::supervise {

class ReplicatedPlace final : public Place {
public:
    ReplicatedPlace(const ProcessPlace::Facts& facts, std::size_t replicas, bus::Lane& lane,
                    Log& log, ProcessListener& listener);

    [[nodiscard]] Result<plugin::Instance*> load() override;
    void destroy() override;
    [[nodiscard]] std::string unload() override { return {}; }
    [[nodiscard]] bool in_use() const noexcept override { return false; }
    [[nodiscard]] bool end_now(const std::string& why) override;
    [[nodiscard]] Usage usage() const override; // of all together
    // What the first one is told of, and "replicas": [{"pid", "usage"}].
    void tell(nlohmann::json& out) const override;

private:
    void hold(bool full);

    bus::Lane& lane_;
    std::mutex mutex_;
    std::size_t full_ = 0;                              // under mutex_: how many have no room
    std::vector<std::unique_ptr<ProcessPlace>> places_; // constant
    std::optional<link::Replicas> instance_;            // [lane]
};

} // namespace noa::supervise
