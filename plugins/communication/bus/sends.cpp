// From a request to what is staged for the next commit.
#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "agent.hpp"

namespace communication {

namespace {

constexpr std::size_t most_messages = 1000;
constexpr std::size_t most_senders = 10'000;
constexpr Millis longest_time_ms = 10LL * 365 * 86'400'000;

void add_id(std::string& out, std::string_view id) {
    out.append("\"").append(id).append("\""); // of letters that JSON takes as they are
}

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

noa::Result<Communication::Sender> Communication::sender_of(const noa::Request& request) {
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

void Communication::send(const noa::Request& request, noa::Responder responder) {
    auto sender = sender_of(request);
    if (!sender) {
        refused_.add();
        responder.fail(sender.error());
        return;
    }
    SendRequest wanted;
    noa::Status parsed = parse(request.body(), wanted);
    auto taken = parsed ? take(wanted, *sender, 0)
                        : noa::Result<std::vector<Taken>>(std::move(parsed).error());
    if (!taken) {
        refused_.add();
        responder.fail(taken.error());
        return;
    }
    std::string text = "{\"id\":";
    add_id(text, taken->front().id);
    if (!wanted.group.empty()) {
        text += ",\"ids\":[";
        for (const Taken& one : *taken) {
            text += text.back() == '[' ? "" : ",";
            add_id(text, one.id);
        }
        text += "]";
    }
    text += taken->front().duplicate ? ",\"duplicate\":true}" : ",\"state\":\"queued\"}";
    gathering_->answers.push_back({std::move(responder), std::move(text)});
    flush();
}

void Communication::send_many(const noa::Request& request, noa::Responder responder) {
    auto sender = sender_of(request);
    JsonScan scan(request.body());
    auto whole = sender ? scan.value() : noa::Result<JsonSpan>(sender.error());
    noa::Status good = whole ? scan.end() : noa::Status(whole.error());
    std::string_view messages;
    if (good && whole->type == JsonType::object) {
        good = JsonScan::members(whole->text, [&](std::string_view key, const JsonSpan& value) {
            if (key != "messages" || value.type != JsonType::array) {
                return noa::Status(noa::invalid("/messages: must be a list, and all there is"));
            }
            messages = value.text;
            return noa::Status();
        });
    }
    if (good && messages.empty()) {
        good = noa::invalid("/messages: must be there");
    }
    if (!good) {
        refused_.add();
        responder.fail(good.error());
        return;
    }
    std::string ids;
    noa::Json errors = noa::Json::array();
    std::size_t number = 0;
    std::size_t accepted = 0;
    good = JsonScan::items(messages, [&](const JsonSpan& item) {
        const std::size_t index = number++;
        if (number > most_messages) {
            return noa::Status(noa::invalid("/messages: 1000 at most"));
        }
        SendRequest wanted;
        noa::Status parsed = item.type == JsonType::object
                                 ? parse_members(item.text, wanted)
                                 : noa::Status(noa::invalid("must be an object"));
        auto taken = parsed ? take(wanted, *sender, index)
                            : noa::Result<std::vector<Taken>>(std::move(parsed).error());
        if (!taken) {
            refused_.add();
            errors.push_back({{"index", index},
                              {"error", taken.error().text},
                              {"status", noa::sdk::name_of(taken.error().status)}});
            return noa::Status();
        }
        for (const Taken& one : *taken) {
            ids += ids.empty() ? "" : ",";
            add_id(ids, one.id);
        }
        ++accepted;
        return noa::Status();
    });
    // More than are allowed: those that were staged stay, and their sender is told how many.
    std::string text = "{\"accepted\":" + std::to_string(accepted) + ",\"ids\":[" + ids + "]";
    if (!good) {
        errors.push_back({{"index", most_messages}, {"error", good.error().text}});
    }
    text += errors.empty() ? "}" : ",\"errors\":" + noa::json_text(errors) + "}";
    gathering_->answers.push_back({std::move(responder), std::move(text)});
    flush();
}

// One, or one for each member of a group.
noa::Result<std::vector<Communication::Taken>>
Communication::take(SendRequest& request, const Sender& sender, std::size_t number) {
    if (request.body.empty() && request.terms.content_type.empty()) {
        request.body = "{}";
    }
    if (request.terms.content_type.empty()) {
        request.terms.content_type = noa::sdk::json_content_type;
    }
    if (noa::Status fit = within_rules(request); !fit) {
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
        auto one = take_one(request, sender, number * most_messages + all.size());
        if (!one) {
            return one.error();
        }
        all.push_back(*std::move(one));
    }
    return all;
}

noa::Status Communication::within_rules(SendRequest& request) {
    const Findings found = rules_->examine(request.body, request.terms.content_type);
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
    if (request.body.size() > settings_.max_message_size.bytes) {
        return noa::sdk::too_large("/body: " + std::to_string(request.body.size()) +
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
    message->body = request.body;
    Taken taken{id_of(*message), false};
    gathering_->batch.accepted.push_back(std::move(message));
    gathering_->batch.causes.push_back(std::move(cause));
    gathering_->keys.push_back(key);
    return taken;
}

} // namespace communication
