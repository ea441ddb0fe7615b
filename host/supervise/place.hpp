// Where a generation's plugin is loaded: what differs between a thread of the host and a process.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/result.hpp"
#include "plugin/instance.hpp"

namespace noa::supervise {

// What a plugin uses of the machine, as far as that is known: of a thread nothing is its alone.
struct Usage {
    std::optional<std::uint64_t> memory; // bytes
    std::optional<std::int64_t> cpu_ns;
    std::optional<std::uint64_t> tasks; // processes and threads
};

class Place {
public:
    Place() = default;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    virtual ~Place() = default;

    // [lane] Loads the file and makes the object, which stays the place's.
    [[nodiscard]] virtual Result<plugin::Instance*> load() = 0;
    // [lane] Destroys the object, unless something may still use it.
    virtual void destroy() = 0;
    // After the lane was joined: why something of it stays, empty when all has gone.
    [[nodiscard]] virtual std::string unload() = 0;
    // [any thread] Ends the object wherever its lane is, so that the lane comes back. False when
    // there is no way to.
    [[nodiscard]] virtual bool end_now(const std::string& /*why*/) { return false; }
    // [any thread]
    [[nodiscard]] virtual Usage usage() const { return {}; }
    // What an operator may know of it: {"pid", "usage", "in_force", "not_in_force"}
    virtual void tell(nlohmann::json& /*out*/) const {}
    // Neither the object nor its code may go: threads that were left behind may be in them.
    [[nodiscard]] virtual bool in_use() const noexcept = 0;
};

} // namespace noa::supervise
