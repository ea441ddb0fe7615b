// What an optional header adds to an agent, made known by Setup::use.
#pragma once

#include <cstdint>

#include "noa/sdk/result.hpp"

namespace noa::sdk {

struct Generation;

// A member of the agent: it dies with the agent, after its last quiet.  [lane] every function.
class Part {
public:
    Part() = default;
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;

    // In setup, once; a failure is that of setup.
    virtual Status attach(Generation& generation) = 0;
    // Before each start: what a quiesce that failed may have left goes.
    virtual void starting() noexcept {}
    // After each quiesce, and before the agent goes: lets go of all that could call into it.
    virtual void quiet() noexcept = 0;
    // Of the one part that is Generation::sockets.
    virtual void ready(std::uint64_t /*tag*/, std::uint32_t /*events*/) {}

protected:
    ~Part() = default;
};

} // namespace noa::sdk
