// Changes that somebody made without knowing of others.
#pragma once

#include <string>
#include <vector>

#include "change_set.hpp"

namespace drafting {

struct Edit {
    std::string client;
    ChangeSet changes;
};

// `own`, for the text that `over`, in order, has changed since: as rebaseUpdates of
// @codemirror/collab. Those of `own` that are among `over`, by their client and in order, are
// left out. INVALID where they do not fit.
[[nodiscard]] noa::sdk::Result<std::vector<Edit>> rebase(std::vector<Edit> own,
                                                         const std::vector<Edit>& over);

} // namespace drafting
