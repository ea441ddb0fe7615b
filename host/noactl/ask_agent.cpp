#include "noactl/ask_agent.hpp"

#include "noa/status.h"

namespace noa::noactl {

using nlohmann::json;

namespace {

// Arguments and files may be in any encoding; JSON is UTF-8.
Result<std::string> text_of(const json& body, const std::string& agent,
                            const std::string& operation) {
    try {
        return body.dump();
    } catch (const json::exception&) {
        return fail(Errc::invalid, agent, operation,
                    "what it is asked is not UTF-8: convert it, with iconv for instance");
    }
}

} // namespace

Result<std::string> ask_agent_text(Client& client, const std::string& agent,
                                   const std::string& operation, const json& body,
                                   std::chrono::milliseconds patience) {
    json args{{"agent", agent}, {"operation", operation}, {"timeout_ms", patience.count()}};
    const auto asked = text_of(body, agent, operation);
    if (!asked) {
        return Failure(asked.error());
    }
    control::put_body(args, *asked);
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
