// What is known of documents that somebody else may change.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../drift/back_off.hpp"
#include "../drift/directory_watch.hpp"
#include "../drift/look.hpp"

namespace config {

// A document with a file.
struct Watched {
    Policy policy;
    std::string path; // of the file; absolute
    FileOutcome last;
    std::string since;                 // of the state that it is in
    noa::Time told{};                  // when somebody was told of it
    std::vector<noa::Responder> asked; // who waits for what comes of the next look
    std::int64_t heals = 0;
    BackOff back_off;
    std::optional<noa::TimerId> timer; // until it may be healed again
    bool looking = false;
    bool again = false;     // something came while somebody looked
    bool heal_once = false; // an operator asked for it
};

// Documents, and rows of the store.
struct DriftState {
    std::map<std::string, Watched> files; // by name of the document
    std::map<Key, Foreign> rows;
    BackOff row_back_off;
    std::int64_t writes_of_others = 0;
    std::shared_ptr<const Places> places; // owners: the agent, and a look that is under way
    std::optional<DirectoryWatch> watch;
    std::optional<noa::TimerId> timer; // of the next look at everything
};

} // namespace config
