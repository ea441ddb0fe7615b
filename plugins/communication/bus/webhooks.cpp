// Messages that are posted to endpoints.
#include <utility>

#include "agent.hpp"

namespace communication {

void Communication::post_webhook(const Message& message, std::string body) {
    const Seq seq = message.seq;
    const std::uint64_t turn = message.turn;
    const auto endpoint = endpoints_.find(message.terms.recipient);
    if (endpoint == endpoints_.end()) { // gone since it was taken
        ended(seq, turn, {NOA_E_NOT_FOUND, "there is no such webhook in the settings", {}});
        return;
    }
    Post post;
    post.endpoint = endpoint->second;
    post.body = std::move(body);
    post.content_type = message.terms.envelope ? std::string(noa::sdk::json_content_type)
                                               : message.terms.content_type;
    post.id = id_of(message);
    const std::int64_t seconds = wall() / 1000;
    post.timestamp = std::to_string(seconds);
    post.signature = signatures(post.endpoint.keys, post.id, seconds, post.body);
    post.traceparent = trace_of(message);
    post.timeout = std::chrono::milliseconds(message.terms.timeout_ms);
    if (message.expires != noa::Time::max()) {
        post.timeout =
            std::clamp<noa::Duration>(message.expires - now(), noa::Duration(1), post.timeout);
    }
    poster_->post(std::move(post), [this, seq, turn](const Posted& posted) {
        ended(seq, turn, {posted.status, posted.text, posted.retry_after});
    });
}

// Where each goes, but for its path: there may be a token in it. And what may be posted here.
Communication::Body Communication::webhooks() {
    noa::Json all = noa::Json::array();
    for (const auto& [name, endpoint] : endpoints_) {
        all.push_back({{"webhook", name},
                       {"endpoint", (endpoint.tls ? "https://" : "http://") + endpoint.authority()},
                       {"keys", endpoint.keys.size()}});
    }
    noa::Json hooks = noa::Json::array();
    for (const auto& [name, hook] : hooks_) {
        hooks.push_back({{"hook", name}, {"keys", hook.keys.size()}});
    }
    return noa::json_body(noa::Json{{"webhooks", std::move(all)}, {"hooks", std::move(hooks)}});
}

} // namespace communication
