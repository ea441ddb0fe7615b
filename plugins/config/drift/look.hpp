// One look at the file of a document: what is there, and what is done about it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "../model/policy.hpp"
#include "../store/store.hpp"
#include "places.hpp"

namespace config {

struct FileTask {
    std::string name; // of the document
    std::string path;
    noa::Json wanted; // the document as its environment sees it
    std::vector<std::string> ignored;
    Drift mode = Drift::warn;
    bool heal = false;    // put back what is not as it was recorded
    std::size_t most = 0; // bytes that are read
    AuditEntry entry;     // of what is healed
};

struct FileOutcome {
    enum class State { as_recorded, written, drifted, healed, fault };
    State state = State::as_recorded;
    std::string patch; // JSON Patch from what is wanted to what was found; drifted, healed
    noa::Json found;   // drifted; null where there is no file, or it is no JSON
    std::string fault;
};

// What noa wrote last is noa's to write anew; what somebody else wrote is left as it is, unless the
// task says `heal`, or nobody looks (Drift::off). What is healed is in the audit log by then.  [the
// thread of the store]
[[nodiscard]] FileOutcome look_after(Store& store, const Places& places, FileTask& task);

} // namespace config
