// What an operator sets.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "../content/rules.hpp"
#include "../delivery/deliveries.hpp"
#include "../store/store.hpp"
#include "../webhooks/endpoint.hpp"
#include "noa/sdk/json.hpp"

namespace communication {

struct RateSetting {
    double per_second = 0;
    double burst = 0;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("per_second", &RateSetting::per_second),
                           noa::optional_field("burst", &RateSetting::burst));
    }
    [[nodiscard]] Rate rate() const { return {per_second, burst}; }
};

struct RateSettings {
    RateSetting sender;
    RateSetting recipient;
    RateSetting high;
    RateSetting normal;
    RateSetting low;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("sender", &RateSettings::sender),
                           noa::optional_field("recipient", &RateSettings::recipient),
                           noa::optional_field("high", &RateSettings::high),
                           noa::optional_field("normal", &RateSettings::normal),
                           noa::optional_field("low", &RateSettings::low));
    }
};

struct RetrySettings {
    std::uint32_t attempts = 5;
    noa::Duration first_pause = std::chrono::seconds(1);
    noa::Duration longest_pause = std::chrono::seconds(100);
    noa::Duration timeout = std::chrono::seconds(30);
    double budget = 0.2;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("attempts", &RetrySettings::attempts),
                           noa::optional_field("first_pause", &RetrySettings::first_pause),
                           noa::optional_field("longest_pause", &RetrySettings::longest_pause),
                           noa::optional_field("timeout", &RetrySettings::timeout),
                           noa::optional_field("budget", &RetrySettings::budget));
    }
};

struct BreakerSettings {
    std::uint32_t failures = 5;
    std::uint32_t calls = 100;
    double failure_share = 0.5;
    double slow_share = 1.1;
    noa::Duration slow = std::chrono::seconds(5);
    noa::Duration window = std::chrono::seconds(30);
    noa::Duration open = std::chrono::seconds(30);
    std::uint32_t probes = 1;
    double ejected = 0.5;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("failures", &BreakerSettings::failures),
                           noa::optional_field("calls", &BreakerSettings::calls),
                           noa::optional_field("failure_share", &BreakerSettings::failure_share),
                           noa::optional_field("slow_share", &BreakerSettings::slow_share),
                           noa::optional_field("slow", &BreakerSettings::slow),
                           noa::optional_field("window", &BreakerSettings::window),
                           noa::optional_field("open", &BreakerSettings::open),
                           noa::optional_field("probes", &BreakerSettings::probes),
                           noa::optional_field("ejected", &BreakerSettings::ejected));
    }
};

struct TaskSettings {
    std::uint64_t backlog = 10'000;
    noa::Duration timeout = std::chrono::minutes(5);
    std::uint32_t attempts = 5;
    noa::Duration stuck = std::chrono::minutes(30);
    std::string stuck_rule = "requeue";
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("backlog", &TaskSettings::backlog),
                           noa::optional_field("timeout", &TaskSettings::timeout),
                           noa::optional_field("attempts", &TaskSettings::attempts),
                           noa::optional_field("stuck", &TaskSettings::stuck),
                           noa::optional_field("stuck_rule", &TaskSettings::stuck_rule));
    }
};

struct ConversationSettings {
    noa::Duration archive = std::chrono::hours(24);
    noa::Duration keep = std::chrono::hours(24 * 90);
    std::uint64_t most = 1'000'000;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("archive", &ConversationSettings::archive),
                           noa::optional_field("keep", &ConversationSettings::keep),
                           noa::optional_field("most", &ConversationSettings::most));
    }
};

struct ContentRuleSetting {
    std::string name;
    std::string pattern;
    std::string mode = "flag";
    static constexpr auto fields() {
        return noa::fields(noa::field("name", &ContentRuleSetting::name),
                           noa::field("pattern", &ContentRuleSetting::pattern),
                           noa::optional_field("mode", &ContentRuleSetting::mode));
    }
};

struct ContentSettings {
    std::string script = "flag";
    std::string sql = "flag";
    std::string schema = "reject";
    noa::ByteSize examined{256U << 10U};
    std::vector<ContentRuleSetting> rules;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("script", &ContentSettings::script),
                           noa::optional_field("sql", &ContentSettings::sql),
                           noa::optional_field("schema", &ContentSettings::schema),
                           noa::optional_field("examined", &ContentSettings::examined),
                           noa::optional_field("rules", &ContentSettings::rules));
    }
    // NOA_E_INVALID: which of them is wrong.
    [[nodiscard]] noa::Result<Rules> made() const;
};

// Where what is posted here goes, and by which keys it is known.
struct Hook {
    std::vector<std::string> keys;
    std::string message; // of `send`, but for its id and body
};

struct WebhookSetting {
    std::string url;
    std::string secret;
    std::string former_secret;
    std::string ca;
    static constexpr auto fields() {
        return noa::fields(noa::field("url", &WebhookSetting::url),
                           noa::field("secret", &WebhookSetting::secret),
                           noa::optional_field("former_secret", &WebhookSetting::former_secret),
                           noa::optional_field("ca", &WebhookSetting::ca));
    }
    [[nodiscard]] noa::Result<Endpoint> endpoint() const;
};

// What others may post here, and where it goes.
struct HookSetting { // NOLINT(bugprone-exception-escape): the json type moves without throwing
    std::string secret;
    std::string former_secret;
    noa::Json message; // as of `send`, without what the post says itself
    static constexpr auto fields() {
        return noa::fields(noa::field("secret", &HookSetting::secret),
                           noa::optional_field("former_secret", &HookSetting::former_secret),
                           noa::field("message", &HookSetting::message));
    }
    [[nodiscard]] noa::Result<Hook> hook() const;
};

// Of a stream of which nobody said otherwise; 0: no limit.
struct StreamSettings {
    noa::Duration age = std::chrono::hours(24 * 7);
    std::uint64_t count = 1'000'000;
    noa::ByteSize size{1U << 30U};
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("age", &StreamSettings::age),
                           noa::optional_field("count", &StreamSettings::count),
                           noa::optional_field("size", &StreamSettings::size));
    }
};

struct Settings {
    noa::ByteSize max_message_size{10U << 20U};
    std::uint64_t max_queued = 100'000;
    std::uint64_t max_queued_recipient = 20'000;
    std::uint32_t window = 32;
    noa::ByteSize memory{32U << 20U};
    noa::ByteSize compress_above{4096};
    noa::Duration dedup_window = std::chrono::minutes(10);
    std::uint64_t dedup_entries = 1'000'000;
    noa::Duration history = std::chrono::hours(24 * 7);
    std::uint64_t history_messages = 10'000'000;
    std::uint32_t max_hops = 16;
    RetrySettings retry;
    BreakerSettings breaker;
    RateSettings rates;
    TaskSettings tasks;
    StreamSettings streams;
    ConversationSettings conversations;
    ContentSettings content;
    std::map<std::string, WebhookSetting> webhooks;
    std::map<std::string, HookSetting> hooks;
    static constexpr auto fields() {
        return noa::fields(
            noa::optional_field("max_message_size", &Settings::max_message_size),
            noa::optional_field("max_queued", &Settings::max_queued),
            noa::optional_field("max_queued_recipient", &Settings::max_queued_recipient),
            noa::optional_field("window", &Settings::window),
            noa::optional_field("memory", &Settings::memory),
            noa::optional_field("compress_above", &Settings::compress_above),
            noa::optional_field("dedup_window", &Settings::dedup_window),
            noa::optional_field("dedup_entries", &Settings::dedup_entries),
            noa::optional_field("history", &Settings::history),
            noa::optional_field("history_messages", &Settings::history_messages),
            noa::optional_field("max_hops", &Settings::max_hops),
            noa::optional_field("retry", &Settings::retry),
            noa::optional_field("breaker", &Settings::breaker),
            noa::optional_field("rates", &Settings::rates),
            noa::optional_field("tasks", &Settings::tasks),
            noa::optional_field("streams", &Settings::streams),
            noa::optional_field("conversations", &Settings::conversations),
            noa::optional_field("content", &Settings::content),
            noa::optional_field("webhooks", &Settings::webhooks),
            noa::optional_field("hooks", &Settings::hooks));
    }

    [[nodiscard]] noa::Status check() const;
    [[nodiscard]] DeliveryTerms delivery() const;
    [[nodiscard]] StoreLimits store() const {
        return {compress_above.bytes, max_message_size.bytes};
    }
};

} // namespace communication
