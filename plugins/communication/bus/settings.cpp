#include "settings.hpp"

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
    auto rules = content.made();
    return rules ? noa::Status() : noa::Status(rules.error());
}

noa::Result<Endpoint> WebhookSetting::endpoint() const {
    auto endpoint = parse_url(url);
    auto key = parse_secret(secret);
    auto former = former_secret.empty() ? key : parse_secret(former_secret);
    if (!endpoint || !key || !former) {
        return noa::invalid(!endpoint ? "/url: " + endpoint.error().text
                            : !key    ? "/secret: " + key.error().text
                                      : "/former_secret: " + former.error().text);
    }
    endpoint->ca = ca;
    endpoint->keys.push_back(*key);
    if (!former_secret.empty()) {
        endpoint->keys.push_back(*former);
    }
    return endpoint;
}

noa::Result<Rules> ContentSettings::made() const {
    const auto of_script = rule_mode(script);
    const auto of_sql = rule_mode(sql);
    if (!of_script || !of_sql) {
        return noa::invalid("/content/script, /content/sql: " +
                            (of_script ? of_sql : of_script).error().text);
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
