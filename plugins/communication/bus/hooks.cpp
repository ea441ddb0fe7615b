// What others post here becomes a message, once it is known whose it is.
#include <utility>

#include "../webhooks/received.hpp"
#include "agent.hpp"

namespace communication {

void Communication::set_up_hooks(noa::Setup& setup) {
    setup.operation(
        "webhook.receive", "Takes what was posted to a hook, signed as Standard Webhooks are",
        [this](const ReceiveRequest& posted, const noa::Request& request,
               noa::Responder responder) { receive(posted, request, std::move(responder)); });
}

void Communication::receive(const ReceiveRequest& posted, const noa::Request& request,
                            noa::Responder responder) {
    SendRequest wanted;
    noa::Status good = verified(posted, wanted);
    auto sender = good ? sender_of(request) : noa::Result<Sender>(good.error());
    if (!sender) {
        refused_.add();
        responder.fail(sender.error());
        return;
    }
    // Ids are of whoever posts to this hook, whoever carries them here.
    sender->name = "webhook/" + posted.name;
    accept(wanted, *sender, std::move(responder));
}

noa::Status Communication::verified(const ReceiveRequest& posted, SendRequest& ret_wanted) const {
    const auto hook = hooks_.find(posted.name);
    if (hook == hooks_.end()) {
        return noa::not_found("/name: there is no hook of this name in the settings");
    }
    auto body = from_base64(posted.base64);
    if (!body) {
        return noa::invalid("/base64: " + body.error().text);
    }
    if (noa::Status known = verify({posted.id, posted.timestamp, posted.signature, *body},
                                   hook->second.keys, wall() / 1000);
        !known) {
        return known;
    }
    if (noa::Status parsed = parse(hook->second.message, ret_wanted); !parsed) {
        return parsed;
    }
    ret_wanted.terms.id = posted.id;
    ret_wanted.terms.content_type = posted.content_type.value_or("application/octet-stream");
    if (ret_wanted.terms.content_type.size() > NOA_CONTENT_TYPE_MAX) {
        return noa::invalid("/content_type: too long");
    }
    if (ret_wanted.terms.content_type.starts_with(noa::sdk::json_content_type)) {
        ret_wanted.terms.content_type = noa::sdk::json_content_type; // parameters say nothing more
    }
    ret_wanted.made = *std::move(body);
    return {};
}

} // namespace communication
