// A question to an agent, for verbs that are about what it keeps.
#pragma once

#include <string>

#include "noactl/session.hpp"

namespace noa::noactl {

// The reply's body, which is JSON; a refusal is an Error in the agent's words: not_found for an
// operation that it does not have.
[[nodiscard]] Result<nlohmann::json> ask_agent(Client& client, const std::string& agent,
                                               const std::string& operation,
                                               const nlohmann::json& body,
                                               std::chrono::milliseconds patience);

// The same of a reply that is text.
[[nodiscard]] Result<std::string> ask_agent_text(Client& client, const std::string& agent,
                                                 const std::string& operation,
                                                 const nlohmann::json& body,
                                                 std::chrono::milliseconds patience);

} // namespace noa::noactl
