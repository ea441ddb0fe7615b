// The same loads for the bare bus and for noad: what is asked of the bench's agents.
#pragma once

#include <functional>
#include <future>
#include <string>

#include <nlohmann/json.hpp>

#include "harness/task.hpp"

namespace noa::bench {

using Answer = std::future<Result<nlohmann::json>>;
using Ask = std::function<Answer(const std::string& agent, const std::string& operation,
                                 const nlohmann::json& order)>;

// The context of messages: "carried" is not recorded on the way, "recorded" is; of anything else
// they have none.
[[nodiscard]] std::string traceparent_for(const Context& context, std::size_t argument);

// Agents "a" and "b".
[[nodiscard]] Result<Values> load_round_trips(const Ask& ask, const Context& context,
                                              const std::string& traceparent = {});
// Agents "s0", "s1", … send to "b"; `body` as in agent.hpp.
[[nodiscard]] Result<Values> load_stream(const Ask& ask, const Context& context, unsigned senders,
                                         std::size_t size, const std::string& body,
                                         const std::string& traceparent = {});
// "a" looks `names` up in turn, and sends to "b" by name.
[[nodiscard]] Result<Values> load_lookups(const Ask& ask, const std::vector<std::string>& names);

} // namespace noa::bench
