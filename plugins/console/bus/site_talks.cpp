// WebSockets: {"subscribe": PATTERN}, {"unsubscribe": PATTERN}, {"id": …, "request": {"agent",
// "operation", "body", "traceparent"}}; told are {"event", "unix_ns", "body"}, {"id", "reply"} or
// {"id", "error", "status"}, a noa_status, with the "traceparent" of what is traced.
#include <utility>

#include "../api/json_reads.hpp"
#include "../api/outcome.hpp"
#include "../http/hub.hpp"
#include "noa/sdk/subjects.hpp"
#include "site.hpp"

namespace console {

namespace {

using noa::Json;

constexpr std::size_t most_asks_of_one = 32;
constexpr std::size_t largest_event = 64U << 10U;

void say(http::Talk& talk, const Json& message) {
    talk.send(http::text_of(noa::json_text(message)));
}

void wrong(http::Talk& talk, const Json& message, std::string_view text,
           noa_status status = NOA_E_INVALID) {
    Json told{{"error", text}, {"status", status}};
    if (const auto& id = member_of(message, "id"); !id.is_null()) {
        told["id"] = id;
    }
    say(talk, told);
}

Json told_of(const Json& id, Answer answer) {
    Json told{{"id", id}};
    if (!answer.traceparent.empty()) {
        told["traceparent"] = std::move(answer.traceparent);
    }
    if (answer.status != NOA_OK) {
        told["error"] = std::move(answer.text);
        told["status"] = answer.status;
        return told;
    }
    auto body = noa::parse_json(answer.body.empty() ? "null" : answer.body);
    told["reply"] = body ? std::move(*body) : Json(std::move(answer.body));
    return told;
}

} // namespace

// What the host and the monitor tell of themselves; the rest may hold what agents tell each other.
bool Site::may_listen(const std::string& pattern) const {
    return settings_.actions || pattern.starts_with("host.") || pattern.starts_with("monitor.") ||
           (settings_.drafts && pattern.starts_with("drafts."));
}

std::optional<std::string> Site::refusal_of(std::string_view agent) const {
    if (settings_.actions || (settings_.drafts && agent == "drafting")) {
        return std::nullopt;
    }
    return agent == "drafting" ? "drafts are not written here: /drafts of its settings is false"
                               : "this console only shows: /actions of its settings is false";
}

void Site::heard(http::Talk& talk, std::string_view message) {
    const auto json = noa::sdk::parse_json_body(message);
    if (!json || !json->is_object()) {
        wrong(talk, {}, json ? "a message is an object" : json.error().text);
    } else if (json->contains("subscribe")) {
        subscribe(talk, *json, true);
    } else if (json->contains("unsubscribe")) {
        subscribe(talk, *json, false);
    } else if (json->contains("request")) {
        request_of(talk, *json);
    } else {
        wrong(talk, *json, "subscribe, unsubscribe or request is wanted");
    }
}

void Site::subscribe(http::Talk& talk, const Json& message, bool wanted) {
    const std::string pattern = text_in(message, wanted ? "subscribe" : "unsubscribe");
    auto& own = talks_[&talk].patterns;
    if (wanted && (pattern.empty() || pattern.size() > NOA_SUBJECT_MAX || !may_listen(pattern))) {
        wrong(talk, message, "not a pattern, or not one that may be heard here");
        return;
    }
    if (wanted && own.size() >= most_patterns) {
        wrong(talk, message, "64 subscriptions are all there may be");
        return;
    }
    if (wanted && own.insert(pattern).second && ++patterns_[pattern] == 1) {
        bus_.listen(pattern, true);
    } else if (!wanted && own.erase(pattern) > 0 && --patterns_[pattern] == 0) {
        patterns_.erase(pattern);
        bus_.listen(pattern, false);
    }
    say(talk, {{wanted ? "subscribed" : "unsubscribed", pattern}});
}

void Site::request_of(http::Talk& talk, const Json& message) {
    const Json& request = member_of(message, "request");
    auto& own = talks_[&talk];
    if (const auto why = refusal_of(text_in(request, "agent"))) {
        wrong(talk, message, *why, NOA_E_DENIED);
        return;
    }
    if (own.asks >= most_asks_of_one) {
        wrong(talk, message, "32 requests may be under way", NOA_E_BUSY);
        return;
    }
    Question question;
    question.agent = text_in(request, "agent");
    question.operation = text_in(request, "operation");
    question.content_type = "application/json";
    question.traceparent = text_in(request, "traceparent");
    question.body = request.contains("body") ? noa::json_text(member_of(request, "body")) : "";
    ++own.asks;
    auto refused = ask(std::move(question), [this, weak = talk.weak_from_this(),
                                             id = member_of(message, "id")](Answer answer) {
        const auto living = weak.lock();
        const auto found = living ? talks_.find(living.get()) : talks_.end();
        if (found == talks_.end()) {
            return;
        }
        --found->second.asks;
        say(*living, told_of(id, std::move(answer)));
    });
    if (refused) {
        --own.asks;
        wrong(talk, message, "too many questions are under way", NOA_E_BUSY);
    }
}

void Site::ended(http::Talk& talk) {
    const auto found = talks_.find(&talk);
    if (found == talks_.end()) {
        return;
    }
    for (const std::string& pattern : found->second.patterns) {
        if (--patterns_[pattern] == 0) {
            patterns_.erase(pattern);
            bus_.listen(pattern, false);
        }
    }
    talks_.erase(found);
}

void Site::event(std::string_view subject, std::int64_t unix_ns, std::string_view body) {
    if (body.size() > largest_event) {
        return;
    }
    const auto json = noa::parse_json(body.empty() ? "null" : body);
    if (!json) {
        return; // not for pages
    }
    const Json told{{"event", subject}, {"unix_ns", unix_ns}, {"body", *json}};
    const http::Text text = http::text_of(noa::json_text(told));
    if (subject.starts_with("host.reload.")) {
        tell(http::Topic::reload, "reload", noa::json_text(*json));
    } else if (subject.starts_with("host.")) {
        tell(http::Topic::event, "event", *text);
    } else if (subject.starts_with("monitor.alert.")) {
        tell(http::Topic::alert, "alert", noa::json_text(*json));
    }
    const auto all = talks_;
    for (const auto& [talk, own] : all) {
        for (const std::string& pattern : own.patterns) {
            if (noa::sdk::subject_matches(pattern, subject)) {
                talk->send(text);
                break;
            }
        }
    }
}

} // namespace console
