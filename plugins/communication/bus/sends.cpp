// From a request to what is staged for the next commit.
#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "agent.hpp"

namespace communication {

namespace {

constexpr std::size_t most_senders = 10'000;
constexpr Millis longest_time_ms = 10LL * 365 * 86'400'000;

Millis millis(noa::Duration time) {
    return std::min(std::chrono::duration_cast<std::chrono::milliseconds>(time).count(),
                    longest_time_ms);
}

} // namespace

void Communication::set_up_sends(noa::Setup& setup) {
    setup.operation("send", {.summary = "Takes a message, to be delivered", .request = send_schema},
                    [this](const noa::Request& request, noa::Responder responder) {
                        send(request, std::move(responder));
                    });
    setup.operation(
        "send_many",
        {.summary = "Takes messages, each by itself, in order", .request = send_many_schema},
        [this](const noa::Request& request, noa::Responder responder) {
            send_many(request, std::move(responder));
        });
    setup.operation("content.check", "What the rules of content say of a body",
                    [this](const CheckRequest& request, noa::Responder responder) {
                        check_content(request, std::move(responder));
                    });
}

noa::Result<Communication::Sender> Communication::sender_of(const noa::sdk::Message& request) {
    if (!store_fault_.empty()) {
        return noa::sdk::Error{NOA_E_UNAVAILABLE, "the store takes nothing: " + store_fault_,
                               std::chrono::seconds(1)};
    }
    Sender sender{
        std::string(request.from()),
        std::string(reinterpret_cast<const char*>(request.id().bytes), sizeof request.id().bytes),
        std::string(request.traceparent()), 0, request.redelivered()};
    sender.hops = static_cast<std::uint8_t>(hops_of(sender.traceparent) + 1);
    if (sender.hops > settings_.max_hops) {
        return noa::sdk::Error{NOA_E_LOOP, "more than " + std::to_string(settings_.max_hops) +
                                               " messages led to one another: max_hops"};
    }
    return sender;
}

noa::Status Communication::keep_into(const noa::sdk::Message& request, noa::KeptMessage& ret_kept) {
    auto kept = keep(request);
    if (!kept) {
        return kept.error();
    }
    ret_kept = *std::move(kept);
    return {};
}

void Communication::send(const noa::sdk::Message& request, noa::Responder responder) {
    auto sender = sender_of(request);
    SendRequest wanted;
    noa::Status good = sender ? parse(request.body(), wanted) : noa::Status(sender.error());
    std::set<std::string> unknown;
    noa::KeptMessage kept;
    if (good) {
        add_unknown(wanted, unknown);
    }
    if (!unknown.empty()) {
        good = keep_into(request, kept);
    }
    if (!good) {
        refused_.add();
        responder.fail(good.error());
    } else if (unknown.empty()) {
        accept(wanted, *sender, std::move(responder));
    } else {
        ask_first(std::move(unknown),
                  [this, kept = std::move(kept), responder = std::move(responder)]() mutable {
                      send(*kept, std::move(responder));
                  });
    }
}

void Communication::accept(SendRequest& wanted, const Sender& sender, noa::Responder responder) {
    auto taken = take(wanted, sender, 0);
    if (!taken) {
        refused_.add();
        responder.fail(taken.error());
        return;
    }
    std::string text = "{\"id\":";
    append_id(text, taken->front().id);
    if (!wanted.group.empty()) {
        text += ",\"ids\":[";
        for (const Taken& one : *taken) {
            text += text.back() == '[' ? "" : ",";
            append_id(text, one.id);
        }
        text += "]";
    }
    text += taken->front().duplicate ? ",\"duplicate\":true}" : ",\"state\":\"queued\"}";
    gathering_->answers.push_back({std::move(responder), std::move(text)});
    flush();
}

// One, or one for each member of a group.
noa::Result<std::vector<Communication::Taken>>
Communication::take(SendRequest& request, const Sender& sender, std::size_t number) {
    if (request.body().empty() && (request.terms.content_type.empty() ||
                                   request.terms.content_type == noa::sdk::json_content_type)) {
        request.json = "{}";
    }
    if (request.terms.content_type.empty()) {
        request.terms.content_type = noa::sdk::json_content_type;
    }
    if (!request.made.empty() && request.terms.content_type == noa::sdk::json_content_type) {
        JsonScan scan(request.made);
        if (!scan.value() || !scan.end()) {
            return noa::invalid("/body: is not the JSON that its content type says");
        }
    }
    if (noa::Status fit = within_rules(request); !fit) {
        return std::move(fit).error();
    }
    if (noa::Status fit = within_shape(request); !fit) {
        return std::move(fit).error();
    }
    std::vector<Taken> all;
    if (request.group.empty()) {
        auto one = take_one(request, sender, number);
        if (!one) {
            return one.error();
        }
        all.push_back(*std::move(one));
        return all;
    }
    const auto group = groups_.find(request.group);
    if (group == groups_.end()) {
        return noa::not_found("/group: there is none of the name " + request.group);
    }
    const std::string id = request.terms.id;
    for (const std::string& member : group->second) {
        request.terms.recipient = member;
        if (noa::Status room = deliveries_->room_for(Kind::request, member, 0); !room) {
            return room.error();
        }
    }
    for (const std::string& member : group->second) {
        request.terms.recipient = member;
        request.terms.id = id;
        if (!id.empty()) {
            request.terms.id.append("/").append(member);
        }
        auto one = take_one(request, sender, number * most_in_one + all.size());
        if (!one) {
            return one.error();
        }
        all.push_back(*std::move(one));
    }
    return all;
}

noa::Status Communication::within_rules(SendRequest& request) {
    const Findings found = rules_->examine(request.body(), request.terms.content_type);
    if (!found.rejected.empty()) {
        rejected_.add();
        return noa::sdk::Error{NOA_E_DENIED,
                               "/body: refused by the rule " + found.rejected + " of content"};
    }
    request.terms.flags.clear();
    for (const std::string& rule : found.flags) {
        request.terms.flags += (request.terms.flags.empty() ? "" : ",") + rule;
    }
    if (!found.flags.empty()) {
        flagged_.add();
    }
    return {};
}

void Communication::check_content(const CheckRequest& request, noa::Responder responder) {
    const Findings found =
        rules_->examine(noa::json_text(request.body), noa::sdk::json_content_type);
    noa::Json out{{"flags", found.flags}};
    if (!found.rejected.empty()) {
        out["rejected"] = found.rejected;
    }
    responder.reply(noa::json_body(out));
}

noa::Status Communication::within_limits(const SendRequest& request, const Sender& /*sender*/) {
    const Terms& terms = request.terms;
    if (request.body().size() > settings_.max_message_size.bytes) {
        return noa::sdk::too_large("/body: " + std::to_string(request.body().size()) +
                                   " bytes, over max_message_size of " +
                                   noa::sdk::to_text(settings_.max_message_size));
    }
    if (terms.recipient.size() >
        (terms.kind == Kind::request ? NOA_AGENT_NAME_MAX : NOA_SUBJECT_MAX)) {
        return noa::invalid("/to: too long");
    }
    if (terms.kind == Kind::request && terms.recipient == name()) {
        return noa::invalid("/to: must be another agent than this one");
    }
    if (terms.kind == Kind::webhook && !endpoints_.contains(terms.recipient)) {
        return noa::not_found("/webhook: there is none of the name " + terms.recipient);
    }
    if (terms.kind == Kind::webhook && terms.id.find('.') != std::string::npos) {
        return noa::invalid("/id: must be without dots: they part what a webhook signs");
    }
    if (terms.id.starts_with(store_name_ + "-")) {
        return noa::invalid("/id: begins like those that are given here");
    }
    return deliveries_->room_for(terms.kind, terms.recipient, gathering_->batch.accepted.size());
}

noa::Status Communication::within_rates(const SendRequest& request, const Sender& sender) {
    const auto limited = [](std::string_view whose, noa::Duration wait) {
        return noa::sdk::Error{NOA_E_BUSY, "the rate of " + std::string(whose) + " is used up",
                               std::chrono::ceil<std::chrono::milliseconds>(wait)};
    };
    Bucket& of_class = class_rates_[static_cast<unsigned>(request.terms.priority)];
    if (!of_class.take(1, now())) {
        return limited("its priority", of_class.wait(1, now()));
    }
    const Rate rate = settings_.rates.sender.rate();
    if (rate.per_second <= 0) {
        return {};
    }
    auto found = sender_rates_.find(sender.name);
    if (found == sender_rates_.end()) {
        if (sender_rates_.size() >= most_senders) {
            for (auto at = sender_rates_.begin(); at != sender_rates_.end();) {
                at = at->second.full(now()) ? sender_rates_.erase(at) : std::next(at);
            }
        }
        if (sender_rates_.size() >= most_senders) {
            return noa::busy("too many senders at once");
        }
        found = sender_rates_.emplace(sender.name, Bucket(rate, now())).first;
    }
    return found->second.take(1, now())
               ? noa::Status()
               : noa::Status(limited("this sender", found->second.wait(1, now())));
}

noa::Result<Communication::Taken>
Communication::take_one(SendRequest& request, const Sender& sender, std::size_t number) {
    if (noa::Status good = within_limits(request, sender); !good) {
        return std::move(good).error();
    }
    std::string cause = sender.cause;
    cause.append(reinterpret_cast<const char*>(&number), sizeof(std::uint32_t));
    const SeenKey key = request.terms.id.empty() ? seen_->key("", cause)
                                                 : seen_->key(sender.name, request.terms.id);
    if (!seen_->insert(key, now())) {
        duplicates_.add();
        return Taken{request.terms.id, true};
    }
    if (noa::Status good = within_rates(request, sender); !good) {
        seen_->erase(key);
        return std::move(good).error();
    }
    auto message = std::make_unique<Message>();
    message->terms = request.terms;
    Terms& terms = message->terms;
    terms.sender = sender.name;
    terms.hops = sender.hops;
    terms.traceparent = sender.traceparent;
    terms.attempts = terms.attempts > 0 ? terms.attempts : settings_.retry.attempts;
    terms.timeout_ms = terms.timeout_ms > 0 ? terms.timeout_ms : millis(settings_.retry.timeout);
    message->created = last_created_ = std::max(last_created_, wall());
    if (request.delay > noa::Duration::zero()) {
        terms.due = message->created + millis(request.delay);
    }
    if (request.ttl > noa::Duration::zero()) {
        terms.deadline = message->created + millis(request.ttl);
    }
    message->seq = ++last_seq_;
    message->body = request.body();
    Taken taken{id_of(*message), false};
    gathering_->batch.accepted.push_back(std::move(message));
    gathering_->batch.causes.push_back(std::move(cause));
    gathering_->keys.push_back(key);
    return taken;
}

} // namespace communication
