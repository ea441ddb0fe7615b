// Where a generation's plugin is loaded: what differs between a thread of the host and a process.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "plugin/instance.hpp"

namespace noa::supervise {

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
    // Neither the object nor its code may go: threads that were left behind may be in them.
    [[nodiscard]] virtual bool in_use() const noexcept = 0;
};

} // namespace noa::supervise
