// What an operator sets.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "noa/sdk/json.hpp"

namespace drafting {

struct QuotaSettings {
    noa::sdk::ByteSize draft{10U << 20U};
    std::uint64_t drafts = 10'000;
    std::uint64_t author = 2'000;
    noa::sdk::ByteSize total{1U << 30U};
    noa::sdk::ByteSize open{96U << 20U};
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("draft", &QuotaSettings::draft),
                           noa::optional_field("drafts", &QuotaSettings::drafts),
                           noa::optional_field("author", &QuotaSettings::author),
                           noa::optional_field("total", &QuotaSettings::total),
                           noa::optional_field("open", &QuotaSettings::open));
    }
};

struct SessionSettings {
    std::uint64_t most = 500;
    std::uint64_t draft = 100;
    noa::Duration silent = std::chrono::minutes(1);
    std::uint64_t edits_per_second = 100;
    static constexpr auto fields() {
        return noa::fields(
            noa::optional_field("most", &SessionSettings::most),
            noa::optional_field("draft", &SessionSettings::draft),
            noa::optional_field("silent", &SessionSettings::silent),
            noa::optional_field("edits_per_second", &SessionSettings::edits_per_second));
    }
};

struct HistorySettings {
    noa::Duration compact = std::chrono::hours(7 * 24);
    noa::Duration step = std::chrono::minutes(10);
    noa::sdk::ByteSize size{64U << 20U};
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("compact", &HistorySettings::compact),
                           noa::optional_field("step", &HistorySettings::step),
                           noa::optional_field("size", &HistorySettings::size));
    }
};

struct LifecycleSettings {
    noa::Duration archive{0};
    noa::Duration expire{0};
    std::vector<std::string> types;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("archive", &LifecycleSettings::archive),
                           noa::optional_field("expire", &LifecycleSettings::expire),
                           noa::optional_field("types", &LifecycleSettings::types));
    }
};

struct Settings {
    noa::Duration auto_save = std::chrono::seconds(30);
    noa::Duration idle = std::chrono::minutes(5);
    QuotaSettings quotas;
    SessionSettings sessions;
    HistorySettings history;
    LifecycleSettings lifecycle;

    [[nodiscard]] noa::Status check() const;

    static constexpr auto fields() {
        return noa::fields(noa::optional_field("auto_save", &Settings::auto_save),
                           noa::optional_field("idle", &Settings::idle),
                           noa::optional_field("quotas", &Settings::quotas),
                           noa::optional_field("sessions", &Settings::sessions),
                           noa::optional_field("history", &Settings::history),
                           noa::optional_field("lifecycle", &Settings::lifecycle));
    }
};

} // namespace drafting
