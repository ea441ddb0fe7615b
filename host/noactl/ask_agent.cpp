#include "noactl/ask_agent.hpp"

#include "noa/status.h"

namespace noa::noactl {

using nlohmann::json;

Result<std::string> ask_agent_text(Client& client, const std::string& agent,
                                   const std::string& operation, const json& body,
                                   std::chrono::milliseconds patience) {
    json args{{"agent", agent}, {"operation", operation}, {"timeout_ms", patience.count()}};
    control::put_body(args, body.dump());
    const auto reply = client.ask("call", args, patience + question_timeout);
    if (!reply) {
        return Failure(reply.error());
    }
    auto text = control::get_body(*reply);
    if (!text) {
        return Failure(text.error());
    }
    if (const auto status = number(*reply, "status"); status != NOA_OK) {
        return fail(status == NOA_E_UNSUPPORTED ? Errc::not_found : Errc::invalid, agent, operation,
                    text->empty() ? member(*reply, "status_name") : *text);
    }
    return text;
}

Result<json> ask_agent(Client& client, const std::string& agent, const std::string& operation,
                       const json& body, std::chrono::milliseconds patience) {
    const auto text = ask_agent_text(client, agent, operation, body, patience);
    if (!text) {
        return Failure(text.error());
    }
    return text->empty() ? Result<json>(json::object())
                         : control::parse_json(*text, "reply", control::answer_limits);
}

} // namespace noa::noactl
