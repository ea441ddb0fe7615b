// The state of agents as they write it themselves, and as they find it when it was restored.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "work.hpp"

namespace backup {

// What an archive reads in the place of state directories, and what it leaves out.
struct AgentStates {
    std::map<std::string, std::string> substitutes;
    std::set<std::string> omitted;
    std::vector<std::string> written; // names of agents
};

// The agents of `names`, "*" for all, that write their state, each with a directory for it. Agents
// that do not say whether they do are faults of the job, and their files are kept as they are.
[[nodiscard]] noa::sdk::Result<std::vector<HookCall>>
writers_of(Job& job, const std::vector<std::string>& names);
// Has them write it. One that fails, or is late, is a fault, and its state is left out: files that
// it says cannot be copied would not be what they look like.
[[nodiscard]] AgentStates write_states(Job& job, const PlanSettings& plan,
                                       const std::vector<HookCall>& writers);

// Of the state directories below `restored`: those whose agent runs and can tell are looked at by
// it. The directories are moved to where it may read them, and are gone afterwards. What is bad, or
// was not answered, is a fault of `found`; of the answer: names of those that were looked at.
[[nodiscard]] std::vector<std::string> validate_states(Job& job, const std::string& restored,
                                                       noa::sdk::Duration patience,
                                                       Progress& found);

// Takes away what is left of any of it in the directories of agents. What cannot be taken away,
// since an agent that is late still writes, is returned.
std::set<std::string> clear_scratch(const Places& places);

} // namespace backup
