#include "settings.hpp"

#include "../webhooks/received.hpp"
#include "send_request.hpp"

namespace communication {

noa::Status Settings::check() const {
    if (max_message_size.bytes < 1024 || max_message_size.bytes > (15U << 20U)) {
        return noa::invalid("/max_message_size: must be 1KiB to 15MiB");
    }
    if (max_queued_recipient > max_queued) {
        return noa::invalid("/max_queued_recipient: must not be over max_queued");
    }
    if (retry.first_pause < std::chrono::milliseconds(1) ||
        retry.longest_pause < retry.first_pause || retry.longest_pause > std::chrono::hours(24)) {
        return noa::invalid("/retry: first_pause must be 1ms at least, longest_pause no shorter "
                            "than that and 1d at most");
    }
    if (retry.timeout < std::chrono::milliseconds(10) || retry.timeout > std::chrono::hours(1)) {
        return noa::invalid("/retry/timeout: must be 10ms to 1h");
    }
    if (breaker.window < std::chrono::seconds(1) || breaker.open < std::chrono::milliseconds(10)) {
        return noa::invalid("/breaker: window must be 1s, open 10ms at least");
    }
    for (const auto& [name, webhook] : webhooks) {
        if (auto endpoint = webhook.endpoint(); !endpoint) {
            return noa::invalid("/webhooks/" + name + endpoint.error().text);
        }
    }
    if (!hooks.empty() && dedup_window < 2 * std::chrono::seconds(webhook_tolerance_s)) {
        return noa::invalid(
            "/dedup_window: must be 10min at least where there are hooks, so that a "
            "post is taken once for as long as its signature holds");
    }
    for (const auto& [name, setting] : hooks) {
        if (auto hook = setting.hook(); !hook) {
            return noa::invalid("/hooks/" + name + hook.error().text);
        }
    }
    auto rules = content.made();
    return rules ? noa::Status() : noa::Status(rules.error());
}

namespace {

// The one in use first.
noa::Result<std::vector<std::string>> keys_of(const std::string& secret,
                                              const std::string& former_secret) {
    auto key = parse_secret(secret);
    if (!key) {
        return noa::invalid("/secret: " + key.error().text);
    }
    std::vector<std::string> keys{*std::move(key)};
    if (!former_secret.empty()) {
        auto former = parse_secret(former_secret);
        if (!former) {
            return noa::invalid("/former_secret: " + former.error().text);
        }
        keys.push_back(*std::move(former));
    }
    return keys;
}

} // namespace

noa::Result<Endpoint> WebhookSetting::endpoint() const {
    auto endpoint = parse_url(url);
    if (!endpoint) {
        return noa::invalid("/url: " + endpoint.error().text);
    }
    auto keys = keys_of(secret, former_secret);
    if (!keys) {
        return keys.error();
    }
    endpoint->ca = ca;
    endpoint->keys = *std::move(keys);
    return endpoint;
}

noa::Result<Hook> HookSetting::hook() const {
    auto keys = keys_of(secret, former_secret);
    if (!keys) {
        return keys.error();
    }
    for (const char* own : {"id", "body", "text", "base64", "content_type"}) {
        if (message.contains(own)) {
            return noa::invalid(std::string("/message/") + own + ": comes with what is posted");
        }
    }
    Hook made{*std::move(keys), noa::json_text(message)};
    SendRequest tried;
    if (noa::Status good = parse(made.message, tried); !good) {
        return noa::invalid("/message" + good.error().text);
    }
    return made;
}

noa::Result<Rules> ContentSettings::made() const {
    const auto of_script = rule_mode(script);
    const auto of_sql = rule_mode(sql);
    const auto of_schema = rule_mode(schema);
    if (!of_script || !of_sql || !of_schema) {
        return noa::invalid("/content/script, /content/sql, /content/schema: " +
                            (!of_script ? of_script
                             : !of_sql  ? of_sql
                                        : of_schema)
                                .error()
                                .text);
    }
    RuleTerms terms;
    terms.script = *of_script;
    terms.sql = *of_sql;
    terms.examined = examined.bytes;
    for (const ContentRuleSetting& one : rules) {
        const auto mode = rule_mode(one.mode);
        if (!mode) {
            return noa::invalid("/content/rules: mode of " + one.name + ": " + mode.error().text);
        }
        terms.custom.push_back({one.name, one.pattern, *mode});
    }
    return Rules::make(terms);
}

DeliveryTerms Settings::delivery() const {
    DeliveryTerms terms;
    terms.recipient = {.window = window,
                       .queue = max_queued_recipient,
                       .breaker = {.failures = breaker.failures,
                                   .calls = breaker.calls,
                                   .failure_share = breaker.failure_share,
                                   .slow_share = breaker.slow_share,
                                   .slow = breaker.slow,
                                   .window = breaker.window,
                                   .open = breaker.open,
                                   .probes = breaker.probes},
                       .rate = rates.recipient.rate(),
                       .retry_share = retry.budget,
                       .retry_floor = 10};
    terms.retry.first_pause = retry.first_pause;
    terms.retry.longest_pause = retry.longest_pause;
    terms.queue = max_queued;
    terms.ejected = breaker.ejected;
    terms.bodies = memory.bytes;
    return terms;
}

} // namespace communication
