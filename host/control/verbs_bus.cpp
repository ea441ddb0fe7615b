#include <utility>

#include "base/ids.hpp"
#include "base/names.hpp"
#include "base/status.hpp"
#include "control/host_verbs.hpp"

namespace noa::control {

namespace {

constexpr std::chrono::milliseconds default_call_timeout{30'000};

std::string operation_of(Args& in, const std::string& verb, std::optional<Error>& error) {
    std::string operation = in.text("operation", NOA_SUBJECT_MAX);
    if (!is_subject(operation)) {
        error = Error{Errc::invalid, verb, "operation", "not an operation's name: " + operation,
                      "tokens of letters, digits, _ and - with dots between"};
    }
    return operation;
}

struct Target {
    std::string agent;
    std::string operation;
    std::string body;
    std::chrono::milliseconds timeout{};
    std::string traceparent;
};

Result<Target> target_of(const std::string& verb, const nlohmann::json& args, bool with_timeout) {
    Args in(verb, args);
    Target target;
    std::optional<Error> error;
    target.agent = in.agent();
    target.operation = operation_of(in, verb, error);
    target.body = in.body();
    if (with_timeout) {
        target.timeout = in.timeout(default_call_timeout);
        target.traceparent = in.optional_text("traceparent", NOA_TRACEPARENT_MAX).value_or("");
    }
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    if (error) {
        return Failure(std::move(*error));
    }
    return target;
}

Result<nlohmann::json> call(bus::Caller& caller, const nlohmann::json& args) {
    const auto target = target_of("call", args, true);
    if (!target) {
        return Failure(target.error());
    }
    auto reply = caller.call(target->agent, target->operation, target->body, target->timeout,
                             target->traceparent);
    if (!reply) {
        return Failure(std::move(reply.error()));
    }
    nlohmann::json answer{{"status", reply->status},
                          {"status_name", status_name(reply->status)},
                          {"content_type", std::move(reply->content_type)}};
    put_body(answer, reply->body);
    return answer;
}

Result<nlohmann::json> send(bus::Caller& caller, const nlohmann::json& args) {
    const auto target = target_of("send", args, false);
    if (!target) {
        return Failure(target.error());
    }
    if (auto sent = caller.send(target->agent, target->operation, target->body); !sent) {
        return Failure(std::move(sent.error()));
    }
    return nlohmann::json{{"accepted", 1}};
}

Result<nlohmann::json> publish(bus::Caller& caller, const nlohmann::json& args) {
    Args in("publish", args);
    const auto subject = in.text("subject", NOA_SUBJECT_MAX);
    const auto body = in.body();
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    if (!is_subject(subject)) {
        return fail(Errc::invalid, "publish", "subject", "not a subject: " + subject,
                    "tokens of letters, digits, _ and - with dots between");
    }
    auto accepted = caller.publish(subject, body);
    if (!accepted) {
        return Failure(std::move(accepted.error()));
    }
    return nlohmann::json{{"accepted", *accepted}};
}

nlohmann::json event_to_json(const bus::Event& event) {
    nlohmann::json item{{"id", to_string(event.id)},
                        {"subject", event.subject},
                        {"from", event.from},
                        {"content_type", event.content_type},
                        {"sent_unix_ns", event.sent_unix_ns}};
    put_body(item, event.body);
    return item;
}

Result<nlohmann::json> subscribe(bus::Caller& caller, const nlohmann::json& args,
                                 Connection& client) {
    Args in("subscribe", args);
    const auto pattern = in.text("pattern", NOA_SUBJECT_MAX);
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    if (!is_pattern(pattern)) {
        return fail(Errc::invalid, "subscribe", "pattern", "not a subject or pattern: " + pattern,
                    "* stands for one token, > at the end for all that follow");
    }
    auto queue = EventQueue::open();
    if (!queue) {
        return Failure(std::move(queue.error()));
    }
    auto subscription = caller.subscribe(pattern, [&queue = *queue](const bus::Event& event) {
        queue.push(event_to_json(event), event.body.size() + event.subject.size() + 512);
        return true;
    });
    if (!subscription) {
        return Failure(std::move(subscription.error()));
    }
    client.progress({{"subscribed", pattern}});
    client.stream(*queue);
    subscription->reset(); // before the queue goes
    return nlohmann::json::object();
}

} // namespace

void add_bus_verbs(Verbs& verbs, bus::Caller& caller) {
    using nlohmann::json;
    verbs.add("call", Right::full,
              [&caller](const json& args, Connection&) { return call(caller, args); });
    verbs.add("send", Right::full,
              [&caller](const json& args, Connection&) { return send(caller, args); });
    verbs.add("publish", Right::full,
              [&caller](const json& args, Connection&) { return publish(caller, args); });
    // It changes nothing, but shows what others say: not for everybody.
    verbs.add("subscribe", Right::full, [&caller](const json& args, Connection& client) {
        return subscribe(caller, args, client);
    });
}

} // namespace noa::control
