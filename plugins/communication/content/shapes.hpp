// What recipients say that they take: the schemas of their operations, out of their answers to
// `describe`, for as long as those may be believed. Pure: who asks is somebody else.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "json_schema/schema.hpp"
#include "noa/sdk.hpp"
#include "noa/sdk/json.hpp"

namespace communication {

class Shapes {
public:
    static constexpr noa::Duration believed = std::chrono::minutes(1);
    // Of one that could not be asked.
    static constexpr noa::Duration unknown = std::chrono::seconds(2);
    static constexpr std::size_t most_agents = 1000;

    // False: `learn` is wanted first.
    [[nodiscard]] bool knows(const std::string& agent, noa::Time now) const;
    // Its answer to `describe`, hostile; null: there was none, and everything is taken for good.
    void learn(const std::string& agent, const noa::Json& description, noa::Time now);
    void forget(const std::string& agent) { agents_.erase(agent); }
    void clear() { agents_.clear(); }

    // What of a JSON body is not as `operation` wants it, with a pointer; empty: nothing, or no
    // schema says so.
    [[nodiscard]] std::string fault(const std::string& agent, const std::string& operation,
                                    std::string_view body);

private:
    using SchemaPtr = std::shared_ptr<const noa::json_schema::Schema>; // of whoever checks by it
    struct Agent {
        noa::Time until;
        noa::Json operations; // those with a schema that was not needed yet
        std::map<std::string, SchemaPtr> compiled;
    };

    // Null: anything is taken.
    static const noa::json_schema::Schema* schema_of(Agent& agent, const std::string& operation);

    std::map<std::string, Agent> agents_;
};

} // namespace communication
