// What could not be unloaded.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace noa::supervise {

class Generation;

// Kept until the process ends, and counted.  [any thread]
class Leftovers {
public:
    struct Pin {
        std::string agent;
        std::uint64_t generation = 0;
        std::string path;
        std::string reason;
    };
    Leftovers();
    ~Leftovers(); // leaks stuck generations: their lanes still run in them
    Leftovers(const Leftovers&) = delete;
    Leftovers& operator=(const Leftovers&) = delete;

    void add_pin(Pin pin);
    void add_stuck(std::unique_ptr<Generation> generation);
    [[nodiscard]] std::vector<Pin> pins() const;
    [[nodiscard]] bool any_stuck() const;

private:
    mutable std::mutex mutex_;
    std::vector<Pin> pins_;
    std::vector<std::unique_ptr<Generation>> stuck_;
};

} // namespace noa::supervise
